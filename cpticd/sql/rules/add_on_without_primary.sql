-- One row per line with an add-on code and no primary service, on the claim or on another one that stands of the same
-- person, clinician and day. A fixed list (type 1) names the primary codes. Where the contractor defines them (type 2), or
-- the list is partial (3), any other procedure that is itself no add-on counts: whether it suffices is the
-- contractor's to say.
WITH edits AS MATERIALIZED (
    SELECT add_on_code, coalesce(primary_code, '') AS primary_code, add_on_type, release, effective_from,
        coalesce(effective_from, DATE '0001-01-01') AS first_day,
        coalesce(effective_to, DATE '9999-12-31') AS last_day
    FROM release_ncci_addon
    WHERE add_on_code IN (SELECT hcpcs_code FROM rule_services)
),
add_ons AS MATERIALIZED (
    SELECT s.claim_id, s.claim_line_number, s.claim_group, s.person, s.clinician, s.billing_npi, s.specialty, s.setting,
        s.hcpcs_code, s.service_date, min(e.add_on_type) AS add_on_type, max(e.release) AS release, max(e.effective_from) AS effective_date,
        count(DISTINCT nullif(e.primary_code, '')) AS primaries
    FROM rule_services s
    JOIN edits e ON e.add_on_code = s.hcpcs_code AND s.service_date BETWEEN e.first_day AND e.last_day
    GROUP BY s.claim_id, s.claim_line_number, s.claim_group, s.person, s.clinician, s.billing_npi, s.specialty, s.setting,
        s.hcpcs_code, s.service_date
),
beside AS MATERIALIZED (
    SELECT a.claim_id, a.claim_line_number, a.hcpcs_code, a.add_on_type, a.service_date, o.hcpcs_code AS other_code, 2 AS same
    FROM add_ons a
    JOIN rule_services o ON o.claim_id = a.claim_id AND o.hcpcs_code <> a.hcpcs_code
    UNION
    SELECT a.claim_id, a.claim_line_number, a.hcpcs_code, a.add_on_type, a.service_date, o.hcpcs_code, {same}
    FROM add_ons a
    JOIN rule_services o ON o.person = a.person AND {same} > 0 AND o.service_date = a.service_date
        AND o.claim_group <> a.claim_group AND NOT o.is_superseded AND o.hcpcs_code <> a.hcpcs_code
),
met AS (
    SELECT b.claim_id, b.claim_line_number, b.same
    FROM beside b
    JOIN edits e ON e.add_on_code = b.hcpcs_code AND e.primary_code = b.other_code
        AND b.service_date BETWEEN e.first_day AND e.last_day
    UNION
    SELECT b.claim_id, b.claim_line_number, b.same
    FROM beside b
    WHERE b.add_on_type <> '1' AND substr(b.other_code, 1, 1) NOT IN ('A', 'B', 'E', 'J', 'K', 'L', 'Q', 'V')
        AND NOT EXISTS (SELECT 1 FROM edits e WHERE e.add_on_code = b.other_code
                        AND b.service_date BETWEEN e.first_day AND e.last_day)
),
named AS (
    SELECT a.claim_id, a.claim_line_number, a.hcpcs_code, a.add_on_type, a.primaries, a.release, a.effective_date,
        m.claim_id IS NULL AS is_certain
    FROM add_ons a
    LEFT JOIN (SELECT claim_id, claim_line_number, max(same) AS same FROM met GROUP BY claim_id, claim_line_number) m
        ON m.claim_id = a.claim_id AND m.claim_line_number = a.claim_line_number
    WHERE coalesce(m.same, 0) < 2
)
SELECT claim_id, claim_line_number, hcpcs_code AS codes,
    'add-on ' || hcpcs_code || CASE
        WHEN NOT is_certain THEN ' whose service another clinician of the group billed'
        WHEN add_on_type = '1' THEN ' without one of the services that it adds to'
        ELSE ' without any service that it could add to' END AS message,
    'add-on type ' || add_on_type || '; primary codes listed ' || primaries
        || CASE WHEN is_certain THEN '' ELSE '; whether the two clinicians of the group have one specialty is not known' END
        AS evidence,
    'NCCI add-on codes ' || release AS release, effective_date, is_certain
FROM named
