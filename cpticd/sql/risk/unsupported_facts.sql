-- One row per thin person and HCC with everything that speaks for it and against it.
WITH seen AS (
    SELECT e.person_id,
           count(DISTINCT CASE WHEN e.year = y.year AND e.face_to_face THEN e.claim_date END) AS visit_days,
           count(DISTINCT CASE WHEN e.year <> y.year AND e.counted THEN e.claim_date END) AS other_days
    FROM encounters e
    CROSS JOIN asked y
    GROUP BY e.person_id
)
SELECT
    t.*,
    coalesce(n.label, '') AS label,
    coalesce(n.chronic, TRUE) AS chronic,
    coalesce(v.visit_days, 0) AS visit_days,
    CASE WHEN t.claims = 0 THEN 'none' WHEN t.service_days = 1 THEN 'one day' WHEN t.service_days = 2 THEN 'two days'
         ELSE 'more' END AS days,
    CASE WHEN a.same_hcc = 1 THEN 'same HCC' WHEN a.same_hcc = 0 THEN 'same category'
         WHEN coalesce(v.other_days, 0) > 0 THEN 'no' ELSE 'unknown' END AS again,
    CASE WHEN s.hcc IS NULL THEN 'unknown' WHEN s.treated = 1 THEN 'treatment' WHEN s.followed = 1 THEN 'follow-up'
         ELSE 'none' END AS services,
    h.hcc IS NOT NULL AS acute_care,
    coalesce(o.later, FALSE) AS over,
    coalesce(NOT o.later, FALSE) AS over_before,
    w.rule AS companion,
    k.rule AS contradicted_by, CAST(k.lowest AS DOUBLE) AS lowest_result, CAST(k.highest AS DOUBLE) AS highest_result,
    k.days AS result_days, k.first_date AS first_result, k.last_date AS last_result,
    coalesce(u.established_one_day, 0) AS established_one_day,
    coalesce(u.established_more, 0) AS established_more,
    coalesce(u.new_one_day, 0) AS new_one_day,
    coalesce(u.new_more, 0) AS new_more
FROM thin t
LEFT JOIN seen v ON v.person_id = t.person_id
LEFT JOIN hcc_labels n ON n.hcc = t.hcc
LEFT JOIN again a ON a.person_id = t.person_id AND a.hcc = t.hcc
LEFT JOIN supporting s ON s.person_id = t.person_id AND s.hcc = t.hcc
LEFT JOIN in_acute_care h ON h.person_id = t.person_id AND h.hcc = t.hcc
LEFT JOIN history o ON o.person_id = t.person_id AND o.hcc = t.hcc
LEFT JOIN contradicted k ON k.person_id = t.person_id AND k.hcc = t.hcc
LEFT JOIN companions w ON w.person_id = t.person_id AND w.hcc = t.hcc
LEFT JOIN usual u ON u.hcc = t.hcc
ORDER BY t.person_id, length(t.hcc), t.hcc
