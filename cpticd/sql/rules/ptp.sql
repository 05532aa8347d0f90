-- One row per line whose procedure is column 2 of an edit, and column 1 code of the same person, clinician, date and kind
-- of bill; is_certain: the clinicians do count as one, rather than may: on the same claim, or on another one that stands; never on another version of the claim.
WITH seconds AS (
    SELECT * FROM rule_services WHERE hcpcs_code IN (SELECT column_2 FROM rule_ptp_edits)
),
firsts AS (
    SELECT * FROM rule_services WHERE hcpcs_code IN (SELECT column_1 FROM rule_ptp_edits)
),
pairs AS MATERIALIZED (
    SELECT s.claim_id, s.claim_line_number, s.setting, s.service_date, s.hcpcs_code AS column_2,
        f.hcpcs_code AS column_1, f.claim_id AS other_claim, f.claim_line_number AS other_line,
        s.bypasses_second OR f.bypasses_first AS bypassed, {same} AS same
    FROM seconds s
    JOIN firsts f ON f.person = s.person AND f.service_date = s.service_date AND f.setting = s.setting
    WHERE f.hcpcs_code <> s.hcpcs_code AND {same} > 0
        AND (f.claim_id = s.claim_id OR (f.claim_group <> s.claim_group AND NOT f.is_superseded))
)
SELECT p.claim_id, p.claim_line_number, p.column_1, p.column_2,
    max(e.modifier_indicator) AS modifier_indicator,
    min(CASE WHEN p.other_claim = p.claim_id THEN p.other_line END) AS other_line,
    min(CASE WHEN p.other_claim <> p.claim_id THEN p.other_claim END) AS other_claim,
    max(e.release) AS release,
    max(e.effective_from) AS effective_date,
    bool_or(v.visit) AS is_visit,
    max(p.same) = 2 AS is_certain
FROM pairs p
JOIN rule_ptp_edits e ON e.column_1 = p.column_1 AND e.column_2 = p.column_2
    AND (e.setting = p.setting OR coalesce(e.setting, '') = '')
    AND p.service_date BETWEEN e.first_day AND e.last_day
LEFT JOIN rule_visits v ON v.hcpcs_code = p.column_2
WHERE NOT (p.bypassed AND e.modifier_indicator = '1')
GROUP BY p.claim_id, p.claim_line_number, p.column_1, p.column_2
