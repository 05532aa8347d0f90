-- All rows that are left of a procedure (or revenue center) with its modifiers and day, where just one line of it is left:
-- parts of it.
INSERT INTO x12_line_match
WITH sole AS (
    SELECT r.remit, l.{key}, l.modifiers, l.day, min(l.line) AS line
    FROM (SELECT DISTINCT remit, claim FROM x12_left) r
    JOIN x12_claim_line l ON l.claim = r.claim
    ANTI JOIN x12_line_match m ON m.remit = r.remit AND m.line = l.line
    WHERE l.{key} IS NOT NULL
    GROUP BY ALL HAVING count(*) = 1
)
SELECT s.remit, s.ordinal, min(o.line)
FROM x12_left s
JOIN sole o ON o.remit = s.remit AND o.{key} = s.{key} AND o.modifiers = s.modifiers AND coalesce(o.day = s.day, true)
GROUP BY s.remit, s.ordinal
