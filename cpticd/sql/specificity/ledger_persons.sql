-- One row per family and person (else claim) with an unspecified code of it on an adjudicated line, and whether one of
-- these lines was denied.
SELECT by_{family} AS {family}, cluster AS person_id, TRUE AS in_denials, max(denied) = 1 AS denied
FROM exposed_lines
WHERE exposed = 1
GROUP BY by_{family}, cluster
