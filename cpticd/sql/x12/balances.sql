-- Where charge less adjustments is not what was paid, with the difference, at the three levels of a remittance.
-- Interest is no part of any of them: it stands among the provider adjustments.
CREATE TEMP TABLE x12_explained AS
SELECT key, ordinal, sum(amount) AS amount FROM x12_adjustments GROUP BY key, ordinal;
CREATE TEMP TABLE x12_line_balance AS
SELECT
    s.key, s.ordinal, s.charge_amount AS charge, coalesce(a.amount, 0) AS adjusted, s.paid_amount AS paid,
    s.charge_amount - coalesce(a.amount, 0) - s.paid_amount AS amount
FROM x12_services s LEFT JOIN x12_explained a ON a.key = s.key AND a.ordinal = s.ordinal
WHERE s.charge_amount - coalesce(a.amount, 0) <> s.paid_amount;
-- A claim's own difference is what its lines do not show; adjustments of the claim may explain all of its lines.
CREATE TEMP TABLE x12_claim_balance AS
WITH lines AS (SELECT key, sum(amount) AS amount FROM x12_line_balance GROUP BY key),
adjusted AS (
    SELECT key, sum(amount) AS amount, sum(CASE WHEN ordinal = 0 THEN amount END) AS own FROM x12_explained GROUP BY key
),
found AS (
    SELECT
        r.key, r.charge_amount AS charge, coalesce(a.amount, 0) AS adjusted, r.paid_amount AS paid, a.own,
        r.charge_amount - coalesce(a.amount, 0) - r.paid_amount AS amount, coalesce(l.amount, 0) AS of_lines
    FROM x12_remits r LEFT JOIN adjusted a ON a.key = r.key LEFT JOIN lines l ON l.key = r.key
    WHERE r.charge_amount IS NOT NULL AND r.paid_amount IS NOT NULL
)
SELECT *, amount = 0 AND of_lines = own AS explains_lines FROM found WHERE amount <> 0 OR of_lines <> 0;
CREATE TEMP TABLE x12_payment_balance AS
SELECT
    p.key, coalesce(r.paid, 0) AS paid, coalesce(a.amount, 0) AS adjusted, p.amount AS sent,
    p.amount - coalesce(r.paid, 0) + coalesce(a.amount, 0) AS amount
FROM x12_payments p
LEFT JOIN (SELECT set_key, sum(paid_amount) AS paid FROM x12_remits GROUP BY set_key) r ON r.set_key = p.key
LEFT JOIN (SELECT set_key, sum(amount) AS amount FROM x12_provider_adjustments GROUP BY set_key) a ON a.set_key = p.key;
DROP TABLE x12_explained;
