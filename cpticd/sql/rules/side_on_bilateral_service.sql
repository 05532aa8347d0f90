-- One row per line that names a side on a service for both sides, and line with modifier 50 on one for either.
SELECT l.claim_id, l.claim_line_number,
    concat_ws(' ', l.hcpcs_code, string_agg(DISTINCT m.modifier, ' ' ORDER BY m.modifier)) AS codes,
    CASE WHEN s.sides = 'both'
         THEN l.hcpcs_code || ' is for both sides by its definition, and the line names '
              || CASE WHEN max(t.side) = min(t.side) AND max(t.side) <> 'both'
                      THEN 'the ' || max(t.side) || ' one.' ELSE 'sides.' END
         ELSE l.hcpcs_code || ' is for one or both sides at the same price, and the line has modifier 50.' END
         AS message,
    'modifiers ' || string_agg(DISTINCT m.modifier, ' ' ORDER BY m.modifier) || '; service of '
        || s.sides || CASE WHEN s.sides = 'both' THEN ' sides' ELSE '' END AS evidence,
    s.release, s.effective_from AS effective_date
FROM rule_lines l
JOIN ({services}) s ON s.procedure_code = l.hcpcs_code AND {in_force}
JOIN rule_modifiers m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
JOIN table_modifiers t ON t.modifier = m.modifier AND t.side <> ''
LEFT JOIN rule_modifiers r ON r.claim_id = l.claim_id AND r.claim_line_number = l.claim_line_number
    AND r.modifier = '52'
WHERE t.side = 'both' OR (s.sides = 'both' AND r.modifier IS NULL)
GROUP BY l.claim_id, l.claim_line_number, l.hcpcs_code, s.sides, s.release, s.effective_from
