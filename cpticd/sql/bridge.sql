-- One row per adjudicated line and diagnosis that it points to, with what the payer first decided.
-- Codes, payers and persons are numbered here, since everything that is added up next goes by them.
WITH diagnosis_ids AS (
    SELECT diagnosis_code, CAST(row_number() OVER (ORDER BY diagnosis_code) AS INTEGER) AS diagnosis_id
    FROM (SELECT DISTINCT diagnosis_code FROM diagnoses) codes
),
person_ids AS (
    SELECT person_id AS person, CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) AS person_id
    FROM (SELECT DISTINCT person_id FROM claims WHERE person_id IS NOT NULL) persons
),
numbered AS (
    SELECT CAST(row_number() OVER (ORDER BY NULL) AS INTEGER) AS line_id, claim_id, claim_line_number, person_id, hcpcs_code, payer,
        place, service_date, initial_outcome, denied_amount, denial_category, denial_carc
    FROM line_outcomes
    WHERE initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
)
SELECT
    o.line_id, s.procedure_id, d.diagnosis_id, s.payer_id, s.stratum_id, n.person_id, p.diagnosis_code,
    p.is_primary, p.share, o.initial_outcome = 'denied' AS is_denied,
    p.share * CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_category END AS denial_category,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_carc END AS denial_carc
FROM pairs p
JOIN numbered o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
JOIN strata s
    ON s.hcpcs_code = o.hcpcs_code AND s.payer = o.payer AND s.place = o.place
    AND s.quarter = coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01')
JOIN diagnosis_ids d ON d.diagnosis_code = p.diagnosis_code
LEFT JOIN person_ids n ON n.person = o.person_id
