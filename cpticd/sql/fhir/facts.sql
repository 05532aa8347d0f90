-- One row per thing that supportingInfo (information in STU3), extensions and type of a claim say: its key and its value.
WITH infos AS (
    SELECT r, unnest(b.supportingInfo) AS i FROM fhir_bodies
    UNION ALL
    SELECT r, unnest(b.information) FROM fhir_bodies
),
extensions AS (
    SELECT r, unnest(b.extension) AS e FROM fhir_bodies
    UNION ALL
    SELECT r, unnest(b.facility.extension) FROM fhir_bodies
),
types AS (
    SELECT r, unnest(b.type.coding) AS c FROM fhir_bodies
),
identifiers AS (
    SELECT r, unnest(b.identifier) AS i FROM fhir_bodies
),
categories AS (
    SELECT r, i, unnest(i.category.coding) AS c FROM infos
),
codes AS (
    SELECT r, i, unnest(i.code.coding) AS c FROM infos
),
every AS (
    SELECT r, fhir_last(c.code) AS key, coalesce(
        CASE WHEN fhir_last(c.code) = 'typeofbill' THEN coalesce(fhir_bill_type(i.code), i.code.coding[1].code)
             ELSE i.code.coding[1].code END,
        i.valueString, i.timingDate, i.timingPeriod.start, i.valueQuantity.value) AS value
    FROM categories
    WHERE fhir_last(c.code) <> 'typeofbill' OR fhir_last(i.code.coding[1].system) NOT IN ('clm_freq_cd', 'freq-cd')
    UNION ALL
    SELECT r, fhir_last(c.system), c.code FROM codes
    UNION ALL
    SELECT r, fhir_last(e.url), fhir_value(e) FROM extensions
    UNION ALL
    SELECT r, fhir_last(c.system), c.code FROM types
    UNION ALL
    SELECT r, fhir_last(i.system), i.value FROM identifiers
)
SELECT r, f.meaning, f.rank, value
FROM every JOIN fhir_codes f ON f.element = 'fact' AND f.code = every.key
WHERE value IS NOT NULL
