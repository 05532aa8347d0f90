-- One row per line and procedure in whose global window it stands, for the same person and clinician, without a modifier
-- that takes it out. A procedure opens no window with a modifier that says that others cared for the patient.
WITH schedule AS (
    SELECT code, global_days, release, effective_from, coalesce(effective_from, DATE '0001-01-01') AS first_day,
        coalesce(effective_to, DATE '9999-12-31') AS last_day
    FROM release_fee_schedule
    WHERE coalesce(modifier, '') = '' AND global_days IN (SELECT global_days FROM table_global_windows)
),
procedures AS MATERIALIZED (
    SELECT s.*, f.global_days, f.release, f.effective_from
    FROM rule_services s
    JOIN schedule f ON f.code = s.hcpcs_code AND s.service_date BETWEEN f.first_day AND f.last_day
    WHERE s.setting = 'practitioner'
),
others AS (
    SELECT s.claim_id, s.claim_line_number, s.person, s.clinician, s.billing_npi, s.specialty, s.setting, s.hcpcs_code,
        s.service_date, s.claim_group, 'visit' AS service
    FROM rule_services s
    JOIN rule_visits v ON v.hcpcs_code = s.hcpcs_code AND v.visit
    WHERE s.setting = 'practitioner'
    UNION ALL
    SELECT claim_id, claim_line_number, person, clinician, billing_npi, specialty, setting, hcpcs_code, service_date,
        claim_group, 'procedure'
    FROM procedures
),
inside AS MATERIALIZED (
    SELECT o.claim_id, o.claim_line_number, o.hcpcs_code, o.service, o.service_date, w.rule, w.modifiers, w.not_with,
        p.claim_id AS procedure_claim, p.claim_line_number AS procedure_line, p.hcpcs_code AS procedure_code,
        p.service_date AS procedure_date, p.global_days, p.release, p.effective_from, {same} AS same
    FROM others o
    JOIN procedures p ON p.person = o.person AND {same} > 0
        AND (p.claim_id = o.claim_id OR (p.claim_group <> o.claim_group AND NOT p.is_superseded))
    JOIN table_global_windows w ON w.global_days = p.global_days AND w.service = o.service
        AND date_diff('day', p.service_date, o.service_date) BETWEEN w.first_day AND w.last_day
),
free AS (
    SELECT i.*
    FROM inside i
    JOIN rule_modifiers m ON (m.claim_id = i.claim_id AND m.claim_line_number = i.claim_line_number)
    WHERE contains(' ' || i.modifiers || ' ', ' ' || m.modifier || ' ')
    UNION
    SELECT i.*
    FROM inside i
    JOIN rule_modifiers m ON m.claim_id = i.procedure_claim AND m.claim_line_number = i.procedure_line
    WHERE contains(' ' || i.not_with || ' ', ' ' || m.modifier || ' ')
)
SELECT claim_id, claim_line_number, hcpcs_code, service, rule, modifiers, procedure_code, global_days,
    min(procedure_date) AS procedure_date, min(service_date) AS service_date, max(release) AS release,
    max(effective_from) AS effective_date, max(same) = 2 AS is_certain
FROM (SELECT * FROM inside EXCEPT SELECT * FROM free) held
GROUP BY claim_id, claim_line_number, hcpcs_code, service, rule, modifiers, procedure_code, global_days
