-- One row per line whose units, alone (indicator 1) or with the other lines of the day (2 and 3), are over the limit.
-- The day's units are those of the same person, provider, code and date on all claims that stand, each in its last version;
-- a version that was replaced is added to the claims of others, not to its own replacement.
-- A limit of 0 is none of units (``not_paid_by_part_b``).
WITH days AS MATERIALIZED (
    SELECT person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM rule_limited
    WHERE adjudication_indicator <> '1' AND NOT is_superseded
    GROUP BY person, clinician, setting, hcpcs_code, service_date
),
versions AS (
    SELECT claim_id, claim_group, person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM rule_limited
    WHERE adjudication_indicator <> '1' AND is_superseded
    GROUP BY claim_id, claim_group, person, clinician, setting, hcpcs_code, service_date
),
latest AS (
    SELECT claim_group, person, clinician, setting, hcpcs_code, service_date, sum(units) AS units
    FROM rule_limited
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
    FROM rule_limited j
    WHERE j.adjudication_indicator = '1' AND j.units > j.most
    UNION ALL
    SELECT j.*, d.units
    FROM rule_limited j
    JOIN days d ON d.person = j.person AND d.clinician = j.clinician AND d.setting = j.setting
        AND d.hcpcs_code = j.hcpcs_code AND d.service_date = j.service_date
    WHERE j.adjudication_indicator <> '1' AND NOT j.is_superseded AND d.units > j.most
    UNION ALL
    SELECT j.*, r.units
    FROM rule_limited j
    JOIN replaced r ON r.claim_id = j.claim_id AND r.hcpcs_code = j.hcpcs_code AND r.service_date = j.service_date
        AND r.person = j.person AND r.clinician = j.clinician AND r.setting = j.setting
    WHERE j.adjudication_indicator <> '1' AND j.is_superseded AND r.units > j.most
),
named AS (
    SELECT claim_id, claim_line_number, hcpcs_code, units, counted, most, adjudication_indicator, release,
        effective_from AS effective_date
    FROM found
    WHERE units > 0 AND most > 0
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
