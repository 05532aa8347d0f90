-- One row per service line and diagnosis that it points to; a line without a diagnosis stands once.
-- Where a source has no pointers (institutional claims, flat files without them) every diagnosis of the
-- claim counts, and level says so. A diagnosis that a line points to twice counts once.
WITH pointing AS (  -- sources that carry pointers: there a line without one has no diagnosis
    SELECT DISTINCT coalesce(c.data_source, '') AS data_source, coalesce(c.claim_type, '') AS claim_type
    FROM claims c
    JOIN (SELECT DISTINCT claim_id FROM pointers) p ON p.claim_id = c.claim_id
),
reasons AS (  -- what a person was admitted or came with is no reason for a service
    SELECT claim_id, diagnosis_position, diagnosis_code
    FROM diagnoses
    WHERE coalesce(diagnosis_kind, '') NOT IN ('admitting', 'reason for visit')
),
pointed AS (
    SELECT p.claim_id, p.claim_line_number, d.diagnosis_code, min(p.pointer_position) AS first_position, 'line' AS level
    FROM pointers p
    JOIN reasons d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
    GROUP BY p.claim_id, p.claim_line_number, d.diagnosis_code
    UNION ALL
    SELECT l.claim_id, l.claim_line_number, d.diagnosis_code, min(d.diagnosis_position) AS first_position, 'claim' AS level
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    LEFT JOIN pointing s ON s.data_source = coalesce(c.data_source, '') AND s.claim_type = coalesce(c.claim_type, '')
    JOIN reasons d ON d.claim_id = l.claim_id
    WHERE s.data_source IS NULL
    GROUP BY l.claim_id, l.claim_line_number, d.diagnosis_code
),
counted AS (
    SELECT claim_id, claim_line_number, count(*) AS k, min(first_position) AS first_position
    FROM pointed
    GROUP BY claim_id, claim_line_number
)
SELECT
    l.claim_id,
    l.claim_line_number,
    l.hcpcs_code,
    p.diagnosis_code,
    CAST(p.first_position AS INTEGER) AS pointer_position,
    p.first_position IS NOT NULL AND p.first_position = k.first_position AS is_primary,
    CASE WHEN k.k IS NULL THEN CAST(1 AS DOUBLE) ELSE CAST(1 AS DOUBLE) / k.k END AS share,
    coalesce(p.level, CASE WHEN s.data_source IS NULL THEN 'claim' ELSE 'line' END) AS level
FROM lines l
LEFT JOIN claims c ON c.claim_id = l.claim_id
LEFT JOIN pointing s ON s.data_source = coalesce(c.data_source, '') AND s.claim_type = coalesce(c.claim_type, '')
LEFT JOIN pointed p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
LEFT JOIN counted k ON k.claim_id = l.claim_id AND k.claim_line_number = l.claim_line_number
