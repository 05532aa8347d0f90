-- One row per thin person and HCC with services that one would expect with its codes: treatment on any day,
-- follow-up on a day other than those on which it is coded. A test on the day of the code may have asked a question.
WITH wanted AS (
    SELECT DISTINCT c.person_id, c.hcc, x.condition, t.first_date, t.last_date, t.service_days
    FROM thin t
    CROSS JOIN asked y
    JOIN coded c ON c.person_id = t.person_id AND c.hcc = t.hcc AND c.year = y.year
    JOIN expected_codes x ON x.diagnosis_code = c.diagnosis_code
),
done AS (
    SELECT c.person_id, s.condition, s.kind, coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date
    FROM lines l
    JOIN expected_services s ON s.code = l.hcpcs_code AND s.basis = 'procedure'
    JOIN claims c ON c.claim_id = l.claim_id
    CROSS JOIN asked y
    WHERE year(coalesce(l.claim_line_start_date, c.claim_start_date)) BETWEEN y.year - 1 AND y.year + 1
    UNION ALL
    SELECT e.person_id, s.condition, s.kind, e.claim_date
    FROM encounters e
    JOIN expected_services s ON s.code = e.diagnosis_code AND s.basis = 'diagnosis'
)
SELECT
    w.person_id, w.hcc,
    max(CASE WHEN d.kind = 'treatment' THEN 1 ELSE 0 END) AS treated,
    max(CASE WHEN d.service_date < w.first_date OR d.service_date > w.last_date THEN 1 ELSE 0 END) AS followed
FROM wanted w
LEFT JOIN done d ON d.person_id = w.person_id AND d.condition = w.condition
GROUP BY w.person_id, w.hcc
