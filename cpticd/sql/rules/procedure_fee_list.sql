-- One row per code of the fee schedule and release: numbered CPT codes and those of Category II and III until the release
-- that has them no more; of every system those that it marks as deleted, whose last day was the one before the release.
SELECT f.code, 'fee schedule' AS system, s.release,
    CASE WHEN f.deleted THEN s.earliest ELSE s.first_day END AS first_day,
    CASE WHEN f.deleted THEN s.first_day - 1 ELSE coalesce(s.next_first - 1, DATE '9999-12-31') END AS last_day
FROM (
    SELECT code, release, min(CASE WHEN {status} = 'D' THEN 1 ELSE 0 END) = 1 AS deleted
    FROM {release}
    WHERE length(code) = 5
    GROUP BY code, release
) f
JOIN rule_procedure_fees s ON s.release = 'fee schedule ' || f.release
WHERE f.deleted OR (substr(f.code, 1, 1) <= '9' AND substr(f.code, 5, 1) NOT IN ('A', 'M', 'U'))
