-- Every remittance with its claim, and its number among the decisions on that claim. Those without a claim are analysed
-- by themselves: of the same number, person, charge and first day they are one claim, if they stand in different
-- remittances or undo one another, else several: one remittance does not adjudicate a claim twice without a reversal.
CREATE TEMP TABLE x12_link AS
WITH alone AS (
    SELECT
        r.key, r.set_key, r.paid_date, coalesce(r.claim_status_code, '') AS status,
        coalesce(r.source_claim_id, '#' || r.key) AS number, coalesce(r.person_id, '') AS person,
        coalesce(abs(r.charge_amount), -1) AS charge, d.day,
        CASE WHEN r.person_id IS NULL THEN coalesce(r.payer, '') ELSE '' END AS payer
    FROM x12_remits r JOIN x12_remit_days d ON d.key = r.key
    WHERE r.key NOT IN (SELECT remit FROM x12_match)
),
steps AS (
    SELECT *, lag(status) OVER w AS before, lag(set_key) OVER w AS set_before
    FROM alone WINDOW w AS (PARTITION BY number, payer, person, charge, day ORDER BY paid_date, key)
),
turns AS (
    SELECT
        *, sum(CASE WHEN before IS NULL OR (set_key = set_before AND status <> '22' AND before <> '22') THEN 1 ELSE 0 END)
            OVER (PARTITION BY number, payer, person, charge, day ORDER BY paid_date, key ROWS UNBOUNDED PRECEDING) AS turn
    FROM steps
),
linked AS (
    SELECT key AS remit, min(key) OVER (PARTITION BY number, payer, person, charge, day, turn) AS claim, false AS matched
    FROM turns
    UNION ALL
    SELECT remit, claim, true FROM x12_match
)
SELECT
    l.remit, l.claim, l.matched,
    CAST(coalesce(k.decisions, 0)
        + row_number() OVER (PARTITION BY l.claim ORDER BY r.paid_date NULLS LAST, l.remit) AS INTEGER) AS number
FROM linked l JOIN x12_remits r ON r.key = l.remit LEFT JOIN x12_known k ON k.key = l.claim;
-- The remittance that stands in for a claim that was not seen: its first adjudication that is no reversal.
CREATE TEMP TABLE x12_origin AS
SELECT claim, remit
FROM (
    SELECT
        l.claim, l.remit, row_number() OVER (
            PARTITION BY l.claim ORDER BY CASE WHEN r.claim_status_code = '22' THEN 1 ELSE 0 END, l.number
        ) AS place
    FROM x12_link l JOIN x12_remits r ON r.key = l.remit
    WHERE NOT l.matched
)
WHERE place = 1;
