-- One row per policy, group of its procedures, alternative, and group of diagnoses that the alternative asks for. An
-- expression holds for its group of procedures, that of group 0 for those without one of their own; where there is none,
-- each group of diagnoses is an alternative by itself.
WITH used AS (
    SELECT DISTINCT document, version, procedure_group FROM rule_policies
),
own AS (
    SELECT DISTINCT document, procedure_group FROM rule_policy_logic
),
named AS (
    SELECT u.document, u.version, u.procedure_group, g.alternative, g.code_group, g.size, g.expression
    FROM used u
    LEFT JOIN own o ON o.document = u.document AND o.procedure_group = u.procedure_group
    JOIN rule_policy_logic g ON g.document = u.document
        AND g.procedure_group = CASE WHEN o.document IS NULL THEN 0 ELSE u.procedure_group END
)
SELECT document, version, procedure_group, alternative, code_group, size, expression FROM named
UNION ALL
SELECT DISTINCT u.document, u.version, u.procedure_group, c.code_group, c.code_group, 1, CAST(NULL AS VARCHAR)
FROM used u
JOIN rule_policy_codes c ON c.document = u.document AND c.version = u.version AND c.role = 'covered'
LEFT JOIN named n ON n.document = u.document AND n.version = u.version AND n.procedure_group = u.procedure_group
WHERE n.document IS NULL
