-- One row per code and value of an Observation of a batch: its own, and those of its components. LOINC goes before others.
WITH each_of AS (
    SELECT r, source, place, b, b.code AS concept, b.valueQuantity AS quantity,
        coalesce(b.valueQuantity.value, b.valueInteger, b.valueString, b.valueBoolean, b.valueCodeableConcept.text,
            b.valueCodeableConcept.coding[1].code) AS given, updated
    FROM fhir_bodies
    UNION ALL
    SELECT r, source, place, b, c.code, c.valueQuantity,
        coalesce(c.valueQuantity.value, c.valueInteger, c.valueString, c.valueBoolean, c.valueCodeableConcept.text,
            c.valueCodeableConcept.coding[1].code), updated
    FROM (SELECT r, source, place, b, updated, unnest(b.component) AS c FROM fhir_bodies)
),
coded AS (
    SELECT *, coalesce(list_filter(concept.coding, lambda c: c.system = 'http://loinc.org' AND c.code IS NOT NULL)[1],
        list_filter(concept.coding, lambda c: c.code IS NOT NULL)[1]) AS coding
    FROM each_of
)
SELECT
    r, source, place, b.id AS id, fhir_target(b.subject.reference) AS person, lower(b.status) AS status, updated,
    fhir_date(coalesce(b.effectiveDateTime, b.effectiveInstant, b.effectivePeriod.start, b.issued)) AS day,
    coding.system AS system, coding.code AS code, {number} AS number,
    coalesce(CASE WHEN quantity.comparator IN ('<', '<=', '>', '>=') THEN quantity.comparator END, {comparator}) AS comparator,
    {words} AS words, coalesce(quantity.code, quantity.unit) AS unit
FROM coded
