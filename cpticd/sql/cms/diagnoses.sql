-- One row per diagnosis of a claim: each code once among its reasons, once as admitting and once as reason for a visit.
-- A line's own diagnosis comes after the others where it is not among them.
WITH every AS (
    SELECT c.claim_id, c.last, d.ord, d.kind, s.code, d.version, d.poa
    FROM cms_diagnoses d
    JOIN cms_claims c ON c.number = d.number AND c.pk = d.pk
    JOIN cms_shapes s ON s.kind = 'D' AND s.raw = d.code
    WHERE c.state = 'claim' AND s.code IS NOT NULL
    UNION ALL
    SELECT l.claim_id, c.last, 2000 + l.line_number, 'other', s.code, l.line_version, NULL
    FROM cms_own_lines l
    JOIN cms_claims c ON c.claim_id = l.claim_id
    JOIN cms_shapes s ON s.kind = 'D' AND s.raw = upper(replace(l.line_diagnosis, '.', ''))
    WHERE l.sign = 1 AND s.code IS NOT NULL
),
once AS (
    SELECT
        claim_id, CASE WHEN kind IN ('admitting', 'reason for visit') THEN kind ELSE 'reason' END AS part, code,
        min(ord) AS ord, arg_min(kind, ord) AS kind, arg_min(version, ord) AS version, min(poa) AS poa, min(last) AS last
    FROM every
    GROUP BY ALL
),
placed AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY claim_id ORDER BY ord, part, code) AS position,
        count(CASE WHEN kind = 'principal' THEN 1 END) OVER (PARTITION BY claim_id) AS principals
    FROM once
)
SELECT
    claim_id, CAST(position AS INTEGER) AS diagnosis_position, code AS diagnosis_code,
    CASE WHEN version = '9' THEN 'icd-9-cm' WHEN version IN ('0', '10') THEN 'icd-10-cm'
         WHEN last < DATE '2015-10-01' THEN 'icd-9-cm' ELSE 'icd-10-cm' END AS diagnosis_code_type,
    CASE WHEN position = 1 AND principals = 0 AND kind = 'other' THEN 'principal'
         WHEN position > 1 AND kind = 'principal' THEN 'other' ELSE kind END AS diagnosis_kind,
    CASE WHEN poa IN ('Y', 'N', 'U', 'W', '1') THEN poa END AS present_on_admission_code
FROM placed
