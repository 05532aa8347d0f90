-- One row per claim that belongs to a chain: claims that bill the same services, from the first to the last.
-- A replacement (frequency 7) or void (8) names the claim that it replaces by the payer's number, by the sender's or by
-- ours; else it bears the number of that claim. A claim with neither frequency is a resubmission where it repeats another
-- under the sender's number (person, provider, payer, day and charge), or where every line of it repeats one that was
-- denied or returned before it was received: same person, provider, day, procedure, modifiers and charge.
-- A claim to a second payer belongs to the claim to the first: same person, day and charge, and the sender's number or
-- the provider. The frequency code is the third character of a bill type where it does not stand by itself.
WITH facts AS (
    SELECT
        claim_id, source_claim_id, person_id, coalesce(billing_npi, '') AS billing_npi, payer, payer_sequence,
        claim_start_date, charge_amount, original_payer_claim_id AS named,
        coalesce(received_date, DATE '0001-01-01') AS received, received_date,
        coalesce(frequency_code, substr(bill_type_code, 3, 1), '1') AS frequency
    FROM claims
),
later AS (
    SELECT * FROM facts WHERE frequency IN ('7', '8') AND person_id IS NOT NULL
),
named AS (
    SELECT claim_id, claim_id AS number FROM claims
    UNION
    SELECT claim_id, source_claim_id FROM claims WHERE source_claim_id IS NOT NULL
    UNION
    SELECT claim_id, payer_claim_id FROM adjudications
    WHERE payer_claim_id IS NOT NULL AND NOT coalesce(is_reported, false)
),
by_number AS (
    SELECT r.claim_id, o.claim_id AS parent, 1 AS sureness, 0 AS doubt, o.received
    FROM later r
    JOIN named n ON n.number = r.named AND n.claim_id <> r.claim_id
    JOIN facts o ON o.claim_id = n.claim_id AND o.person_id = r.person_id
    WHERE o.frequency NOT IN ('7', '8') OR o.received < r.received
        OR (o.received = r.received AND o.claim_id < r.claim_id)
),
by_sender AS (
    SELECT r.claim_id, o.claim_id AS parent, 2 AS sureness, 0 AS doubt, o.received
    FROM later r
    JOIN facts o ON o.source_claim_id = r.source_claim_id AND o.person_id = r.person_id AND o.claim_id <> r.claim_id
    WHERE coalesce(o.payer_sequence, 1) = coalesce(r.payer_sequence, 1)
        AND (o.frequency NOT IN ('7', '8') OR o.received < r.received
            OR (o.received = r.received AND o.claim_id < r.claim_id))
),
doubles AS (  -- claims that were denied as duplicates stand behind the ones that they double
    SELECT claim_id FROM ledger GROUP BY claim_id
    HAVING count(*) = count(CASE WHEN decision = 'denied' AND denial_category = 'duplicate' THEN 1 END)
),
sent_again AS (
    SELECT r.claim_id, o.claim_id AS parent, 4 AS sureness, 0 AS doubt, o.received
    FROM facts r
    JOIN facts o ON o.source_claim_id = r.source_claim_id AND o.person_id = r.person_id AND o.claim_id <> r.claim_id
        AND o.claim_start_date = r.claim_start_date AND o.charge_amount = r.charge_amount
        AND o.billing_npi = r.billing_npi AND coalesce(o.payer_sequence, 1) = coalesce(r.payer_sequence, 1)
        AND coalesce(o.payer, '') = coalesce(r.payer, '')
    LEFT JOIN doubles d ON d.claim_id = r.claim_id
    WHERE r.frequency NOT IN ('7', '8') AND o.frequency NOT IN ('7', '8') AND d.claim_id IS NULL
        AND (o.received < r.received OR (o.received = r.received AND o.claim_id < r.claim_id))
),
seconds AS (
    SELECT
        r.claim_id, o.claim_id AS parent, 3 AS sureness,
        CASE WHEN d.claim_id IS NULL THEN 0 ELSE 2 END
            + CASE WHEN o.source_claim_id = r.source_claim_id THEN 0 ELSE 1 END AS doubt, o.received
    FROM facts r
    JOIN facts o ON o.person_id = r.person_id AND o.claim_start_date = r.claim_start_date
        AND o.charge_amount = r.charge_amount AND coalesce(o.payer_sequence, 1) < r.payer_sequence
        AND coalesce(o.payer, '') <> coalesce(r.payer, '')
    LEFT JOIN doubles d ON d.claim_id = o.claim_id
    WHERE r.payer_sequence > 1 AND r.frequency NOT IN ('7', '8')
        AND (o.source_claim_id = r.source_claim_id OR (o.billing_npi = r.billing_npi AND r.billing_npi <> ''))
),
refused AS (
    SELECT claim_id, claim_line_number, min(coalesce(paid_date, DATE '9999-12-31')) AS day
    FROM ledger
    WHERE decision IN ('denied', 'returned') AND payer_sequence = 1 AND claim_line_number > 0
    GROUP BY claim_id, claim_line_number
),
keyed AS (
    SELECT
        l.claim_id, l.claim_line_number, coalesce(l.hcpcs_code, l.revenue_center_code) AS hcpcs_code,
        coalesce(l.claim_line_start_date, f.claim_start_date) AS day,
        l.charge_amount, coalesce(l.hcpcs_modifier_1, '') || '|' || coalesce(l.hcpcs_modifier_2, '') || '|'
            || coalesce(l.hcpcs_modifier_3, '') || '|' || coalesce(l.hcpcs_modifier_4, '') AS modifiers,
        f.person_id, f.billing_npi
    FROM lines l
    JOIN facts f ON f.claim_id = l.claim_id
    WHERE coalesce(l.hcpcs_code, l.revenue_center_code) IS NOT NULL AND f.person_id IS NOT NULL
),
denied AS (
    SELECT k.*, r.day AS denied_day
    FROM keyed k JOIN refused r ON r.claim_id = k.claim_id AND r.claim_line_number = k.claim_line_number
),
again AS MATERIALIZED (
    SELECT
        k.claim_id, d.claim_id AS parent, count(DISTINCT k.claim_line_number) AS n, max(d.denied_day) AS denied_day
    FROM denied d
    JOIN keyed k ON k.person_id = d.person_id AND k.day = d.day AND k.hcpcs_code = d.hcpcs_code
        AND k.charge_amount = d.charge_amount AND k.billing_npi = d.billing_npi AND k.modifiers = d.modifiers
        AND k.claim_id <> d.claim_id
    GROUP BY k.claim_id, d.claim_id
),
sizes AS (
    SELECT claim_id, count(*) AS n FROM lines WHERE claim_id IN (SELECT claim_id FROM again) GROUP BY claim_id
),
first_answers AS (
    SELECT claim_id, min(paid_date) AS day FROM adjudications
    WHERE claim_id IN (SELECT claim_id FROM again) GROUP BY claim_id
),
resubmitted AS (
    SELECT
        a.claim_id, a.parent, 4 AS sureness, CASE WHEN d.claim_id IS NULL THEN 0 ELSE 2 END AS doubt, o.received
    FROM again a
    JOIN sizes z ON z.claim_id = a.claim_id AND z.n = a.n
    JOIN facts r ON r.claim_id = a.claim_id AND coalesce(r.payer_sequence, 1) = 1
    JOIN facts o ON o.claim_id = a.parent
    LEFT JOIN doubles d ON d.claim_id = a.parent
    LEFT JOIN first_answers f ON f.claim_id = a.claim_id
    WHERE coalesce(r.received_date, f.day) > a.denied_day
),
found AS (
    SELECT * FROM by_number
    UNION ALL
    SELECT * FROM by_sender
    UNION ALL
    SELECT * FROM sent_again
    UNION ALL
    SELECT * FROM seconds
    UNION ALL
    SELECT * FROM resubmitted
),
ranked AS (
    SELECT
        *, row_number() OVER (PARTITION BY claim_id ORDER BY sureness, doubt, received DESC, parent DESC) AS place
    FROM found
),
parents AS MATERIALIZED (SELECT claim_id, parent, sureness FROM ranked WHERE place = 1),
-- A parent has a parent in turn: four steps that each double what the last one reached.
step_1 AS MATERIALIZED (
    SELECT a.claim_id, coalesce(b.parent, a.parent) AS root
    FROM parents a LEFT JOIN parents b ON b.claim_id = a.parent
),
step_2 AS MATERIALIZED (
    SELECT a.claim_id, coalesce(b.root, a.root) AS root FROM step_1 a LEFT JOIN step_1 b ON b.claim_id = a.root
),
step_3 AS MATERIALIZED (
    SELECT a.claim_id, coalesce(b.root, a.root) AS root FROM step_2 a LEFT JOIN step_2 b ON b.claim_id = a.root
),
step_4 AS (
    SELECT a.claim_id, coalesce(b.root, a.root) AS root FROM step_3 a LEFT JOIN step_3 b ON b.claim_id = a.root
),
members AS MATERIALIZED (
    SELECT claim_id, root AS chain_id FROM step_4
    UNION
    SELECT root, root FROM step_4
)
SELECT
    m.claim_id, m.chain_id, p.parent AS parent_claim_id,
    CASE WHEN p.claim_id IS NULL THEN 'original'
         WHEN f.frequency = '8' THEN 'void'
         WHEN f.frequency = '7' THEN 'replacement'
         WHEN p.sureness = 3 THEN 'other payer'
         ELSE 'resubmission' END AS relation,
    coalesce(f.payer_sequence, 1) AS payer_sequence,
    CAST(row_number() OVER (
        PARTITION BY m.chain_id ORDER BY CASE WHEN p.claim_id IS NULL THEN 0 ELSE 1 END, f.received, m.claim_id
    ) AS INTEGER) AS version
FROM members m
JOIN facts f ON f.claim_id = m.claim_id
LEFT JOIN parents p ON p.claim_id = m.claim_id AND m.claim_id <> m.chain_id
