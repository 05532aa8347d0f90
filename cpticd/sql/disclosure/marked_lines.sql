-- One row per service line that is marked, itself or by a mark of its claim as a whole: 1 for each mark that it has.
SELECT o.claim_id, o.claim_line_number, {sums}
FROM line_outcomes o
JOIN {lines} m ON m.claim_id = o.claim_id AND (m.line IS NULL OR m.line = o.claim_line_number)
GROUP BY o.claim_id, o.claim_line_number
