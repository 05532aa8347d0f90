-- One row per Patient, Organization or Practitioner that bodies contain (key r) or that stand by themselves (r null).
SELECT r, '#' || ltrim(p.id, '#') AS id, p.resourceType AS kind, p.name, fhir_npis(p.identifier) AS npi,
    p.identifier[1].value AS number, lower(p.gender) AS gender, fhir_date(p.birthDate) AS birth_date,
    fhir_date(p.deceasedDateTime) AS death_date, upper(p.address[1].state) AS state, source, updated
FROM (SELECT r, source, updated, unnest(b.contained) AS p FROM fhir_bodies)
WHERE p.id IS NOT NULL
