SELECT
    i.claim_id, l.number AS adjudication_number, n.ordinal AS service_number, n.line AS claim_line_number,
    t.adjustment_position, t.group_code, t.carc, t.amount, t.quantity, s._source
FROM x12_adjustments t
JOIN x12_link l ON l.remit = t.key
JOIN x12_id i ON i.key = l.claim
LEFT JOIN x12_line_number n ON n.remit = t.key AND n.ordinal = t.ordinal
JOIN x12_sources s ON s.number = t.key >> 32
