-- One row per line of a therapy service of the day: its minutes a unit, and which modifiers of therapy it has.
SELECT s.claim_id, s.claim_line_number, s.person, s.clinician, s.hcpcs_code, s.service_date, s.units, s.is_superseded,
    t.disciplines, t.minutes, t.is_always_therapy, t.source, t.effective_from,
    m.disciplines AS given, coalesce(m.has_kx, FALSE) AS has_kx
FROM rule_services s
JOIN table_therapy_services t ON t.code = s.hcpcs_code AND {in_force}
LEFT JOIN (
    SELECT claim_id, claim_line_number, bool_or(modifier = 'KX') AS has_kx,
        string_agg(CASE WHEN modifier IN ('GP', 'GO', 'GN') THEN modifier END, ' ' ORDER BY modifier) AS disciplines
    FROM rule_modifiers
    WHERE modifier IN ('GP', 'GO', 'GN', 'KX')
    GROUP BY claim_id, claim_line_number
) m ON m.claim_id = s.claim_id AND m.claim_line_number = s.claim_line_number
