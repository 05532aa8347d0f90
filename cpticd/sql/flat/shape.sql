-- flat_shape: rows of one line that may be parts of one decision, and what each explains.
-- core: all that makes a decision another one; adj, remark, dx: what its parts may differ in; whole: the row as it is.
-- owed is what charge and payment leave to adjustments, in up to three ways to count the patient's share.
CREATE OR REPLACE TABLE flat_shape AS
WITH several AS (
    SELECT claim_id, claim_line_number FROM flat GROUP BY ALL HAVING count(*) > 1
),
rows AS (
    SELECT
        f.rowid AS rid, f.claim_line_number IS NULL AS is_open, hash({core}) AS core,
        hash({adj}) AS adj, hash({remark}) AS remark, hash({dx}) AS dx, hash({modifiers}) AS modifiers, {whole} AS whole,
        f.charge_amount - f.paid_amount AS owed,
        coalesce(f.deductible_amount, 0) + coalesce(f.coinsurance_amount, 0) + coalesce(f.copay_amount, 0) AS shares,
        coalesce(f.patient_responsibility_amount, 0) AS patient,
        {amount} AS amount, {complete} AS complete, f._source, f._place
    FROM flat f
    JOIN several s ON s.claim_id = f.claim_id AND s.claim_line_number IS NOT DISTINCT FROM f.claim_line_number
    {words}
),
again AS (SELECT core FROM rows GROUP BY core HAVING count(*) > 1)
SELECT rows.*, row_number() OVER (
    PARTITION BY core, whole ORDER BY f._carried NULLS FIRST, {kept} rows._source, rows._place
) AS nth, row_number() OVER (PARTITION BY core ORDER BY {order}, rows._source, rows._place) AS rank
FROM rows SEMI JOIN again USING (core) JOIN flat f ON f.rowid = rows.rid
