-- Tuva's observation: one row per result; a bound stands before the number, as laboratories write it.
SELECT
    'O' || row_number() OVER (
        ORDER BY person_id, observation_date, code_system, code, value, comparator, value_text) AS observation_id,
    person_id, CAST(NULL AS VARCHAR) AS encounter_id, observation_date, code_system AS source_code_type,
    code AS source_code, code_system AS normalized_code_type, code AS normalized_code,
    coalesce(concat_ws(' ', comparator, CAST(value AS VARCHAR)), '') || coalesce(value_text, '') AS result,
    unit AS source_units, unit AS normalized_units, coalesce(data_source, 'cpticd') AS data_source
FROM observations
ORDER BY observation_id
