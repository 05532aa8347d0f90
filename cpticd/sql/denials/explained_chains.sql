-- One row per line of a chain of claims that some claims belong to, the first version first.
SELECT v.claim_id, v.claim_line_number, v.service_claim_id, v.service_line_number
FROM versions v
WHERE v.chain_id IN (SELECT chain_id FROM chains WHERE claim_id IN ({claims})) AND v.claim_line_number > 0
ORDER BY v.chain_id, v.version, v.claim_line_number
LIMIT {limit}
