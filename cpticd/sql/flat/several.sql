-- flat_several: claims whose rows must be put in order: more than one decision, or a line that stands twice.
CREATE OR REPLACE TABLE flat_several AS
SELECT claim_id
FROM flat_rows
GROUP BY claim_id
HAVING bool_or(_cancels OR charge_amount < 0) OR min(paid_date) <> max(paid_date) OR min(payer) <> max(payer)
    OR count(payer) NOT IN (0, count(*)) OR min(payment_id) <> max(payment_id)
    OR count(payment_id) NOT IN (0, count(*))
UNION
SELECT f.claim_id FROM flat f SEMI JOIN flat_ranks r ON r.rid = f.rowid
