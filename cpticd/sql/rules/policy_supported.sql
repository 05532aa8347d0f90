-- One row per line whose diagnoses satisfy a policy for its procedure on its day. An alternative of one group needs one
-- diagnosis: pairs of codes, whichever policy they are from. Those of several groups are counted.
WITH pairs AS MATERIALIZED (
    SELECT DISTINCT hcpcs_code, diagnosis_code FROM rule_policy_pointed
),
alone AS MATERIALIZED (
    SELECT DISTINCT p.procedure_code, c.diagnosis_code, p.payer,
        greatest(p.effective_from, c.effective_from) AS effective_from, least(p.effective_to, c.effective_to) AS effective_to
    FROM rule_policies p
    JOIN (SELECT DISTINCT document, version, procedure_group, code_group FROM rule_policy_groups WHERE size = 1) g
        ON g.document = p.document AND g.version = p.version AND g.procedure_group = p.procedure_group
    JOIN rule_policy_codes c ON c.document = p.document AND c.version = p.version AND c.role = 'covered'
        AND c.code_group = g.code_group
    JOIN pairs q ON q.hcpcs_code = p.procedure_code AND q.diagnosis_code = c.diagnosis_code
),
together AS (
    SELECT x.claim_id, x.claim_line_number
    FROM rule_policy_pointed x
    JOIN rule_policies p ON p.procedure_code = x.hcpcs_code
        AND coalesce(p.effective_from <= x.service_date, true) AND coalesce(p.effective_to >= x.service_date, true)
        AND coalesce(p.payer = x.payer, p.payer IS NULL)
    JOIN rule_policy_groups g ON g.document = p.document AND g.version = p.version
        AND g.procedure_group = p.procedure_group AND g.size > 1
    JOIN rule_policy_codes c ON c.document = p.document AND c.version = p.version AND c.role = 'covered'
        AND c.code_group = g.code_group AND c.diagnosis_code = x.diagnosis_code
        AND coalesce(c.effective_from <= x.service_date, true) AND coalesce(c.effective_to >= x.service_date, true)
    GROUP BY x.claim_id, x.claim_line_number, p.document, p.version, p.procedure_group, g.alternative, g.size
    HAVING count(DISTINCT g.code_group) = g.size
)
SELECT DISTINCT x.claim_id, x.claim_line_number
FROM rule_policy_pointed x
JOIN alone a ON a.procedure_code = x.hcpcs_code AND a.diagnosis_code = x.diagnosis_code
    AND coalesce(a.effective_from <= x.service_date, true) AND coalesce(a.effective_to >= x.service_date, true)
    AND coalesce(a.payer = x.payer, a.payer IS NULL)
UNION
SELECT claim_id, claim_line_number FROM together
