-- Lines that service rows may answer: of the claims that were found, else those that the first remittance of a claim
-- that was not seen names. Its rows with one line control number, procedure and day are one line, and so are the
-- components of a panel, of which the first repeats the charge and the others have none.
CREATE TEMP TABLE x12_origin_row AS
WITH rows AS (
    SELECT s.*, o.claim, s.is_recoded AND coalesce(s.charge, 0) = 0 AS is_part
    FROM x12_origin o JOIN x12_service s ON s.remit = o.remit
),
led AS (
    SELECT *, coalesce(max(CASE WHEN NOT is_part THEN ordinal END) OVER (
        PARTITION BY remit, code, modifiers, day ORDER BY ordinal ROWS UNBOUNDED PRECEDING), ordinal) AS leader
    FROM rows
)
SELECT
    remit, claim, ordinal, CASE WHEN is_part OR control IS NULL THEN leader
        ELSE min(ordinal) OVER (PARTITION BY remit, control, code, modifiers, day) END AS line
FROM led;
CREATE TEMP TABLE x12_claim_line AS
SELECT
    key AS claim, line, control, CASE WHEN control IS NULL THEN counter END AS counter, hcpcs_code AS code, modifiers,
    revenue_center_code AS revenue, abs(charge_amount) AS charge, abs(service_unit_quantity) AS units, start_date AS day
FROM x12_every_line WHERE key IN (SELECT claim FROM x12_link)
UNION ALL
SELECT
    o.claim, o.line, any_value(s.control), NULL, any_value(s.code), any_value(s.modifiers), any_value(s.revenue),
    sum(s.charge), sum(s.units), any_value(s.day)
FROM x12_origin_row o JOIN x12_service s ON s.remit = o.remit AND s.ordinal = o.ordinal
GROUP BY o.claim, o.line;
