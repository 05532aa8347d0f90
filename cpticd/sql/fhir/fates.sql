-- One row per ExplanationOfBenefit, Claim and ClaimResponse: null where it is loaded, else why it is left out.
-- One id of one person is one resource, whatever page it stands on; of its versions the latest stands.
WITH keyed AS (
    SELECT c.*, s.deletion, coalesce(c.patient, c.patient_number, '') AS whose, coalesce(c.id, 'number ' || c.number || c.content) AS identity
    FROM fhir_claims c LEFT JOIN fhir_said s ON s.r = c.r
),
ranked AS (
    SELECT
        r, identity,
        row_number() OVER version AS version, first_value(content) OVER version AS first_content,
        first_value(updated) OVER version AS first_updated
    FROM keyed
    WHERE identity IS NOT NULL
    WINDOW version AS (PARTITION BY kind, identity, whose ORDER BY updated DESC NULLS LAST, items DESC,
        payment DESC NULLS LAST, number, source, place)
),
versions AS (SELECT * FROM ranked WHERE version > 1),
explained AS (SELECT about, response FROM fhir_claims WHERE kind = 'ExplanationOfBenefit')
SELECT
    k.r,
    CASE
        WHEN v.r IS NOT NULL AND v.first_content = k.content THEN 'the same resource stands in the data already'
        WHEN v.r IS NOT NULL AND k.updated < v.first_updated THEN 'an earlier version of a resource: the latest stands'
        WHEN v.r IS NOT NULL THEN 'another content under the same id and person: one of them stands'
        WHEN k.use IN ('preauthorization', 'predetermination') THEN 'a ' || k.use || ': asked for before, no service'
        WHEN k.status = 'entered-in-error' THEN 'entered in error'
        WHEN k.status = 'draft' THEN 'a draft, not sent'
        WHEN k.form = 'deleted pharmacy' OR k.deletion = 'D' THEN 'a drug event that was deleted'
        WHEN k.kind = 'Claim' AND k.id IN (SELECT about FROM explained) THEN 'stands in its ExplanationOfBenefit'
        WHEN k.kind = 'ClaimResponse' AND (k.id IN (SELECT response FROM explained) OR k.request IN (SELECT about FROM explained))
            THEN 'stands in its ExplanationOfBenefit'
    END AS reason
FROM keyed k
LEFT JOIN versions v ON v.r = k.r
