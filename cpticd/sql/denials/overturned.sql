-- One row per group: services denied at first of which the last word is in, those paid since, and their dollars; and the
-- same of those that were billed again.
SELECT {columns} count(*) AS denied_lines, count(DISTINCT person_id) AS persons,
    sum(is_overturned) AS overturned_lines,
    sum(amount) AS denied_amount, sum(is_overturned * amount) AS overturned_amount,
    sum(is_resubmitted) AS resubmitted_lines, sum(is_resubmitted * is_overturned) AS resubmitted_overturned_lines
FROM (
    SELECT {select} o.person_id, CASE WHEN o.final_outcome IN ('paid', 'partly denied') THEN 1 ELSE 0 END AS is_overturned,
        CASE WHEN o.days_to_resubmission IS NOT NULL THEN 1 ELSE 0 END AS is_resubmitted,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS amount
    FROM {relation} o {joins}
    WHERE o.initial_outcome = 'denied' AND {mature} AND {kept}
) denied
{group}
