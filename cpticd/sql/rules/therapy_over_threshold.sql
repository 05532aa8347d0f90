-- One row per line of therapy without KX whose allowed amount brings the person's year over the threshold, or that comes
-- after it was reached, denied or not decided yet: of physical and speech therapy together, and of occupational therapy.
-- What was not allowed adds nothing to the year.
WITH allowed AS (
    SELECT t.claim_id, t.claim_line_number, t.person, t.hcpcs_code, t.service_date, t.has_kx, t.is_superseded,
        CASE WHEN contains(t.given, 'GO') THEN 'GO' ELSE 'GP' END AS kind,
        CASE WHEN coalesce(o.final_outcome, '') = 'denied' THEN CAST(0 AS DOUBLE)
             ELSE CAST(coalesce(o.allowed_amount, 0) AS DOUBLE) END AS amount
    FROM rule_therapy t
    JOIN line_outcomes o ON o.claim_id = t.claim_id AND o.claim_line_number = t.claim_line_number
    WHERE t.given IS NOT NULL
),
running AS (
    SELECT *, sum(amount) OVER (PARTITION BY person, kind, year(service_date)
                                ORDER BY service_date, claim_id, claim_line_number) AS total
    FROM allowed
)
SELECT r.claim_id, r.claim_line_number, r.hcpcs_code AS codes,
    'therapy of the year is over the threshold of ' || h.amount || ' dollars, and the line has no KX' AS message,
    printf('allowed in the year so far %.2f', r.total) AS evidence, 'therapy_thresholds ' || h.year || ', ' || h.source AS release,
    CAST(NULL AS DATE) AS effective_date
FROM running r
JOIN table_therapy_thresholds h ON h.year = year(r.service_date)
WHERE NOT r.has_kx
    AND CASE WHEN r.amount > 0 THEN r.total > h.amount ELSE r.total >= h.amount AND NOT r.is_superseded END
