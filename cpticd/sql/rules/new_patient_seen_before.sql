-- One row per new-patient visit of a person whom the same clinician, or one of the same group
-- and specialty, saw within three years before; of a specialty that is not known it may have been.
-- Seen: a professional service face to face, by its code, that is no component (26, TC) of a test. On the third
-- anniversary three years have passed. Services of the same day do not count: which came first is not known.
WITH components AS (
    SELECT DISTINCT m.claim_id, m.claim_line_number
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier AND t.family = 'component'
),
fresh AS MATERIALIZED (
    SELECT s.*
    FROM rule_services s
    JOIN rule_visits v ON v.hcpcs_code = s.hcpcs_code AND v.patient = 'new'
    WHERE s.setting = 'practitioner' AND s.billing_npi IS NOT NULL
),
seen AS (
    SELECT s.*
    FROM rule_services s
    JOIN rule_visits v ON v.hcpcs_code = s.hcpcs_code AND v.face_to_face
    LEFT JOIN components k ON k.claim_id = s.claim_id AND k.claim_line_number = s.claim_line_number
    WHERE s.setting = 'practitioner' AND k.claim_id IS NULL AND s.person IN (SELECT person FROM fresh)
),
earlier AS (
    SELECT f.claim_id, f.claim_line_number, f.hcpcs_code, s.service_date AS last_date, s.hcpcs_code AS last_code,
        s.claim_id AS last_claim, s.clinician = f.clinician AS same_clinician, {same} AS same,
        row_number() OVER (PARTITION BY f.claim_id, f.claim_line_number
                           ORDER BY {same} DESC, s.clinician = f.clinician DESC, s.service_date DESC, s.claim_id, s.claim_line_number)
            AS place
    FROM fresh f
    JOIN seen s ON s.person = f.person AND {same} > 0
        AND s.service_date < f.service_date AND s.service_date > f.service_date - INTERVAL 3 YEAR
        AND (s.claim_id = f.claim_id OR (s.claim_group <> f.claim_group AND NOT s.is_superseded))
),
named AS (
    SELECT claim_id, claim_line_number, hcpcs_code, last_date, last_code, last_claim, same_clinician, same = 2 AS is_certain
    FROM earlier
    WHERE place = 1
)
SELECT claim_id, claim_line_number, last_code || ' ' || hcpcs_code AS codes,
    'new-patient visit ' || hcpcs_code || ' of a patient whom ' || CASE
        WHEN same_clinician THEN 'the same clinician'
        WHEN is_certain THEN 'a clinician of the same group and specialty'
        ELSE 'the practice (whether in the same specialty is not known)' END
        || ' saw within three years' AS message,
    'seen on ' || strftime(last_date, '%Y-%m-%d') || '; code ' || last_code || '; claim ' || last_claim
        AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date, is_certain
FROM named
