-- One row per claim that has lines: what its lines say about whether, when and how it counts.
-- A line is eligible where its procedure is on CMS's list of the year of the line's last day and no rule
-- (line_rules) takes it out. Years without a list are judged by the nearest one.
WITH judged AS (
    SELECT
        l.claim_id,
        l.hcpcs_code,
        coalesce(l.rendering_npi, '') AS rendering_npi,
        coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code,
        coalesce(l.claim_line_end_date, l.claim_line_start_date, c.claim_end_date, c.claim_start_date) AS line_date,
        p.family,
        e.hcpcs_code IS NOT NULL AND coalesce(p.counts, TRUE) AND coalesce(w.counts, TRUE)
            AND coalesce(m.counts, TRUE) AS eligible,
        coalesce(p.face_to_face, TRUE) AND coalesce(w.face_to_face, TRUE) AND coalesce(m.face_to_face, TRUE)
            AS face_to_face,
        w.family AS place_family
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    CROSS JOIN list_years y
    LEFT JOIN procedure_rules p ON p.hcpcs_code = l.hcpcs_code
    LEFT JOIN eligible e ON e.hcpcs_code = l.hcpcs_code AND e.year = least(greatest(year(
        coalesce(l.claim_line_end_date, l.claim_line_start_date, c.claim_end_date, c.claim_start_date)
    ), y.first_year), y.last_year)
    LEFT JOIN place_rules w ON w.place = coalesce(l.place_of_service_code, c.place_of_service_code)
    LEFT JOIN modifier_rules m
        ON m.modifier IN (l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4)
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
