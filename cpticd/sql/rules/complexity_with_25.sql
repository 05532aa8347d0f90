-- One row per line with the add-on for complexity beside a visit with modifier 25, by the same clinician on the day; from
-- 2025 on not where a preventive service of the day is why the visit has it.
WITH coded AS MATERIALIZED (
    SELECT c.hcpcs_code, t.*
    FROM (SELECT DISTINCT hcpcs_code FROM rule_services) c
    JOIN table_visit_complexity t ON {within}
),
adding AS MATERIALIZED (
    SELECT DISTINCT s.person, s.service_date
    FROM rule_services s
    WHERE s.hcpcs_code IN (SELECT hcpcs_code FROM coded WHERE role = 'add-on')
),
marked AS MATERIALIZED (
    SELECT s.*, t.role, t.effective_from, t.source
    FROM rule_services s
    JOIN adding d ON d.person = s.person AND d.service_date = s.service_date
    JOIN coded t ON t.hcpcs_code = s.hcpcs_code AND {in_force}
),
visits AS (
    SELECT v.*
    FROM marked v
    JOIN rule_modifiers m ON m.claim_id = v.claim_id AND m.claim_line_number = v.claim_line_number AND m.modifier = '25'
    WHERE v.role = 'visit'
)
SELECT a.claim_id, a.claim_line_number, v.hcpcs_code || ' 25 ' || a.hcpcs_code AS codes,
    a.hcpcs_code || ' is not paid beside a visit (' || v.hcpcs_code || ') with modifier 25' AS message,
    'visit on ' || CASE WHEN v.claim_id = a.claim_id THEN 'line ' || v.claim_line_number ELSE 'claim ' || v.claim_id END
        AS evidence,
    'visit_complexity, ' || a.source AS release, a.effective_from AS effective_date,
    v.claim_id = a.claim_id OR {same} = 2 AS is_certain
FROM marked a
JOIN visits v ON v.person = a.person AND v.service_date = a.service_date AND {same} > 0
    AND (v.claim_id = a.claim_id OR (v.claim_group <> a.claim_group AND NOT v.is_superseded))
WHERE a.role = 'add-on'
    AND NOT EXISTS (SELECT 1 FROM marked p WHERE p.role = 'preventive' AND p.person = a.person
                    AND p.service_date = a.service_date)
