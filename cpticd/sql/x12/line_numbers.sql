-- The line that every service row answers; null: none that was found.
CREATE TEMP TABLE x12_line_number AS
SELECT
    s.remit, s.ordinal, CAST(m.line AS INTEGER) AS line, m.line IS NOT NULL AND (k.matched OR o.remit IS NULL) AS matched
FROM x12_service s
JOIN x12_link k ON k.remit = s.remit
LEFT JOIN x12_origin o ON o.remit = s.remit
LEFT JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal;
-- What is not needed any more is large.
DROP TABLE x12_service;
DROP TABLE x12_claim_line;
DROP TABLE x12_line_match;
DROP TABLE x12_left;
