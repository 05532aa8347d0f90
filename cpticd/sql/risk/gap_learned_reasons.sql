-- One row per person, HCC and procedure that speaks most for it, $shown at most.
SELECT person_id, hcc, feature, procedure_code, weight FROM (
    SELECT x.person_id, x.hcc, w.feature, w.procedure_code, w.weight,
           row_number() OVER (
               PARTITION BY x.person_id, x.hcc ORDER BY w.weight DESC, w.procedure_code
           ) AS place
    FROM learned_wanted x
    JOIN learned_persons f ON f.person_id = x.person_id
    JOIN learned_weights w ON w.fold = x.fold AND w.feature = f.feature AND w.hcc = x.hcc
    WHERE w.procedure_code IS NOT NULL AND w.weight > 0
) AS ranked
WHERE place <= $shown
