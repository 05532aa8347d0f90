-- What 277CAs and 999s turned away: a row per refused claim, with the claim that it is (null: none among those read).
-- A set of claims is found by the control numbers of its group and of itself, where no second one has them. A claim is
-- found by its number, person and charge; of several the last one that was sent by that day.
CREATE TEMP TABLE x12_refused_set AS
WITH named AS (
    SELECT
        t.key, t.day, t.reason, s.key AS set_key,
        count(DISTINCT (s.key >> 32, s.interchange)) OVER (PARTITION BY t.key) AS senders,
        row_number() OVER (PARTITION BY s.key ORDER BY t.set_control NULLS LAST, t.key) AS place
    FROM x12_turned_away_sets t
    LEFT JOIN x12_sets s ON s.kind = '837' AND s.group_control = t.group_control
        AND (t.set_control IS NULL OR s.set_control = t.set_control)
)
SELECT key, day, reason, CASE WHEN senders = 1 THEN set_key END AS set_key, senders
FROM named
WHERE set_key IS NULL OR place = 1;
CREATE TEMP TABLE x12_rejected AS
WITH asked AS (
    SELECT key, source_claim_id, person_id, charge_amount, day, reason, CAST(NULL AS VARCHAR) AS data_source
    FROM x12_turned_away
    UNION ALL
    SELECT r.key, c.source_claim_id, c.person_id, c.charge_amount, r.day, r.reason, s.name
    FROM x12_refused_set r
    JOIN x12_claims c ON c.set_key = r.set_key
    JOIN x12_sources s ON s.number = c.key >> 32
),
found AS (
    SELECT
        a.*, c.claim_id, row_number() OVER (
            PARTITION BY a.key, a.source_claim_id, a.person_id, a.charge_amount
            ORDER BY c.received_date DESC NULLS LAST, c.claim_id
        ) AS place
    FROM asked a
    LEFT JOIN {claims} c ON coalesce(c.source_claim_id, c.claim_id) = a.source_claim_id
        AND coalesce(c.person_id = a.person_id OR starts_with(c.person_id, a.person_id || '-'), true)
        AND coalesce(c.charge_amount = a.charge_amount, true) AND coalesce(c.received_date <= a.day, true)
        AND coalesce(c.data_source = a.data_source, true)
)
SELECT key, source_claim_id, day, reason, charge_amount, claim_id FROM found WHERE place = 1
