-- One row per member of a care team who may have done a service (rank 1, 2) or prescribed a drug.
WITH every AS (
    SELECT r, unnest(b.careTeam) AS t, generate_subscripts(b.careTeam, 1) AS n FROM fhir_bodies
)
SELECT
    r, n, coalesce(TRY_CAST(t.sequence AS INTEGER), n) AS sequence, f.meaning AS role, f.rank,
    fhir_npi(t.provider.identifier) AS npi, t.provider.reference AS reference, fhir_taxonomy(t.qualification) AS taxonomy
FROM every
JOIN fhir_codes f
    ON f.element = 'role' AND f.code = list_filter(list_transform(t.role.coding, lambda c: lower(c.code)),
        lambda x: x IN ('performing', 'rendering', 'primary', 'prescribing'))[1]
