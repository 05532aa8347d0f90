-- One row per ICD procedure of a claim; the same procedure of the same day once.
WITH once AS (
    SELECT c.claim_id, s.code, p.day, min(p.ord) AS ord, min(p.version) AS version, min(c.last) AS last
    FROM cms_procedures p
    JOIN cms_claims c ON c.number = p.number AND c.pk = p.pk
    JOIN cms_shapes s ON s.kind = 'P' AND s.raw = p.code
    WHERE c.state = 'claim' AND s.code IS NOT NULL
    GROUP BY ALL
)
SELECT
    claim_id, CAST(row_number() OVER (PARTITION BY claim_id ORDER BY ord, code, day) AS INTEGER) AS procedure_position,
    code AS procedure_code,
    CASE WHEN version = '9' THEN 'icd-9-pcs' WHEN version IN ('0', '10') THEN 'icd-10-pcs'
         WHEN last < DATE '2015-10-01' THEN 'icd-9-pcs' ELSE 'icd-10-pcs' END AS procedure_code_type,
    day AS procedure_date
FROM once
