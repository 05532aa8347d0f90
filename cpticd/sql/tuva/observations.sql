-- One row per result of a laboratory or a measurement. A code without a system that looks like LOINC is LOINC's.
WITH coded AS (
    SELECT *, coalesce(code, source_code) AS chosen,
           CASE WHEN code IS NOT NULL THEN code_type ELSE source_code_type END AS given
    FROM tuva_results
)
SELECT
    person_id, coalesce(collected, resulted) AS observation_date,
    coalesce({system}, CASE WHEN regexp_full_match(chosen, '[0-9]{{1,5}}-[0-9]') THEN 'loinc' ELSE 'local' END) AS code_system,
    chosen AS code, CAST({number} AS DECIMAL(18,3)) AS value, {comparator} AS comparator, {words} AS value_text,
    coalesce(unit, source_unit) AS unit, CASE _source {names} END AS data_source, _source
FROM coded
