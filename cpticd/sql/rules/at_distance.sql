-- One row per professional line that says that it took place at a distance: by its place (02, 10), by its modifiers.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date, l.place_of_service_code,
    coalesce(l.place_of_service_code IN ('02', '10'), FALSE) AS by_place, m.modifiers
FROM rule_lines l
LEFT JOIN (
    SELECT r.claim_id, r.claim_line_number, string_agg(r.modifier, ' ' ORDER BY r.modifier) AS modifiers
    FROM rule_modifiers r
    JOIN table_telehealth_modifiers t ON t.modifier = r.modifier
    GROUP BY r.claim_id, r.claim_line_number
) m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
WHERE l.setting = 'practitioner' AND l.hcpcs_code IS NOT NULL
    AND (l.place_of_service_code IN ('02', '10') OR m.claim_id IS NOT NULL)
