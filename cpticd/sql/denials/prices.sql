-- What payers allowed for one unit in the year up to {day}: each its own, and what others of its kind did, where asked.
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
)
