-- flat_carried: rows that have a reason and no dollars of their own, below the one row of their line and decision that
-- has them: reports print charge and payment once. Without line numbers a blank charge, of one procedure and day.
CREATE OR REPLACE TABLE flat_carried AS
WITH blank AS (
    SELECT f.rowid AS rid, f.*
    FROM flat f
    WHERE coalesce(f.charge_amount, 0) = 0 AND coalesce(f.paid_amount, 0) = 0 AND coalesce(f.allowed_amount, 0) = 0
        AND coalesce({reasons}) IS NOT NULL AND (f.claim_line_number IS NOT NULL OR f.charge_amount IS NULL)
),
matched AS (
    SELECT b.rid, f.rowid AS whole, count(*) OVER (PARTITION BY b.rid) AS n
    FROM blank b
    JOIN flat f
        ON f.claim_id = b.claim_id AND f.charge_amount <> 0
        AND f.claim_line_number IS NOT DISTINCT FROM b.claim_line_number
        AND coalesce(b.paid_date = f.paid_date, b.paid_date IS NULL)
        AND coalesce(b.payer = f.payer, b.payer IS NULL)
        AND coalesce(b.payment_id = f.payment_id, b.payment_id IS NULL)
        AND coalesce(b.hcpcs_code = f.hcpcs_code, b.hcpcs_code IS NULL)
        AND coalesce(b.claim_line_start_date = f.claim_line_start_date, b.claim_line_start_date IS NULL)
)
SELECT rid, whole FROM matched WHERE n = 1
