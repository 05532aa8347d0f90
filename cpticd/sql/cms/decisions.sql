-- One row per decision of Medicare: of a claim that is loaded, or the cancellation of one (sign -1).
SELECT *, claim_id AS answers, 1 AS adjudication_number, 1 AS sign FROM cms_claims WHERE state = 'claim'
UNION ALL BY NAME
SELECT c.* REPLACE (f.earlier_claim_id AS claim_id), f.claim_id AS answers, f.adjudication_number, -1 AS sign
FROM cms_claims c JOIN cms_families f ON f.claim_id = c.claim_id
WHERE c.state = 'cancellation'
