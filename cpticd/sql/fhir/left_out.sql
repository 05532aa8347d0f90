-- One row per resource that is in no table, with the reason.
SELECT c.source, c.place AS location, f.reason,
    CASE WHEN f.reason LIKE 'another content%' THEN 'warning' ELSE 'note' END AS severity,
    concat_ws(' ', x.kind, coalesce(x.id, x.number)) AS content, a.charge AS amount
FROM fhir_fates f
JOIN fhir_resources c ON c.r = f.r
JOIN fhir_claims x ON x.r = f.r
LEFT JOIN fhir_sums a ON a.r = f.r AND a.n = 0
WHERE f.reason IS NOT NULL
UNION ALL
SELECT h.source, h.place, 'a drug event without a person or a product', 'warning', h.claim_id, h.charge
FROM fhir_headers h WHERE h.claim_form = 'pharmacy' AND h.person_id IS NULL
UNION ALL
SELECT c.source, c.place, CASE
        WHEN c.kind = 'Patient' THEN 'a Patient without a year of coverage or claims'
        WHEN c.kind = 'Coverage' THEN 'a Coverage without a person, or without dates and months'
        WHEN c.kind IN ('Organization', 'Practitioner') THEN 'names a provider or payer of claims; no table of its own'
        WHEN c.kind = 'Observation' THEN 'an Observation without a person, a day, a code or a value, taken back, or an earlier version'
        WHEN c.kind = 'OperationOutcome' THEN 'a message of the sender: look at it'
        ELSE 'a kind of resource that says nothing of claims' END,
    CASE c.kind WHEN 'OperationOutcome' THEN 'warning' ELSE 'note' END, concat_ws(' ', c.kind, c.id), NULL
FROM fhir_resources c
WHERE c.kind NOT IN ('ExplanationOfBenefit', 'Claim', 'ClaimResponse')
    AND NOT (c.kind = 'Patient' AND c.id IN (SELECT person_id FROM members))
    AND NOT (c.kind = 'Coverage' AND c.r IN (SELECT r FROM fhir_coverages v JOIN members m ON m.person_id = v.person))
    AND NOT (c.kind = 'Observation' AND c.r IN (SELECT r FROM fhir_standing))
