WITH drugs AS (SELECT r, n, min(ndc) AS ndc FROM fhir_services WHERE d > 0 AND ndc IS NOT NULL GROUP BY r, n),
read AS (
    SELECT l.*, list_filter(l.modifiers, lambda x, i: length(x) = 2 AND list_position(l.modifiers, x) = i) AS known,
        coalesce(l.ndc, g.ndc) AS drug, coalesce(l.unit IN ('min', 'minute', 'minutes') OR l.units = '2', false) AS is_time, q.indicator AS said
    FROM fhir_lines l
    LEFT JOIN drugs g ON g.r = l.r AND g.n = l.n
    LEFT JOIN (SELECT r, n, min(indicator) AS indicator FROM fhir_reasons WHERE indicator IS NOT NULL GROUP BY r, n) q
        ON q.r = l.r AND q.n = l.n
    WHERE l.line IS NOT NULL
)
SELECT
    h.claim_id, l.line AS claim_line_number, coalesce(l.start, h.start) AS claim_line_start_date,
    coalesce(l.finish, l.start, h.finish) AS claim_line_end_date, upper(l.hcpcs) AS hcpcs_code,
    l.known[1] AS hcpcs_modifier_1, l.known[2] AS hcpcs_modifier_2, l.known[3] AS hcpcs_modifier_3, l.known[4] AS hcpcs_modifier_4,
    CASE WHEN regexp_full_match(l.revenue, '[0-9]{1,4}') THEN lpad(l.revenue, 4, '0') END AS revenue_center_code,
    CASE WHEN NOT l.is_time THEN l.quantity END AS service_unit_quantity,
    CASE WHEN l.is_time THEN 'MJ' WHEN l.units = '3' THEN 'UN' END AS unit_of_measure, fhir_drug(l.drug) AS ndc_code,
    fhir_place(l.place) AS place_of_service_code, fhir_ten(t.npi) AS rendering_npi, upper(t.taxonomy) AS rendering_taxonomy,
    l.charge AS charge_amount, upper(coalesce(l.indicator, l.said)) AS processing_indicator_code, h.source AS _source
FROM read l
JOIN fhir_headers h ON h.r = l.r
LEFT JOIN fhir_rendering t ON t.r = l.r AND t.line = l.line
