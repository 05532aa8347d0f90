-- One row per service line, with its claim's setting, payer and version and its person's sex and age in years on the day.
SELECT
    l.claim_id,
    l.claim_line_number,
    c.claim_type,
    c.setting,
    c.payer,
    c.payer_kind,
    c.person_id,
    c.billing_npi,
    coalesce(l.rendering_taxonomy,
        CASE WHEN l.rendering_npi IS NULL OR l.rendering_npi = c.billing_npi THEN c.billing_taxonomy END) AS specialty,
    coalesce(l.rendering_npi, c.billing_npi) AS provider,
    l.hcpcs_code,
    l.hcpcs_modifier_1 AS modifier_1,
    l.hcpcs_modifier_2 AS modifier_2,
    l.hcpcs_modifier_3 AS modifier_3,
    l.hcpcs_modifier_4 AS modifier_4,
    coalesce(CAST(l.service_unit_quantity AS DOUBLE), CAST(1 AS DOUBLE)) AS units,
    l.charge_amount,
    coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code,
    c.bill_type_code,
    l.revenue_center_code,
    coalesce(l.claim_line_start_date, c.service_date) AS service_date,
    coalesce(l.claim_line_end_date, l.claim_line_start_date, c.service_date) AS service_end_date,
    c.sex,
    c.birth_date,
    CAST(year(coalesce(l.claim_line_start_date, c.service_date)) - year(c.birth_date)
        - CASE WHEN month(coalesce(l.claim_line_start_date, c.service_date)) * 100
                    + day(coalesce(l.claim_line_start_date, c.service_date))
                    < month(c.birth_date) * 100 + day(c.birth_date) THEN 1 ELSE 0 END AS INTEGER) AS age,
    c.claim_group,
    c.is_superseded,
    c.has_pointers
FROM lines l
JOIN rule_claims c ON c.claim_id = l.claim_id
