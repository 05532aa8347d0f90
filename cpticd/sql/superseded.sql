-- One row per claim that does not stand: a later one of its chain replaces it, takes it back or bills it again, or it
-- bills to a second payer what a claim to the first one bills.
SELECT c.claim_id
FROM chains c
WHERE c.relation = 'other payer'
UNION
SELECT c.claim_id
FROM chains c
JOIN chains n ON n.chain_id = c.chain_id AND n.version > c.version AND n.relation <> 'other payer'
    AND n.payer_sequence = c.payer_sequence
