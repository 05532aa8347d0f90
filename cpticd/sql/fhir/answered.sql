-- One row per decision and line of the claim that it answers, with its amounts; of an item that was split, per detail.
WITH lines AS (
    SELECT l.r, l.r AS claim_r, l.line, l.n, l.d, l.s, l.hcpcs, l.revenue, l.modifiers, l.quantity, l.start, l.charge
    FROM fhir_lines l
    JOIN fhir_decisions e ON e.r = l.r
    WHERE l.line IS NOT NULL
    UNION ALL
    SELECT s.r, a.claim_r, l.line, s.n, 0, 0, l.hcpcs, l.revenue, l.modifiers, l.quantity, l.start, l.charge
    FROM fhir_services s
    JOIN fhir_answers a ON a.r = s.r
    JOIN fhir_lines l ON l.r = a.claim_r AND l.line IS NOT NULL AND l.d = 0 AND l.sequence = s.sequence
    WHERE s.d = 0
)
SELECT
    l.*, a.allowed, coalesce(a.paid, CASE WHEN a.to_provider IS NOT NULL OR a.to_patient IS NOT NULL
        THEN coalesce(a.to_provider, 0) + coalesce(a.to_patient, 0) END) AS paid,
    a.deductible, a.blood, a.coinsurance, a.copay, a.prior, a.noncovered, a.discount, a.liability, a.patient_paid
FROM lines l
LEFT JOIN fhir_sums a ON a.r = l.r AND a.n = l.n AND a.d = l.d AND a.s = l.s
