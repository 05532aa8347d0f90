-- One row per service of {wanted}: what is expected to be allowed for one unit of it, by what, and of how many services.
-- What its payer allowed for the procedure, its modifiers and place in the year up to {day}; else what other payers of
-- the kind did; else what a contract or fee schedule says. A line without a procedure goes by its revenue center.
WITH keyed AS (
    SELECT
        s.claim_id, s.claim_line_number, s.payer, s.payer_kind, s.place, s.service_date,
        coalesce(s.hcpcs_code, 'revenue ' || l.revenue_center_code) AS hcpcs_code,
        coalesce(l.hcpcs_modifier_1, '') || ' ' || coalesce(l.hcpcs_modifier_2, '') || ' '
            || coalesce(l.hcpcs_modifier_3, '') || ' ' || coalesce(l.hcpcs_modifier_4, '') AS modifiers,
        coalesce(l.hcpcs_modifier_1, '') AS modifier,
        greatest(CAST(coalesce(l.service_unit_quantity, 1) AS DOUBLE), 1) AS units, s.final_outcome,
        CAST(s.allowed_amount AS DOUBLE) AS allowed, s.last_paid_date
    FROM services s
    LEFT JOIN lines l ON l.claim_id = s.claim_id AND l.claim_line_number = s.claim_line_number
    WHERE coalesce(s.hcpcs_code, l.revenue_center_code) IS NOT NULL
),
asked AS (
    SELECT k.* FROM keyed k
    JOIN {wanted} w ON w.claim_id = k.claim_id AND w.claim_line_number = k.claim_line_number
),
paid AS (
    SELECT payer, payer_kind, hcpcs_code, modifiers, place, allowed / units AS price
    FROM keyed
    WHERE final_outcome = 'paid' AND allowed > 0
        AND last_paid_date <= {day} AND last_paid_date > {day} - INTERVAL 1 YEAR
),
own AS (
    SELECT payer, hcpcs_code, modifiers, place, median(price) AS price, count(*) AS n
    FROM paid
    GROUP BY payer, hcpcs_code, modifiers, place
    HAVING count(*) >= {least}
),
kinds AS (
    SELECT DISTINCT payer, payer_kind, hcpcs_code, modifiers, place FROM asked WHERE payer_kind IS NOT NULL
),
others AS (
    SELECT k.payer, k.payer_kind, k.hcpcs_code, k.modifiers, k.place, median(p.price) AS price, count(*) AS n
    FROM kinds k
    JOIN paid p ON p.payer_kind = k.payer_kind AND p.hcpcs_code = k.hcpcs_code AND p.modifiers = k.modifiers
        AND p.place = k.place AND p.payer <> k.payer
    GROUP BY k.payer, k.payer_kind, k.hcpcs_code, k.modifiers, k.place
    HAVING count(*) >= {least}
),
scheduled AS (
    SELECT claim_id, claim_line_number, amount FROM ({contract}) x
)
SELECT a.claim_id, a.claim_line_number,
    a.units * coalesce(o.price, q.price, c.amount) AS expected,
    CASE WHEN o.price IS NOT NULL THEN 'payer' WHEN q.price IS NOT NULL THEN 'payers of the kind'
         WHEN c.amount IS NOT NULL THEN 'contract' END AS expected_source,
    CASE WHEN o.price IS NOT NULL THEN o.n WHEN q.price IS NOT NULL THEN q.n END AS expected_lines
FROM asked a
LEFT JOIN own o ON o.payer = a.payer AND o.hcpcs_code = a.hcpcs_code AND o.modifiers = a.modifiers AND o.place = a.place
LEFT JOIN others q ON q.payer = a.payer AND q.payer_kind = a.payer_kind AND q.hcpcs_code = a.hcpcs_code
    AND q.modifiers = a.modifiers AND q.place = a.place
LEFT JOIN scheduled c ON c.claim_id = a.claim_id AND c.claim_line_number = a.claim_line_number
