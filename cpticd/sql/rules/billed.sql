-- One row per line of a practitioner or hospital outpatient bill whose procedure the person, else the claim, has more than
-- once on the day: what it says, by which copies are known; is_repeat: a modifier says that it was done again, or apart.
-- Not of chart reviews, nor of claims that take another one back.
WITH held AS MATERIALIZED (
    SELECT l.*
    FROM rule_lines l
    JOIN rule_repeated t ON t.person = coalesce(l.person_id, 'claim ' || l.claim_id) AND t.hcpcs_code = l.hcpcs_code
        AND t.service_date = l.service_date
    WHERE l.setting IN ('practitioner', 'outpatient')
),
said AS (
    SELECT m.claim_id, m.claim_line_number, string_agg(m.modifier, ' ' ORDER BY m.modifier) AS modifiers,
        bool_or(t.family IN ('repeat', 'separate service')) AS is_repeat
    FROM rule_modifiers m
    SEMI JOIN held h ON h.claim_id = m.claim_id AND h.claim_line_number = m.claim_line_number
    LEFT JOIN table_modifiers t ON t.modifier = m.modifier
    GROUP BY m.claim_id, m.claim_line_number
)
SELECT l.claim_id, l.claim_line_number, l.claim_group, l.is_superseded, c.received_date, l.person_id, l.setting,
    coalesce(l.payer, '') AS payer, coalesce(c.payer_sequence, 1) AS payer_sequence,
    coalesce(CASE WHEN l.setting = 'outpatient' THEN l.billing_npi ELSE l.provider END, '') AS clinician,
    l.hcpcs_code, coalesce(m.modifiers, '') AS modifiers, coalesce(m.is_repeat, FALSE) AS is_repeat,
    l.service_date, l.service_end_date, coalesce(l.place_of_service_code, '') AS place,
    coalesce(l.revenue_center_code, '') AS revenue, coalesce(o.ndc_code, '') AS ndc, l.units,
    coalesce(l.charge_amount, 0) AS charge
FROM held l
JOIN claims c ON c.claim_id = l.claim_id AND NOT coalesce(c.is_chart_review, FALSE)
    AND coalesce(c.frequency_code, substr(c.bill_type_code, 3, 1), '1') <> '8'
JOIN lines o ON o.claim_id = l.claim_id AND o.claim_line_number = l.claim_line_number
LEFT JOIN said m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
