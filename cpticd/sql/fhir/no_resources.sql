-- One row per thing at the place of a resource that is none.
SELECT source, place, left(doc, 500) AS content,
    CASE WHEN t = 'SCALAR' THEN 'a plain value, no resource: not FHIR'
         WHEN kind = 'Bundle' THEN 'a Bundle whose entry is no list'
         ELSE 'an object without resourceType: not FHIR' END AS reason
FROM fhir_level
WHERE (t = 'SCALAR' AND doc <> 'null') OR (t = 'OBJECT' AND NOT coalesce(regexp_full_match(kind, '[A-Za-z]{1,60}'), false))
    OR (kind = 'Bundle' AND json_type(doc, '$.entry') NOT IN ('ARRAY', 'NULL'))
ORDER BY source, place
