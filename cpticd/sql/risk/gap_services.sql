-- One row per person, code and claim (or fill) of the measurement year: procedures, drugs, and diagnoses as evidence for
-- others.
-- Claims that count or not: a supplier's claim does not count for a diagnosis, but the supply was delivered. Void
-- claims are left out.
WITH found AS (
    SELECT c.person_id, 'hcpcs' AS system, l.hcpcs_code AS code, l.claim_id,
           coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    WHERE l.hcpcs_code IS NOT NULL AND coalesce(c.frequency_code, '1') <> '8'
    UNION ALL
    SELECT c.person_id, p.procedure_code_type, p.procedure_code, p.claim_id,
           coalesce(p.procedure_date, c.claim_start_date)
    FROM procedures p
    JOIN claims c ON c.claim_id = p.claim_id
    WHERE p.procedure_code_type = 'icd-10-pcs' AND coalesce(c.frequency_code, '1') <> '8'
    UNION ALL
    SELECT person_id, 'icd-10-cm', diagnosis_code, claim_id, claim_date FROM encounters
    UNION ALL
    SELECT person_id, 'ndc', ndc_code, fill_id, fill_date
    FROM drugs WHERE ndc_code IS NOT NULL AND coalesce(dispensed_quantity, 1) > 0
    UNION ALL
    SELECT person_id, 'rxnorm', rxnorm_code, fill_id, fill_date
    FROM drugs WHERE rxnorm_code IS NOT NULL AND coalesce(dispensed_quantity, 1) > 0
    UNION ALL
    SELECT c.person_id, 'ndc', l.ndc_code, l.claim_id, coalesce(l.claim_line_start_date, c.claim_start_date)
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    WHERE l.ndc_code IS NOT NULL AND coalesce(c.frequency_code, '1') <> '8'
)
SELECT f.person_id, f.system, f.code, f.claim_id, min(f.service_date) AS service_date
FROM found f
JOIN gap_persons p ON p.person_id = f.person_id
JOIN asked s ON s.year = year(f.service_date)
GROUP BY f.person_id, f.system, f.code, f.claim_id
