-- Rows that are left and answer one line together: same procedure (or revenue center, where there is none), modifiers and
-- day, charges that add up to the line's.
INSERT INTO x12_line_match
WITH parts AS (
    SELECT remit, claim, {key}, modifiers, day, sum(charge) AS charge
    FROM x12_left WHERE {key} IS NOT NULL AND charge > 0 GROUP BY ALL HAVING count(*) > 1
),
whole AS (
    SELECT p.remit, p.{key}, p.modifiers, p.day, min(l.line) AS line
    FROM parts p
    JOIN x12_claim_line l ON l.claim = p.claim AND l.{key} = p.{key} AND l.modifiers = p.modifiers AND l.charge = p.charge
        AND coalesce(l.day = p.day, true)
    ANTI JOIN x12_line_match m ON m.remit = p.remit AND m.line = l.line
    GROUP BY ALL
)
SELECT s.remit, s.ordinal, w.line
FROM x12_left s
JOIN whole w ON w.remit = s.remit AND w.{key} = s.{key} AND w.modifiers = s.modifiers AND w.day IS NOT DISTINCT FROM s.day
WHERE s.charge > 0
