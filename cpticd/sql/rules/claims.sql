-- One row per claim: setting, kind of payer, version, and the day on which its diagnoses are judged (a stay's
-- discharge, else the first day of service).
-- Setting and form are those of the dimensions; a setting that is not known is null.
WITH pointing AS (
    SELECT DISTINCT coalesce(c.data_source, '') AS data_source, coalesce(c.claim_type, '') AS claim_type
    FROM claims c
    JOIN (SELECT DISTINCT claim_id FROM pointers) p ON p.claim_id = c.claim_id
),
days AS (
    SELECT claim_id, min(claim_line_start_date) AS first_day,
        max(coalesce(claim_line_end_date, claim_line_start_date)) AS last_day,
        min(place_of_service_code) AS place_of_service_code
    FROM lines
    GROUP BY claim_id
),
settled AS (
    SELECT c.*, {claim_type} AS form, nullif({setting}, '(unknown)') AS place_kind
    FROM claims c
    LEFT JOIN bill_types b ON b.prefix = substr(c.bill_type_code, 1, 2)
)
SELECT
    s.claim_id,
    s.form AS claim_type,
    s.place_kind AS setting,
    s.payer,
    coalesce(k.payer_kind, s.payer_kind) AS payer_kind,
    s.person_id,
    p.sex,
    p.birth_date,
    p.death_date,
    s.billing_npi,
    s.billing_taxonomy,
    s.bill_type_code,
    coalesce(s.place_of_service_code, d.place_of_service_code) AS place_of_service_code,
    s.charge_amount,
    s.data_source,
    CASE WHEN s.place_kind = 'inpatient' THEN coalesce(s.claim_end_date, d.last_day, s.claim_start_date)
         ELSE coalesce(s.claim_start_date, d.first_day) END AS service_date,
    coalesce(g.claim_group, s.claim_id) AS claim_group,
    u.claim_id IS NOT NULL OR coalesce(s.frequency_code, substr(s.bill_type_code, 3, 1), '1') = '8' AS is_superseded,
    w.claim_type IS NOT NULL AS has_pointers
FROM settled s
LEFT JOIN days d ON d.claim_id = s.claim_id
LEFT JOIN rule_payer_kinds k ON k.payer = s.payer
LEFT JOIN rule_persons p ON p.person_id = s.person_id
LEFT JOIN rule_groups g ON g.claim_id = s.claim_id
LEFT JOIN superseded u ON u.claim_id = s.claim_id
LEFT JOIN pointing w ON w.data_source = coalesce(s.data_source, '') AND w.claim_type = coalesce(s.claim_type, '')
