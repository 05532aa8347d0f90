-- One row per person and drug category: the codes of his drugs.
SELECT DISTINCT b.person_id, b.bit, coalesce(d.ndc_code, d.hcpcs_code) AS code
FROM person_drugs AS b
JOIN drugs_in AS d ON d.person_id = b.person_id
JOIN drug_map AS m ON m.category = b.category
    AND m.code = d.code
