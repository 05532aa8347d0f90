-- One row per resource that a Bundle, or element that a list of this level holds.
SELECT source, nullif(concat_ws(', ', nullif(place, ''), 'entry ' || i), '') AS place, CAST(coalesce(json_extract(e, '$.resource'), CASE
        WHEN json_extract(e, '$.resourceType') IS NOT NULL THEN e END) AS VARCHAR) AS doc,
    json_extract_string(e, '$.fullUrl') AS url
FROM (
    SELECT source, place, unnest(json_extract(doc, '$.entry[*]')) AS e, generate_subscripts(json_extract(doc, '$.entry[*]'), 1) AS i
    FROM fhir_level WHERE t = 'OBJECT' AND kind = 'Bundle'
)
WHERE json_extract(e, '$.resource') IS NOT NULL OR json_extract(e, '$.resourceType') IS NOT NULL
UNION ALL
SELECT source, concat_ws(', ', nullif(place, ''), 'element ' || i), CAST(e AS VARCHAR), NULL
FROM (
    SELECT source, place, unnest(json_extract(doc, '$[*]')) AS e, generate_subscripts(json_extract(doc, '$[*]'), 1) AS i
    FROM fhir_level WHERE t = 'ARRAY'
)
