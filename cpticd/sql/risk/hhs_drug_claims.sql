-- One row per person and drug category: the codes of his drugs.
SELECT DISTINCT b.person_id, b.bit, coalesce(d.ndc_code, d.hcpcs_code) AS code
FROM person_drugs AS b
JOIN drugs_in AS d ON d.person_id = b.person_id
JOIN drug_map AS m ON m.category = b.category
    AND m.code = CASE
        WHEN d.ndc_code IS NULL THEN upper(trim(d.hcpcs_code))
        WHEN d.ndc_code LIKE '%-%-%' THEN lpad(split_part(trim(d.ndc_code), '-', 1), 5, '0')
            || lpad(split_part(trim(d.ndc_code), '-', 2), 4, '0') || lpad(split_part(trim(d.ndc_code), '-', 3), 2, '0')
        ELSE lpad(trim(d.ndc_code), 11, '0') END
