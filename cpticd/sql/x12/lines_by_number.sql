-- Which line a service row answers, by the sender's own number of it (REF*6R, else his LX) where no other line of the
-- claim has it: several rows may bear one number. An LX stands for a line only where the procedure agrees: payers count
-- lines of their own, too.
CREATE TEMP TABLE x12_line_match AS
WITH numbers AS (
    SELECT claim, control AS number, min(line) AS line, min(code) AS code, true AS is_control
    FROM x12_claim_line WHERE control IS NOT NULL GROUP BY claim, control HAVING count(*) = 1
    UNION ALL
    SELECT claim, counter, min(line), min(code), false
    FROM x12_claim_line WHERE counter IS NOT NULL GROUP BY claim, counter HAVING count(*) = 1
)
SELECT s.remit, s.ordinal, n.line
FROM x12_service s
JOIN x12_link k ON k.remit = s.remit
JOIN numbers n ON n.claim = k.claim AND n.number = CASE WHEN n.is_control THEN s.control ELSE ltrim(s.control, '0') END
WHERE s.remit NOT IN (SELECT remit FROM x12_origin)
    AND (n.is_control OR s.code = n.code)
UNION ALL
SELECT remit, ordinal, line FROM x12_origin_row;
CREATE TEMP TABLE x12_left AS
SELECT s.*, k.claim
FROM x12_service s JOIN x12_link k ON k.remit = s.remit
ANTI JOIN x12_line_match m ON m.remit = s.remit AND m.ordinal = s.ordinal
WHERE k.matched OR k.claim IN (SELECT claim FROM x12_origin);
