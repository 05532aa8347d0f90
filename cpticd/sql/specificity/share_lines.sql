-- One row per group: lines that point to a diagnosis, those that point to an unspecified one, and their dollars.
-- A line's dollars are shared out among its diagnoses, so that groups by diagnosis add up to the lines' total:
-- as decimals, whose sum is the same in whatever order they are added.
WITH used AS (
    SELECT {select} o.claim_id, o.claim_line_number,
        max(CASE WHEN k.unspecified THEN 1 ELSE 0 END) AS unspecified,
        sum(CAST(p.share * o.charge_amount AS DECIMAL(18,8))) AS amount,
        sum(CASE WHEN k.unspecified THEN CAST(p.share * o.charge_amount AS DECIMAL(18,8)) ELSE 0 END) AS unspecified_amount
    FROM pairs p
    JOIN standing_lines o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
    JOIN judged_codes k ON k.diagnosis_code = p.diagnosis_code
    WHERE k.judged
    GROUP BY {by} o.claim_id, o.claim_line_number
)
SELECT {columns} count(*) AS lines, CAST(sum(unspecified) AS BIGINT) AS unspecified_lines,
    sum(amount) AS charge_amount, sum(unspecified_amount) AS unspecified_amount
FROM used
{group}
