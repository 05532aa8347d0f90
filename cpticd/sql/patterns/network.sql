-- One row per pair: lines, persons and dollars of what stands, denials of all versions, lines of either side.
WITH every AS (SELECT *, CASE WHEN is_superseded THEN 0 ELSE 1 END AS one FROM code_pairs),
edges AS (
    SELECT procedure, diagnosis, sum(one) AS lines,
        count(DISTINCT CASE WHEN one = 1 AND known THEN person END) AS persons,
        sum(one * share * charge_amount) AS charge_amount,
        sum(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS adjudicated_lines,
        sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied_lines,
        sum(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN share * denied_amount ELSE 0 END) AS denied_amount
    FROM every
    GROUP BY procedure, diagnosis
),
of_procedures AS (SELECT procedure, count(*) AS n FROM every WHERE one = 1 AND is_primary GROUP BY procedure),
of_diagnoses AS (SELECT diagnosis, sum(one) AS n FROM every GROUP BY diagnosis)
SELECT e.*, p.n AS procedure_lines, d.n AS diagnosis_lines
FROM edges e
LEFT JOIN of_procedures p ON p.procedure = e.procedure
LEFT JOIN of_diagnoses d ON d.diagnosis = e.diagnosis
ORDER BY e.lines DESC, e.procedure, e.diagnosis
