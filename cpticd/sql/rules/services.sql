-- One row per line of a practitioner or hospital outpatient bill with a procedure and a date: who was served by whom,
-- and whether a modifier on it bypasses a pair of procedures as the second (column 2) or the first of the two (column 1).
-- Of two rows, ``rules/clinician.py`` says whether their clinicians count as one; a hospital is one, whoever rendered. Where person or provider is not known, the claim stands for it.
WITH marked AS (
    SELECT l.claim_id, l.claim_line_number, TRUE AS bypasses_second,
        bool_or(c.modifier IS NULL OR l.service_date >= c.effective_from) AS bypasses_first
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier AND t.bypasses_ncci
    JOIN rule_lines l ON l.claim_id = m.claim_id AND l.claim_line_number = m.claim_line_number
    LEFT JOIN table_ncci_column_1_modifiers c ON c.modifier = m.modifier
    GROUP BY l.claim_id, l.claim_line_number
)
SELECT
    l.claim_id,
    l.claim_line_number,
    l.setting,
    coalesce(l.person_id, 'claim ' || l.claim_id) AS person,
    coalesce(CASE WHEN l.setting = 'outpatient' THEN l.billing_npi ELSE l.provider END, 'claim ' || l.claim_id)
        AS clinician,
    l.billing_npi,
    l.specialty,
    l.hcpcs_code,
    l.service_date,
    -- Units of a line over several days are those of one day, as CMS counts them.
    CASE WHEN l.service_end_date > l.service_date
         THEN round(l.units / (date_diff('day', l.service_date, l.service_end_date) + 1), 0)
         ELSE l.units END AS units,
    l.claim_group,
    l.is_superseded,
    coalesce(k.bypasses_second, FALSE) AS bypasses_second,
    coalesce(k.bypasses_first, FALSE) AS bypasses_first
FROM rule_lines l
LEFT JOIN marked k ON k.claim_id = l.claim_id AND k.claim_line_number = l.claim_line_number
WHERE l.setting IN ('practitioner', 'outpatient') AND l.hcpcs_code IS NOT NULL AND l.service_date IS NOT NULL
