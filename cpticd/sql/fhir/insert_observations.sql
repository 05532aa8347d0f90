-- Results that stand: not taken back, of a person, with a day, a code and a value; of one resource that stands twice the last.
SELECT
    o.person AS person_id, o.day AS observation_date, {system} AS code_system, o.code,
    TRY_CAST(o.number AS DECIMAL(18,3)) AS value, o.comparator, o.words AS value_text, o.unit, n.name AS data_source,
    o.source AS _source
FROM fhir_standing o
JOIN fhir_sources n ON n.source = o.source
