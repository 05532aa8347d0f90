-- One row per Patient, Organization or Practitioner that stands by itself in a batch.
SELECT CAST(NULL AS BIGINT) AS r, coalesce(b.id, fhir_target(url)) AS id, kind, b.name, fhir_npis(b.identifier) AS npi,
    b.identifier[1].value AS number, lower(b.gender) AS gender, fhir_date(b.birthDate) AS birth_date,
    fhir_date(b.deceasedDateTime) AS death_date, upper(b.address[1].state) AS state, source, updated
FROM fhir_bodies
