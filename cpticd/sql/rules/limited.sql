-- One row per line whose procedure has a limit of units on its day, by the table of its setting, that is over it by
-- itself, or that is not the person's only one with this procedure on the day: the others are not over it.
-- A supplier's claim has nothing but equipment, supplies and drugs, and is judged by the suppliers' table where
-- that has the code.
WITH suppliers AS (
    SELECT claim_id
    FROM rule_lines
    WHERE setting = 'practitioner' AND hcpcs_code IS NOT NULL
        AND claim_id IN (SELECT claim_id FROM rule_services WHERE substr(hcpcs_code, 1, 1) IN ('A', 'B', 'E', 'K', 'L'))
    GROUP BY claim_id
    HAVING bool_and(substr(hcpcs_code, 1, 1) IN ('A', 'B', 'E', 'J', 'K', 'L', 'Q', 'V'))
        AND bool_or(substr(hcpcs_code, 1, 1) IN ('A', 'B', 'E', 'K', 'L'))
),
limits AS MATERIALIZED (
    SELECT code, coalesce(setting, '') AS setting, CAST(units AS DOUBLE) AS most, adjudication_indicator, release,
        effective_from, coalesce(effective_from, DATE '0001-01-01') AS first_day,
        coalesce(effective_to, DATE '9999-12-31') AS last_day
    FROM release_ncci_mue
    WHERE code IN (SELECT hcpcs_code FROM rule_services)
),
supplied AS (SELECT DISTINCT code FROM limits WHERE setting = 'dme'),
placed AS (
    SELECT s.*, CASE WHEN u.claim_id IS NOT NULL AND d.code IS NOT NULL THEN 'dme' ELSE s.setting END AS judged_as
    FROM rule_services s
    LEFT JOIN suppliers u ON u.claim_id = s.claim_id
    LEFT JOIN supplied d ON d.code = s.hcpcs_code
)
SELECT p.claim_id, p.claim_line_number, p.claim_group, p.is_superseded, p.person, p.clinician, p.hcpcs_code,
    p.service_date, p.setting, p.units, l.most, l.adjudication_indicator, l.release, l.effective_from
FROM placed p
JOIN limits l ON l.code = p.hcpcs_code AND (l.setting = p.judged_as OR l.setting = '')
    AND p.service_date BETWEEN l.first_day AND l.last_day
LEFT JOIN rule_repeated r ON r.person = p.person AND r.hcpcs_code = p.hcpcs_code AND r.service_date = p.service_date
WHERE p.units > l.most OR r.person IS NOT NULL
