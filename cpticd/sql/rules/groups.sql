-- One row per claim of a chain: the claim that the chain begins with.
SELECT claim_id, chain_id AS claim_group FROM chains
