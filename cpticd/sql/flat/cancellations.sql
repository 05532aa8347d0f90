-- flat_cancelled: decisions that say they cancel one, and whether another row of the line has what they take back.
-- Of one claim and line (without numbers: of one day and procedure) the amounts are the same, but for the sign.
CREATE OR REPLACE TABLE flat_cancelled AS
WITH rows AS (
    SELECT
        f.rowid AS rid, f.claim_id, f.claim_line_number AS line, f.claim_line_start_date AS day, f.hcpcs_code AS code,
        f._modifiers AS modifiers, abs(f.charge_amount) AS charge, abs(f.paid_amount) AS paid,
        coalesce(f._cancels, false) AS says,
        coalesce(f._cancels, false) OR coalesce(f.charge_amount < 0, false) AS cancels,
        coalesce(f.charge_amount > 0, false) OR coalesce(f.paid_amount > 0, false) AS is_positive,
        -- said by nothing but the sign of what was paid
        coalesce(f.paid_amount < 0 AND f.charge_amount >= 0, false) AND NOT coalesce(
            f.status IN (SELECT text FROM flat_status WHERE code = '22'), false) AS by_payment,
        f._source, f._place
    FROM flat f
    WHERE f._head IS NULL AND f.claim_id IN (SELECT claim_id FROM flat WHERE _cancels)
),
counted AS (
    SELECT *, row_number() OVER (
        PARTITION BY claim_id, line, CASE WHEN line IS NULL THEN day END, CASE WHEN line IS NULL THEN code END,
            CASE WHEN line IS NULL THEN modifiers END, charge, paid, cancels
        ORDER BY _source, _place
    ) AS nth
    FROM rows
)
SELECT
    c.rid, c.is_positive, concat_ws(', ', c.claim_id, c.charge, c.paid) AS content,
    CASE WHEN c.by_payment AND d.rid IS NULL THEN 'payment'
         WHEN d.rid IS NOT NULL OR NOT c.is_positive THEN 'taken back' ELSE 'alone' END AS kind
FROM counted c
LEFT JOIN counted d
    ON NOT d.cancels AND d.claim_id = c.claim_id AND d.line IS NOT DISTINCT FROM c.line
    AND (c.line IS NOT NULL OR d.day IS NOT DISTINCT FROM c.day AND d.code IS NOT DISTINCT FROM c.code
        AND d.modifiers IS NOT DISTINCT FROM c.modifiers)
    AND d.charge IS NOT DISTINCT FROM c.charge AND d.paid IS NOT DISTINCT FROM c.paid AND d.nth = c.nth
WHERE c.says
