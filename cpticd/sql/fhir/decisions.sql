-- One row per decision of a payer: an ExplanationOfBenefit, or a ClaimResponse, of the claim that it answers.
SELECT e.*, CAST(row_number() OVER (PARTITION BY claim_r ORDER BY coalesce(paid_date, processed, created) NULLS LAST,
    id, source, place) AS INTEGER) AS number
FROM (
    SELECT h.r, h.r AS claim_r, h.paid_date, fhir_date(h.processed) AS processed, h.created, h.id, h.source, h.place
    FROM fhir_headers h WHERE h.kind <> 'Claim' AND h.claim_form <> 'pharmacy'
    UNION ALL
    SELECT c.r, a.claim_r, c.paid_date, NULL, c.created, c.id, c.source, c.place
    FROM fhir_claims c JOIN fhir_answers a ON a.r = c.r
) e
