-- Rows and lines that are left and agree in some facts, equals in order.
INSERT INTO x12_line_match
WITH a AS (
    SELECT remit, ordinal, {keys}, row_number() OVER (PARTITION BY remit, {keys} ORDER BY ordinal) AS place FROM x12_left
),
b AS (
    SELECT r.remit, l.line, {keys}, row_number() OVER (PARTITION BY r.remit, {keys} ORDER BY l.line) AS place
    FROM (SELECT DISTINCT remit, claim FROM x12_left) r
    JOIN x12_claim_line l ON l.claim = r.claim
    ANTI JOIN x12_line_match m ON m.remit = r.remit AND m.line = l.line
)
SELECT a.remit, a.ordinal, b.line FROM a JOIN b ON a.remit = b.remit AND a.place = b.place AND {on}
