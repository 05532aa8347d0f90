-- One row per resource of a batch: what it is, and its id (that of claims is read with the rest of them).
SELECT r, source, place, kind, CASE WHEN kind NOT IN ('ExplanationOfBenefit', 'Claim', 'ClaimResponse')
    THEN coalesce(json_extract_string(doc, '$.id'), fhir_target(url)) END AS id
FROM fhir_batch
