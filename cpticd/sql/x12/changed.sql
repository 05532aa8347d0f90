-- Remittances whose control number no claim has: cut, zeroed, written otherwise or another one. They belong to the one
-- claim of the same person (or a number that begins alike), first day and charge, of the same provider and procedures as
-- far as these are known, that this payer has not answered under its own number; more numbers or claims than one leave
-- it open.
CREATE TEMP TABLE x12_changed AS
WITH open AS (
    SELECT r.*, d.day, d.who, abs(r.charge_amount) AS charge, x12_number(r.source_claim_id) AS number
    FROM x12_remits r JOIN x12_remit_days d ON d.key = r.key
    WHERE r.key NOT IN (SELECT remit FROM x12_match) AND d.day IS NOT NULL
),
-- Where the person is known by two numbers, either will do.
persons AS (
    SELECT key, day, charge, billing_npi, person_id AS person FROM open WHERE person_id IS NOT NULL
    UNION
    SELECT key, day, charge, billing_npi, member_id FROM open WHERE member_id IS NOT NULL
),
sent AS (
    SELECT c.*, d.first_day, abs(c.charge_amount) AS charge, x12_number(c.source_claim_id) AS number
    FROM x12_every_claim c JOIN x12_claim_days d ON d.key = c.key
    SEMI JOIN open o ON o.day = d.first_day AND o.charge = abs(c.charge_amount)
),
people AS (
    SELECT key, first_day, charge, billing_npi, person_id AS person FROM sent WHERE person_id IS NOT NULL
    UNION
    SELECT key, first_day, charge, billing_npi, member_id FROM sent WHERE member_id IS NOT NULL
),
met AS (  -- by the person, else by a number that begins alike
    SELECT remit, claim, max(by_person) AS by_person
    FROM (
        SELECT p.key AS remit, q.key AS claim, 1 AS by_person
        FROM persons p JOIN people q ON q.person = p.person AND q.first_day = p.day AND q.charge = p.charge
        WHERE coalesce(p.billing_npi = q.billing_npi, true)
        UNION ALL
        SELECT o.key, q.key, 0
        FROM open o
        JOIN sent q ON left(q.number, 8) = left(o.number, 8) AND q.first_day = o.day AND q.charge = o.charge
        WHERE coalesce(o.billing_npi = q.billing_npi, true)
    )
    GROUP BY remit, claim
),
done AS (
    SELECT remit, list_sort(list(DISTINCT code)) AS codes
    FROM x12_service WHERE remit IN (SELECT remit FROM met) AND code IS NOT NULL GROUP BY remit
),
billed AS (
    SELECT key AS claim, list_sort(list(DISTINCT hcpcs_code)) AS codes
    FROM x12_every_line WHERE key IN (SELECT claim FROM met) AND hcpcs_code IS NOT NULL GROUP BY key
),
answered AS (
    SELECT DISTINCT m.claim, d.who FROM x12_match m JOIN x12_remit_days d ON d.key = m.remit
),
scored AS (
    SELECT
        m.remit, m.claim, m.by_person, o.who, coalesce(o.source_claim_id, '') AS number,
        coalesce(starts_with(x12_number(c.source_claim_id), o.number) OR ends_with(x12_number(c.source_claim_id), o.number),
            false) AND length(o.number) >= 4 AS is_like,
        a.claim IS NOT NULL AS is_answered,
        CASE WHEN o.payer_id = c.payer_id OR o.payer = c.payer THEN 12 WHEN o.payer IS NULL OR c.payer IS NULL THEN 0
             ELSE x12_alike(payer_key(o.payer), payer_key(c.payer)) END
        + x12_agree(o.payer_sequence, c.payer_sequence, 6)
        + CASE WHEN o.frequency_code IN ('7', '8') THEN x12_agree(o.frequency_code, coalesce(c.frequency_code, '1'), 20)
               WHEN coalesce(c.frequency_code, '1') IN ('7', '8') THEN -6 ELSE 0 END
        + CASE WHEN c.original_payer_claim_id = o.payer_claim_id THEN -30 ELSE 0 END AS score
    FROM met m
    JOIN open o ON o.key = m.remit
    JOIN x12_every_claim c ON c.key = m.claim
    LEFT JOIN done s ON s.remit = m.remit
    LEFT JOIN billed l ON l.claim = m.claim
    LEFT JOIN answered a ON a.claim = m.claim AND a.who = o.who
    WHERE coalesce(s.codes = l.codes, true)
),
tops AS (
    SELECT *, count(*) OVER (PARTITION BY remit) AS n
    FROM (
        SELECT *, max(score + CASE WHEN is_like THEN 50 ELSE 0 END) OVER (PARTITION BY remit) AS top
        FROM scored WHERE is_like OR (by_person = 1 AND NOT is_answered)
    )
    WHERE score + CASE WHEN is_like THEN 50 ELSE 0 END = top
),
sole AS (
    SELECT claim, who FROM tops GROUP BY claim, who HAVING count(DISTINCT number) = 1
)
SELECT t.remit, t.claim FROM tops t JOIN sole s ON s.claim = t.claim AND s.who = t.who WHERE t.n = 1;
-- What else of the payer bears such a number and the person, such as a reversal of one line, goes with it: with the
-- decision of the same payer claim number, else where there is just one such claim.
INSERT INTO x12_changed
WITH beside AS (
    SELECT
        o.key AS remit, m.claim, max(CASE WHEN r.payer_claim_id = o.payer_claim_id THEN 1 ELSE 0 END) AS is_same
    FROM x12_changed m
    JOIN x12_remits r ON r.key = m.remit
    JOIN x12_remit_days b ON b.key = r.key
    JOIN x12_remits o ON o.source_claim_id = r.source_claim_id AND o.person_id = r.person_id
    JOIN x12_remit_days d ON d.key = o.key AND d.who = b.who
    JOIN x12_claim_days e ON e.key = m.claim AND d.day BETWEEN e.first_day AND e.last_day
    JOIN x12_every_claim c ON c.key = m.claim
    WHERE o.key NOT IN (SELECT remit FROM x12_match) AND o.key NOT IN (SELECT remit FROM x12_changed)
        AND (coalesce(o.frequency_code, '1') NOT IN ('7', '8') OR d.is_reversal OR o.frequency_code = c.frequency_code)
    GROUP BY o.key, m.claim
),
best AS (SELECT *, max(is_same) OVER (PARTITION BY remit) AS top FROM beside)
SELECT remit, min(claim) FROM best WHERE is_same = top GROUP BY remit HAVING count(*) = 1;
INSERT INTO x12_match SELECT remit, claim FROM x12_changed;
