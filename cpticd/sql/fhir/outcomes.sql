-- One row per decision that says something of its claim: dates, status, amounts, and whether it was taken back.
WITH lines AS (
    SELECT r, sum(charge) AS charge, sum(paid) AS paid,
        sum(coalesce(deductible, 0) + coalesce(coinsurance, 0) + coalesce(copay, 0) + coalesce(blood, 0)) AS share,
        sum(liability) AS liability, count(coalesce(allowed, paid, deductible, coinsurance, copay, noncovered, discount, liability))
            AS said
    FROM fhir_answered GROUP BY r
),
reasons AS (SELECT r, count(*) AS n FROM fhir_causes GROUP BY r),
said AS (
    SELECT
        e.r, e.claim_r, e.number, c.kind, c.status, c.outcome, c.number AS own_number, s.control_number, s.adjustment_type,
        coalesce(e.paid_date, e.processed, CASE WHEN NOT c.is_medicare THEN e.created END) AS day,
        e.paid_date IS NULL AND e.processed IS NOT NULL AS is_processed,
        e.paid_date IS NULL AND e.processed IS NULL AND NOT c.is_medicare AND e.created IS NOT NULL AS is_created,
        coalesce(h.charge, l.charge) AS charge,
        coalesce(c.payment, h.paid, CASE WHEN h.to_provider IS NOT NULL OR h.to_patient IS NOT NULL
            THEN coalesce(h.to_provider, 0) + coalesce(h.to_patient, 0) END, l.paid) AS paid,
        coalesce(nullif(l.share, 0), nullif(coalesce(h.deductible, 0) + coalesce(h.coinsurance, 0) + coalesce(h.copay, 0)
            + coalesce(h.blood, 0), 0), l.liability, h.liability, h.patient_paid) AS share,
        d.code IS NOT NULL OR p.code IS NOT NULL OR t.code IS NOT NULL AS is_denied,
        coalesce(l.said, 0) + coalesce(q.n, 0) > 0 OR e.paid_date IS NOT NULL OR c.payment IS NOT NULL OR h.paid IS NOT NULL
            OR h.allowed IS NOT NULL OR h.to_provider IS NOT NULL OR d.code IS NOT NULL OR p.code IS NOT NULL
            OR t.code IS NOT NULL OR (c.kind = 'ClaimResponse' AND c.outcome = 'queued') AS is_said
    FROM fhir_decisions e
    JOIN fhir_claims c ON c.r = e.r
    LEFT JOIN fhir_said s ON s.r = e.r
    LEFT JOIN fhir_sums h ON h.r = e.r AND h.n = 0
    LEFT JOIN lines l ON l.r = e.r
    LEFT JOIN reasons q ON q.r = e.r
    LEFT JOIN fhir_codes d ON d.element = 'carrier denial' AND d.code = s.carrier_denial
    LEFT JOIN fhir_codes p ON p.element = 'non-payment reason' AND p.code = s.non_payment
    LEFT JOIN fhir_codes t ON t.element = 'claim status' AND t.code = s.claim_status
)
SELECT *,
    CASE WHEN is_denied AND coalesce(paid, 0) <= 0 THEN '4' WHEN outcome = 'queued' THEN '13' END AS status_code
FROM said
WHERE is_said
