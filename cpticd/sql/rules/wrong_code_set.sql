-- One row per place of a diagnosis of the code set that did not hold on the day: ICD-9-CM from October 1, 2015 on,
-- ICD-10-CM before. A code that begins with a digit is not of ICD-10-CM.
WITH early AS (
    SELECT claim_id FROM rule_claims WHERE service_date < DATE '2015-10-01'
    UNION
    SELECT claim_id FROM rule_lines WHERE service_date < DATE '2015-10-01'
),
coded AS (
    SELECT d.claim_id, d.diagnosis_position, d.diagnosis_code, c.service_date, c.has_pointers,
        CASE WHEN d.diagnosis_code < 'A' THEN 'icd-9-cm' ELSE d.diagnosis_code_type END AS code_set
    FROM diagnoses d
    JOIN rule_claims c ON c.claim_id = d.claim_id
    WHERE d.diagnosis_code < 'A' OR d.diagnosis_code_type = 'icd-9-cm' OR d.claim_id IN (SELECT claim_id FROM early)
),
pointed AS (
    SELECT d.claim_id, p.claim_line_number, d.diagnosis_position, min(l.service_date) AS service_date
    FROM coded d
    JOIN pointers p ON p.claim_id = d.claim_id AND p.diagnosis_position = d.diagnosis_position
    JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
    GROUP BY d.claim_id, p.claim_line_number, d.diagnosis_position
),
judged AS (
    SELECT d.claim_id, p.claim_line_number, d.diagnosis_code, d.code_set,
        coalesce(p.service_date, d.service_date) AS service_date
    FROM coded d
    LEFT JOIN pointed p ON p.claim_id = d.claim_id AND p.diagnosis_position = d.diagnosis_position
)
SELECT claim_id, claim_line_number, diagnosis_code AS codes,
    CASE WHEN code_set = 'icd-9-cm'
         THEN concat(diagnosis_code, ' is sent as ICD-9-CM, which ended with September 30, 2015')
         ELSE concat(diagnosis_code, ' is sent as ICD-10-CM, which began on October 1, 2015') END AS message,
    concat('service date ', CAST(service_date AS VARCHAR), '; code set ', code_set) AS evidence,
    '' AS release, DATE '2015-10-01' AS effective_date
FROM judged
WHERE (code_set = 'icd-9-cm' AND service_date >= DATE '2015-10-01')
    OR (code_set = 'icd-10-cm' AND service_date < DATE '2015-10-01')
