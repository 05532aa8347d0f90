-- Components of a panel beside the one that repeats its charge, and other parts without a charge: they belong to the line
-- of the row before that names the same procedure as submitted, else to the only line with that procedure.
INSERT INTO x12_line_match
WITH parts AS (
    SELECT remit, claim, ordinal, code FROM x12_left WHERE coalesce(charge, 0) = 0
),
before AS (
    SELECT p.remit, p.ordinal, arg_max(m.line, s.ordinal) AS line
    FROM parts p
    JOIN x12_service s ON s.remit = p.remit AND s.code = p.code AND s.ordinal < p.ordinal
    JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal
    GROUP BY p.remit, p.ordinal
),
sole AS (
    SELECT p.remit, p.ordinal, min(l.line) AS line
    FROM parts p JOIN x12_claim_line l ON l.claim = p.claim AND l.code = p.code
    GROUP BY p.remit, p.ordinal HAVING count(*) = 1
)
SELECT p.remit, p.ordinal, coalesce(b.line, o.line)
FROM parts p
LEFT JOIN before b ON b.remit = p.remit AND b.ordinal = p.ordinal
LEFT JOIN sole o ON o.remit = p.remit AND o.ordinal = p.ordinal
WHERE coalesce(b.line, o.line) IS NOT NULL
