-- One row per value of an Observation that can be stored.
SELECT *
FROM fhir_observations
WHERE person IS NOT NULL AND day IS NOT NULL AND code IS NOT NULL AND coalesce(number, words) IS NOT NULL
    AND coalesce(status, '') NOT IN ('entered-in-error', 'cancelled')
QUALIFY id IS NULL OR dense_rank() OVER (
    PARTITION BY id ORDER BY coalesce(updated, TIMESTAMPTZ '1900-01-01') DESC, r DESC) = 1
