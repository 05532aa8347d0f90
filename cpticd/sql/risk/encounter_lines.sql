-- One row per claim that has lines: what its lines say about whether, when and how it counts.
-- A line is eligible where its procedure is on CMS's list of the year of the line's last day and no rule
-- (line_rules) takes it out. Years without a list are judged by the nearest one.
WITH dated AS (
    SELECT
        l.claim_id, l.hcpcs_code, l.rendering_npi, l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4,
        coalesce(l.place_of_service_code, c.place_of_service_code) AS place,
        coalesce(l.claim_line_end_date, l.claim_line_start_date, c.claim_end_date, c.claim_start_date) AS line_date
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
),
judged AS (
    SELECT
        d.claim_id,
        d.hcpcs_code,
        coalesce(d.rendering_npi, '') AS rendering_npi,
        d.place AS place_of_service_code,
        d.line_date,
        p.family,
        e.hcpcs_code IS NOT NULL AND coalesce(p.counts, TRUE) AND coalesce(w.counts, TRUE)
            AND coalesce(m1.counts, TRUE) AND coalesce(m2.counts, TRUE) AND coalesce(m3.counts, TRUE) AND coalesce(m4.counts, TRUE)
            AS eligible,
        coalesce(p.face_to_face, TRUE) AND coalesce(w.face_to_face, TRUE) AND coalesce(m1.face_to_face, TRUE)
            AND coalesce(m2.face_to_face, TRUE) AND coalesce(m3.face_to_face, TRUE) AND coalesce(m4.face_to_face, TRUE)
            AS face_to_face,
        coalesce(w.family, CASE WHEN NOT m1.counts THEN m1.family WHEN NOT m2.counts THEN m2.family
            WHEN NOT m3.counts THEN m3.family WHEN NOT m4.counts THEN m4.family END) AS place_family
    FROM dated d
    CROSS JOIN list_years y
    LEFT JOIN procedure_rules p ON p.hcpcs_code = d.hcpcs_code AND (p.service_from IS NULL OR d.line_date >= p.service_from)
        AND (p.service_to IS NULL OR d.line_date IS NULL OR d.line_date <= p.service_to)
    LEFT JOIN eligible e ON e.hcpcs_code = d.hcpcs_code
        AND e.year = least(greatest(year(d.line_date), y.first_year), y.last_year)
    LEFT JOIN place_rules w ON w.place = d.place
    LEFT JOIN modifier_rules m1 ON m1.modifier = d.hcpcs_modifier_1 AND (m1.service_from IS NULL OR d.line_date >= m1.service_from)
        AND (m1.service_to IS NULL OR d.line_date IS NULL OR d.line_date <= m1.service_to)
    LEFT JOIN modifier_rules m2 ON m2.modifier = d.hcpcs_modifier_2 AND (m2.service_from IS NULL OR d.line_date >= m2.service_from)
        AND (m2.service_to IS NULL OR d.line_date IS NULL OR d.line_date <= m2.service_to)
    LEFT JOIN modifier_rules m3 ON m3.modifier = d.hcpcs_modifier_3 AND (m3.service_from IS NULL OR d.line_date >= m3.service_from)
        AND (m3.service_to IS NULL OR d.line_date IS NULL OR d.line_date <= m3.service_to)
    LEFT JOIN modifier_rules m4 ON m4.modifier = d.hcpcs_modifier_4 AND (m4.service_from IS NULL OR d.line_date >= m4.service_from)
        AND (m4.service_to IS NULL OR d.line_date IS NULL OR d.line_date <= m4.service_to)
)
SELECT
    claim_id,
    max(line_date) AS last_date,
    max(CASE WHEN eligible THEN line_date END) AS eligible_date,
    max(CASE WHEN eligible AND face_to_face THEN 1 ELSE 0 END) AS face_to_face,
    max(CASE WHEN hcpcs_code IS NOT NULL THEN 1 ELSE 0 END) AS has_procedure,
    min(coalesce(place_family, family, '')) AS first_family,
    max(coalesce(place_family, family, '')) AS last_family,
    min(place_of_service_code) AS place_of_service_code,
    coalesce(min(CASE WHEN eligible AND rendering_npi <> '' THEN rendering_npi END),
             min(CASE WHEN rendering_npi <> '' THEN rendering_npi END)) AS rendering_npi
FROM judged
GROUP BY claim_id
