-- One row per service line, with what it is divided by, and whether its claim still stands: one that a later claim
-- replaced or took back does not, nor does a void. The frequency code is the third character of a bill type where it
-- does not stand by itself.
WITH given AS (
    SELECT {select}
        o.claim_id, o.claim_line_number, o.person_id, o.payer, o.hcpcs_code, c.billing_npi,
        o.service_date, CAST(date_trunc('month', o.service_date) AS DATE) AS month, o.initial_outcome,
        CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge_amount,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount,
        u.claim_id IS NOT NULL OR coalesce(c.frequency_code, substr(c.bill_type_code, 3, 1), '1') = '8'
            AS is_superseded
    FROM line_outcomes o
    LEFT JOIN claims c ON c.claim_id = o.claim_id
    LEFT JOIN superseded u ON u.claim_id = o.claim_id
    {joins}
)
SELECT * FROM given WHERE {kept}
