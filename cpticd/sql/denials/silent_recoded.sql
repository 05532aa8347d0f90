-- One row per line and adjudication that allows something for another code than the submitted one; what is packaged
-- into another service, or denied, is no silent change.
WITH usual AS (  -- what a payer allows for a code that it leaves as submitted
    SELECT o.payer, p.hcpcs_code,
        median(CAST(p.allowed_amount AS DOUBLE) / greatest(coalesce(p.service_unit_quantity, 1), 1)) AS allowed
    FROM line_payments p
    JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
    WHERE p.allowed_amount > 0 AND p.hcpcs_code = coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
    GROUP BY o.payer, p.hcpcs_code
)
SELECT p.claim_id, p.claim_line_number, p.adjudication_number, o.payer, p.hcpcs_code,
    coalesce(p.submitted_hcpcs_code, o.hcpcs_code) AS submitted_hcpcs_code,
    u.allowed * greatest(CAST(coalesce(p.service_unit_quantity, 1) AS DOUBLE), 1)
        - CAST(coalesce(p.allowed_amount, p.paid_amount) AS DOUBLE) AS amount
FROM line_payments p
JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
JOIN adjudications a ON a.claim_id = p.claim_id AND a.adjudication_number = p.adjudication_number
LEFT JOIN usual u ON u.payer = o.payer AND u.hcpcs_code = coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
WHERE p.hcpcs_code <> coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
    AND coalesce(a.claim_status_code, '') <> '22' AND coalesce(p.allowed_amount, p.paid_amount, 1) > 0
