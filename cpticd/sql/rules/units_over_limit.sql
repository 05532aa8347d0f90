-- One row per line whose units, alone (indicator 1) or with the other lines of the day (2 and 3), are over the limit.
-- The day's units are those of the same person, provider, code and date on all claims that stand, each in its last version;
-- a version that was replaced is added to the claims of others, not to its own replacement.
-- A supplier's claim has nothing but equipment, supplies and drugs, and is judged by the suppliers' table where
-- that has the code.
WITH suppliers AS (
    SELECT claim_id
    FROM rule_lines
    WHERE setting = 'practitioner' AND hcpcs_code IS NOT NULL
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
),
judged AS MATERIALIZED (
    SELECT p.claim_id, p.claim_line_number, p.claim_group, p.is_superseded, p.person, p.clinician, p.hcpcs_code,
        p.service_date, p.setting, p.units, l.most, l.adjudication_indicator, l.release, l.effective_from
    FROM placed p
    JOIN limits l ON l.code = p.hcpcs_code AND (l.setting = p.judged_as OR l.setting = '')
        AND p.service_date BETWEEN l.first_day AND l.last_day
),
days AS MATERIALIZED (
    SELECT person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM judged
    WHERE adjudication_indicator <> '1' AND NOT is_superseded
    GROUP BY person, clinician, setting, hcpcs_code, service_date
),
versions AS (
    SELECT claim_id, claim_group, person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM judged
    WHERE adjudication_indicator <> '1' AND is_superseded
    GROUP BY claim_id, claim_group, person, clinician, setting, hcpcs_code, service_date
),
latest AS (
    SELECT claim_group, person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM judged
    WHERE adjudication_indicator <> '1' AND NOT is_superseded
        AND claim_group IN (SELECT claim_group FROM versions)
    GROUP BY claim_group, person, clinician, setting, hcpcs_code, service_date
),
replaced AS (
    SELECT v.claim_id, v.person, v.clinician, v.setting, v.hcpcs_code, v.service_date,
        v.units + coalesce(d.units, 0) - coalesce(n.units, 0) AS units
    FROM versions v
    LEFT JOIN days d ON d.person = v.person AND d.clinician = v.clinician AND d.setting = v.setting
        AND d.hcpcs_code = v.hcpcs_code AND d.service_date = v.service_date
    LEFT JOIN latest n ON n.claim_group = v.claim_group AND n.person = v.person AND n.clinician = v.clinician
        AND n.setting = v.setting AND n.hcpcs_code = v.hcpcs_code AND n.service_date = v.service_date
),
found AS (
    SELECT j.*, j.units AS counted
    FROM judged j
    WHERE j.adjudication_indicator = '1' AND j.units > j.most
    UNION ALL
    SELECT j.*, d.units
    FROM judged j
    JOIN days d ON d.person = j.person AND d.clinician = j.clinician AND d.setting = j.setting
        AND d.hcpcs_code = j.hcpcs_code AND d.service_date = j.service_date
    WHERE j.adjudication_indicator <> '1' AND NOT j.is_superseded AND d.units > j.most
    UNION ALL
    SELECT j.*, r.units
    FROM judged j
    JOIN replaced r ON r.claim_id = j.claim_id AND r.hcpcs_code = j.hcpcs_code AND r.service_date = j.service_date
        AND r.person = j.person AND r.clinician = j.clinician AND r.setting = j.setting
    WHERE j.adjudication_indicator <> '1' AND j.is_superseded AND r.units > j.most
),
named AS (
    SELECT claim_id, claim_line_number, hcpcs_code, units, counted, most, adjudication_indicator, release,
        effective_from AS effective_date
    FROM found
    WHERE units > 0
)
SELECT claim_id, claim_line_number, hcpcs_code AS codes,
    printf('%g units of %s where %g are the most on a ', counted, hcpcs_code, most) ||
        CASE adjudication_indicator WHEN '1' THEN 'line' ELSE 'day' END ||
        '; all units of the line are denied' ||
        CASE adjudication_indicator WHEN '2' THEN ', on appeal too'
             WHEN '3' THEN ', unless a review finds them needed' ELSE '' END AS message,
    printf('units %g; ', units)
        || CASE adjudication_indicator WHEN '1' THEN '' ELSE printf('units of the day %g; ', counted) END
        || printf('limit %g; adjudication indicator %s', most, adjudication_indicator) AS evidence,
    'NCCI units ' || release AS release, effective_date
FROM named
