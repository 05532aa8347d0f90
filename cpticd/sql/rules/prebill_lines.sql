-- One row per line that a payer has decided or is to decide, and per flagged claim that has no line, numbered; what is
-- known of it before the decision, and the quarter of the decision. A version of a claim that a later one replaced is
-- nobody's work any more (is_current 0), though what was decided of it teaches.
WITH every AS (
    SELECT o.claim_id, o.claim_line_number, o.person_id, o.payer, o.place, o.service_date, o.hcpcs_code,
        coalesce(o.hcpcs_code, 'of revenue code ' || l.revenue_center_code, '(none)') AS service,
        coalesce(l.rendering_npi, c.billing_npi, '(unknown)') AS provider,
        CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge_amount, o.initial_outcome,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount, c.received_date,
        CASE WHEN o.initial_outcome = 'not adjudicated' THEN NULL
             ELSE coalesce(o.first_paid_date, o.service_date, DATE '1900-01-01') END AS decided_on
    FROM line_outcomes o
    JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number
    LEFT JOIN claims c ON c.claim_id = o.claim_id
    WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid', 'not adjudicated')
    UNION ALL
    SELECT DISTINCT c.claim_id, CAST(NULL AS INTEGER), c.person_id, coalesce(c.payer, '(unknown)'),
        coalesce(c.place_of_service_code, '(unknown)'), c.claim_start_date, CAST(NULL AS VARCHAR), '(none)',
        coalesce(c.billing_npi, '(unknown)'), CAST(coalesce(c.charge_amount, 0) AS DOUBLE),
        CASE WHEN a.claim_id IS NULL THEN 'not adjudicated' ELSE 'adjudicated' END, CAST(0 AS DOUBLE), c.received_date,
        a.decided_on
    FROM rule_findings f
    JOIN claims c ON c.claim_id = f.claim_id
    LEFT JOIN (SELECT DISTINCT claim_id FROM lines) l ON l.claim_id = c.claim_id
    LEFT JOIN (
        SELECT claim_id, min(coalesce(paid_date, DATE '1900-01-01')) AS decided_on FROM adjudications GROUP BY claim_id
    ) a ON a.claim_id = c.claim_id
    WHERE l.claim_id IS NULL AND f.claim_line_number IS NULL
)
SELECT row_number() OVER (ORDER BY e.claim_id, e.claim_line_number) - 1 AS line, e.*,
    CAST(date_trunc('quarter', e.decided_on) AS DATE) AS quarter,
    CASE WHEN u.claim_id IS NULL THEN 1 ELSE 0 END AS is_current,
    CASE WHEN e.received_date IS NULL OR e.service_date IS NULL THEN '(unknown)'
         WHEN date_diff('day', e.service_date, e.received_date) <= 30 THEN 'within 30 days'
         WHEN date_diff('day', e.service_date, e.received_date) <= 90 THEN '31 to 90 days'
         WHEN date_diff('day', e.service_date, e.received_date) <= 180 THEN '91 to 180 days'
         WHEN date_diff('day', e.service_date, e.received_date) <= 365 THEN '181 to 365 days'
         ELSE 'more than 365 days' END AS filed
FROM every e
LEFT JOIN superseded u ON u.claim_id = e.claim_id
