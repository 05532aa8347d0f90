-- One row per claim and diagnosis code that a chart review takes away from it: the claim that the review names, by our
-- number, the sender's or the payer's, of the same person. Other claims with the diagnosis keep it.
WITH reviews AS (
    SELECT r.claim_id AS review, r.person_id, r.original_payer_claim_id AS named, d.diagnosis_code
    FROM claims r
    JOIN diagnoses d ON d.claim_id = r.claim_id
    WHERE r.deletes_diagnoses AND r.original_payer_claim_id IS NOT NULL
        AND coalesce(r.frequency_code, substr(r.bill_type_code, 3, 1), '1') <> '8'
)
SELECT c.claim_id, r.diagnosis_code
FROM reviews r
JOIN claims c ON c.claim_id = r.named AND c.person_id = r.person_id
UNION
SELECT c.claim_id, r.diagnosis_code
FROM reviews r
JOIN claims c ON c.source_claim_id = r.named AND c.person_id = r.person_id AND c.claim_id <> r.review
UNION
SELECT c.claim_id, r.diagnosis_code
FROM reviews r
JOIN adjudications a ON a.payer_claim_id = r.named AND NOT coalesce(a.is_reported, FALSE)
JOIN claims c ON c.claim_id = a.claim_id AND c.person_id = r.person_id
