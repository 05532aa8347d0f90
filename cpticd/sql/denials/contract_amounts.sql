-- One row per service of {wanted} for which a contract or fee schedule of the user's has an amount: the one of its unit,
-- from the row that names most of payer, kind of payer and place; the first modifier must be the row's (none: the row's is
-- empty). A line without a procedure goes by its revenue center.
WITH matching AS (
    SELECT
        s.claim_id, s.claim_line_number, r.amount,
        row_number() OVER (
            PARTITION BY s.claim_id, s.claim_line_number
            ORDER BY CASE WHEN r.payer = '' THEN 1 ELSE 0 END, CASE WHEN r.payer_kind = '' THEN 1 ELSE 0 END,
                CASE WHEN r.place = '' THEN 1 ELSE 0 END, r.effective_from DESC, r.amount
        ) AS choice
    FROM services s
    JOIN {wanted} w ON w.claim_id = s.claim_id AND w.claim_line_number = s.claim_line_number
    LEFT JOIN lines l ON l.claim_id = s.claim_id AND l.claim_line_number = s.claim_line_number
    JOIN contract_rates r ON r.code = coalesce(s.hcpcs_code, l.revenue_center_code) AND r.payer IN ('', s.payer)
        AND r.payer_kind IN ('', coalesce(s.payer_kind, ''))
        AND r.modifier = coalesce(l.hcpcs_modifier_1, '')
        AND r.place IN ('', s.place)
        AND (r.effective_from IS NULL OR r.effective_from <= s.service_date)
        AND (r.effective_to IS NULL OR r.effective_to >= s.service_date)
)
SELECT claim_id, claim_line_number, amount FROM matching WHERE choice = 1
