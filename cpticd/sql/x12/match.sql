-- The claim of each remittance, where it has one: the best candidate. Of equal ones, those that no other remittance of
-- the payer has for sure are taken in the order in which they were sent; a reversal and what follows it stay with the
-- claim before; a second payer without a claim of his own answers the last version of the claim to the first. A reversal
-- belongs to the claim of the decision with its payer claim number.
CREATE TEMP TABLE x12_match AS
WITH tops AS (
    SELECT remit, claim, is_reversal, count(*) OVER (PARTITION BY remit) AS n
    FROM (SELECT *, max(score) OVER (PARTITION BY remit) AS top FROM x12_candidate)
    WHERE score = top
),
taken AS (
    SELECT DISTINCT t.claim, d.who FROM tops t JOIN x12_remit_days d ON d.key = t.remit WHERE t.n = 1 AND NOT t.is_reversal
),
tied AS (
    SELECT
        t.remit, d.who, list(t.claim ORDER BY coalesce(c.frequency_code IN ('7', '8'), false), c.sent_date, t.claim) AS every,
        list(t.claim ORDER BY coalesce(c.frequency_code IN ('7', '8'), false), c.sent_date, t.claim)
            FILTER (k.claim IS NULL) AS free,
        bool_or(r.payer_sequence > 1 AND c.payer_sequence = 1 AND c.frequency_code = '7') AS is_second
    FROM tops t
    JOIN x12_remits r ON r.key = t.remit
    JOIN x12_remit_days d ON d.key = t.remit
    JOIN x12_every_claim c ON c.key = t.claim
    LEFT JOIN taken k ON k.claim = t.claim AND k.who = d.who
    WHERE t.n > 1
    GROUP BY t.remit, d.who
),
ordered AS (
    SELECT
        b.remit, b.who, coalesce(b.free, b.every) AS claims, b.free IS NULL OR b.is_second AS is_again, r.paid_date,
        coalesce(r.claim_status_code, '') AS status,
        lag(coalesce(r.claim_status_code, '')) OVER (
            PARTITION BY b.who, coalesce(b.free, b.every)[1] ORDER BY r.paid_date, r.key) AS before
    FROM tied b JOIN x12_remits r ON r.key = b.remit
),
counted AS (
    SELECT
        remit, claims, is_again,
        sum(CASE WHEN before IS NULL OR (status <> '22' AND before <> '22') THEN 1 ELSE 0 END) OVER (
            PARTITION BY who, claims[1] ORDER BY paid_date, remit ROWS UNBOUNDED PRECEDING) AS turn
    FROM ordered
)
SELECT remit, claim FROM tops WHERE n = 1
UNION ALL
SELECT remit, CASE WHEN is_again THEN claims[len(claims)] ELSE claims[least(CAST(turn AS BIGINT), len(claims))] END
FROM counted;
UPDATE x12_match SET claim = found.claim
FROM (
    SELECT v.key AS remit, arg_max(m.claim, (o.paid_date, o.key)) AS claim
    FROM x12_remit_days d
    JOIN x12_remits v ON v.key = d.key
    JOIN x12_remits o ON o.source_claim_id = v.source_claim_id AND o.payer_claim_id = v.payer_claim_id
    JOIN x12_remit_days e ON e.key = o.key AND NOT e.is_reversal
    JOIN x12_match m ON m.remit = o.key
    JOIN x12_candidate c ON c.remit = v.key AND c.claim = m.claim
    WHERE d.is_reversal AND v.source_claim_id NOT IN (SELECT number FROM x12_crowded)
        AND coalesce(o.person_id = v.person_id, true) AND abs(o.charge_amount) = abs(v.charge_amount)
    GROUP BY v.key
) found
WHERE found.remit = x12_match.remit;
DROP TABLE x12_candidate;
DROP TABLE x12_crowded;
