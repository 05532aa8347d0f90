-- What claims report of other payers: a row per service row or claim as a whole (line null), with the decision that it
-- belongs to (one per claim and other payer, numbered after the remittances of the claim) and its place in it.
-- A claim that names another payer without a payment or an adjustment reports no decision.
CREATE TEMP TABLE x12_report AS
WITH names AS (
    SELECT payer_id, arg_max(payer, (n, payer)) AS payer FROM x12_said GROUP BY payer_id
),
told AS (SELECT * FROM x12_reported ANTI JOIN x12_resent USING (key)),
decided AS (
    SELECT
        t.key, t.place, min(t.payer_sequence) AS payer_sequence, max(t.paid_date) AS paid_date,
        coalesce(min(CASE WHEN t.payer <> coalesce(t.payer_id, '') THEN t.payer END), min(n.payer), min(t.payer),
            min(t.payer_id)) AS payer, min(t.payer_id) AS payer_id,
        coalesce(sum(CASE WHEN t.line IS NULL THEN t.paid_amount END), sum(t.paid_amount)) AS paid_amount
    FROM told t
    LEFT JOIN names n ON n.payer_id = t.payer_id
    LEFT JOIN (SELECT DISTINCT key, place FROM x12_reported_adjustments) a ON a.key = t.key AND a.place = t.place
    GROUP BY t.key, t.place
    HAVING count(t.paid_amount) > 0 OR count(a.place) > 0
),
numbered AS (
    SELECT
        d.*, CAST(coalesce(l.number, 0) + row_number() OVER (
            PARTITION BY d.key ORDER BY d.payer_sequence NULLS LAST, d.place) AS INTEGER) AS number
    FROM decided d
    LEFT JOIN (SELECT claim, max(number) AS number FROM x12_link GROUP BY claim) l ON l.claim = d.key
)
SELECT
    t.key, t.place, t.line, n.number, n.payer, n.payer_id, n.payer_sequence, n.paid_date, n.paid_amount AS claim_paid,
    t.hcpcs_code, t.hcpcs_modifier_1, t.hcpcs_modifier_2, t.hcpcs_modifier_3, t.hcpcs_modifier_4, t.revenue_center_code,
    t.paid_amount, t.service_unit_quantity,
    CASE WHEN t.line IS NOT NULL THEN CAST(count(t.line) OVER w AS INTEGER) END AS ordinal, row_number() OVER w = 1 AS is_first,
    row_number() OVER (PARTITION BY t.key, t.place, t.line ORDER BY t.hcpcs_code, t.paid_amount, t.hcpcs_modifier_1,
        t.revenue_center_code) = 1 AS is_first_of_line
FROM told t JOIN numbered n ON n.key = t.key AND n.place = t.place
WINDOW w AS (PARTITION BY t.key, t.place ORDER BY t.line, t.hcpcs_code, t.paid_amount, t.hcpcs_modifier_1,
    t.revenue_center_code ROWS UNBOUNDED PRECEDING);
