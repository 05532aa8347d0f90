-- Claims that repeat another one in all that they say, sent in another transaction set: the service was done once. The
-- first that has an answer stays, else the first that was sent and not turned away; those with an answer of their own
-- stay too.
CREATE TEMP TABLE x12_resent AS
WITH alike AS (
    SELECT key, coalesce(set_key, key) AS set_key, sent_date, source_claim_id AS number, person_id AS person,
        charge_amount AS charge
    FROM x12_claims
    WHERE source_claim_id IS NOT NULL AND person_id IS NOT NULL AND coalesce(frequency_code, '1') NOT IN ('7', '8')
),
crowds AS (
    SELECT number, person, charge FROM alike GROUP BY ALL HAVING count(DISTINCT set_key) > 1
),
few AS (SELECT key, set_key, sent_date FROM alike JOIN crowds USING (number, person, charge)),
facts AS (
    SELECT c.key, 0 AS kind, 0 AS place, row(
        source_claim_id, claim_type, person_id, coalesce(payer_id, payer_key(payer)), payer_sequence, charge_amount, start_date,
        end_date, billing_npi, facility_npi, place_of_service_code, bill_type_code, frequency_code, original_payer_claim_id,
        drg_code, discharge_status_code, is_encounter, is_chart_review, deletes_diagnoses)::VARCHAR AS fact
    FROM x12_claims c SEMI JOIN few USING (key)
    UNION ALL
    SELECT l.key, 1, line, row(
        start_date, end_date, hcpcs_code, hcpcs_modifier_1, hcpcs_modifier_2, hcpcs_modifier_3, hcpcs_modifier_4,
        revenue_center_code, service_unit_quantity, unit_of_measure, ndc_code, place_of_service_code, rendering_npi,
        charge_amount)::VARCHAR
    FROM x12_lines l SEMI JOIN few USING (key)
    UNION ALL
    SELECT d.key, 2, diagnosis_position, row(diagnosis_code, diagnosis_kind, present_on_admission_code)::VARCHAR
    FROM x12_diagnoses d SEMI JOIN few USING (key)
    UNION ALL
    SELECT p.key, 3, 100 * line + pointer_position, diagnosis_position::VARCHAR FROM x12_pointers p SEMI JOIN few USING (key)
    UNION ALL
    SELECT p.key, 4, procedure_position, row(procedure_code, procedure_date)::VARCHAR
    FROM x12_procedures p SEMI JOIN few USING (key)
),
contents AS (
    SELECT key, md5(string_agg(kind || ':' || place || ':' || fact, '|' ORDER BY kind, place, fact)) AS content
    FROM facts GROUP BY key
),
refused AS (  -- by a 277CA, the last one that was sent by its day; by a 999, with its transaction set
    SELECT arg_max(f.key, f.sent_date) AS key
    FROM x12_turned_away t
    JOIN x12_claims c ON c.source_claim_id = t.source_claim_id AND coalesce(c.person_id = t.person_id, true)
    JOIN few f ON f.key = c.key AND f.sent_date <= t.day
    GROUP BY t.key
    UNION
    SELECT f.key
    FROM x12_turned_away_sets t
    JOIN x12_sets s ON s.group_control = t.group_control AND (t.set_control IS NULL OR s.set_control = t.set_control)
    JOIN few f ON f.set_key = s.key
),
ranked AS (
    SELECT
        f.key, t.content, a.claim IS NOT NULL AS is_answered, row_number() OVER w AS place, first_value(f.key) OVER w AS kept,
        first_value(f.set_key) OVER w AS kept_set, f.set_key
    FROM few f
    JOIN contents t USING (key)
    LEFT JOIN (SELECT DISTINCT claim FROM x12_link) a ON a.claim = f.key
    LEFT JOIN refused r ON r.key = f.key
    WINDOW w AS (
        PARTITION BY t.content ORDER BY CASE WHEN a.claim IS NULL THEN 1 ELSE 0 END,
            CASE WHEN r.key IS NULL THEN 0 ELSE 1 END, f.sent_date NULLS LAST, f.key
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT key, kept FROM ranked WHERE place > 1 AND NOT is_answered AND set_key <> kept_set;
