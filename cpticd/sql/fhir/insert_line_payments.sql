-- Only of decisions that pay by line: what is paid for a claim as a whole is shared out over its lines.
WITH paying AS (
    SELECT w.r FROM fhir_answered w JOIN fhir_outcomes o ON o.r = w.r JOIN fhir_headers h ON h.r = w.claim_r
    GROUP BY w.r, h.claim_form, o.paid
    HAVING count(w.paid) > 0 AND (h.claim_form = 'professional' OR sum(abs(w.paid)) > 0 OR coalesce(o.paid, 0) = 0)
)
SELECT
    h.claim_id, t.adjudication_number, w.line AS service_number,
    w.line AS claim_line_number, upper(w.hcpcs) AS hcpcs_code,
    CASE WHEN regexp_full_match(w.revenue, '[0-9]{1,4}') THEN lpad(w.revenue, 4, '0') END AS revenue_center_code,
    t.sign * w.charge AS charge_amount, t.sign * w.allowed AS allowed_amount, t.sign * w.paid AS paid_amount,
    w.quantity AS service_unit_quantity, w.start AS service_date, c.source AS _source
FROM fhir_answered w
JOIN paying y ON y.r = w.r
JOIN fhir_outcomes o ON o.r = w.r
JOIN fhir_headers h ON h.r = w.claim_r
JOIN fhir_claims c ON c.r = w.r
JOIN fhir_turns t ON t.r = o.r
