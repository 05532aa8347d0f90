-- One row per party that references can name: within one resource (r), or in the data as a whole (r null).
SELECT r, id, arg_max(kind, (updated, name)) AS kind, arg_max(name, (updated, name)) AS name, max(npi) AS npi,
    max(number) AS number
FROM fhir_parties
WHERE id IS NOT NULL
GROUP BY r, id
