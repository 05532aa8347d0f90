-- One row per remittance claim: the claim that it answers, whether that was seen, and how many of its lines found theirs.
SELECT
    l.remit AS key, i.claim_id, l.matched, r.source_claim_id AS number,
    count(n.remit) FILTER (l.matched AND n.matched) AS lines_matched,
    count(n.remit) FILTER (NOT (l.matched AND n.matched)) AS lines_alone
FROM x12_link l
JOIN x12_id i ON i.key = l.claim
JOIN x12_remits r ON r.key = l.remit
LEFT JOIN x12_line_number n ON n.remit = l.remit
GROUP BY ALL
