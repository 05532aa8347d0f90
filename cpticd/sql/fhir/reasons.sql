-- One row per reason code of an adjudication: a CARC (with its group where it is glued to it), a remark, or an indicator.
WITH listed AS (
    SELECT a.r, a.n, a.d, a.s, a.k, k.meaning, a.amount, unnest(a.reasons) AS c, generate_subscripts(a.reasons, 1) AS j
    FROM fhir_amounts a LEFT JOIN fhir_keys k ON k.key = a.key
    WHERE a.reasons IS NOT NULL
),
read AS (
    SELECT l.* EXCLUDE (meaning), l.meaning AS category, upper(regexp_replace(c.code, '[ -]', '', 'g')) AS code, f.meaning AS what
    FROM listed l
    LEFT JOIN fhir_codes f ON f.element = 'reason' AND f.code = fhir_url(c.system)
    WHERE f.code IS NOT NULL OR l.meaning = 'reason'
),
formed AS (
    SELECT *,
        CASE WHEN what IS NULL AND c.system IS NULL AND regexp_full_match(code, '(CO|PR|OA|PI|CR)?[A-Z]?[0-9]{1,3}') THEN 'carc'
             WHEN what IS NULL AND c.system IS NULL AND regexp_full_match(code, '(N|M|MA)[0-9]{1,3}') THEN 'rarc'
             WHEN what = 'group and carc' THEN 'carc'
             ELSE what END AS kind
    FROM read
)
SELECT
    r, n, d, s, k, j, kind, c.system AS system, code AS given,
    CASE WHEN kind = 'carc' THEN nullif(regexp_extract(code, '^(CO|PR|OA|PI|CR)?([A-Z]?[0-9]{1,3})$', 1), '')
         WHEN kind = 'group' AND regexp_full_match(code, 'CO|PR|OA|PI|CR') THEN code END AS group_code,
    CASE WHEN kind = 'carc' THEN nullif(ltrim(regexp_extract(code, '^(CO|PR|OA|PI|CR)?([A-Z]?[0-9]{1,3})$', 2), '0'), '') END AS carc,
    CASE WHEN kind = 'rarc' AND regexp_full_match(code, '(N|M|MA)[0-9]{1,4}') THEN code END AS rarc,
    CASE WHEN kind = 'indicator' THEN code END AS indicator,
    CASE WHEN coalesce(category, 'reason') NOT IN ('charge', 'allowed', 'paid', 'paid to provider', 'paid to patient',
        'paid by patient', 'nothing') THEN CAST(amount AS DECIMAL(18,2)) END AS amount
FROM formed
