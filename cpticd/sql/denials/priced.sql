-- Services as they are priced (keyed), and those of {wanted} (asked).
keyed AS (
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
)
