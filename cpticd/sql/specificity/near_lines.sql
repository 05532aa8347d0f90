-- One row per boundary and line within its months, counted from it.
SELECT b.boundary, o.claim_id, o.claim_line_number, o.person_id,
    CAST(date_diff('month', b.boundary, o.month) AS INTEGER) AS month,
    CASE WHEN o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END AS adjudicated,
    CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied
FROM standing_lines o
JOIN boundaries b ON o.month >= b.first AND o.month <= b.last
