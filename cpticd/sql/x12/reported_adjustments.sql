-- Adjustments of a line stand on the first row that answers it.
SELECT
    i.claim_id, d.number AS adjudication_number, r.ordinal AS service_number, l.line AS claim_line_number,
    CAST(row_number() OVER (
        PARTITION BY t.key, t.place, t.line ORDER BY t.adjustment_position, t.group_code, t.carc, t.amount) AS INTEGER)
        AS adjustment_position,
    t.group_code, t.carc, t.amount, t.quantity, s._source
FROM x12_reported_adjustments t
JOIN (SELECT DISTINCT key, place, number FROM x12_report) d ON d.key = t.key AND d.place = t.place
JOIN x12_id i ON i.key = t.key
JOIN x12_sources s ON s.number = t.key >> 32
LEFT JOIN x12_report r ON r.key = t.key AND r.place = t.place AND r.line = t.line AND r.is_first_of_line
LEFT JOIN x12_lines l ON l.key = t.key AND l.line = t.line
