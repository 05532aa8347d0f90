-- One row per decision, and a second one for a decision that was taken back (status cancelled): it repeats the first.
SELECT o.r, t.turn, CASE t.turn WHEN 1 THEN 1 ELSE -1 END AS sign,
    CAST(row_number() OVER (PARTITION BY o.claim_r ORDER BY o.number, t.turn) AS INTEGER) AS adjudication_number
FROM fhir_outcomes o
JOIN (VALUES (1), (2)) t(turn) ON t.turn = 1 OR o.status = 'cancelled'
