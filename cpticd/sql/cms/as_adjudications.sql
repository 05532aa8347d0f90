-- One row per decision. What the patient bears is that of the lines, and of the claim where no line says it.
WITH shares AS (
    SELECT
        claim_id, adjudication_number,
        sum(coalesce(line_deductible, 0) + coalesce(line_blood, 0)
            + coalesce(nullif(line_reduced_coinsurance, 0), line_coinsurance, 0)) AS amount
    FROM cms_own_lines
    GROUP BY ALL
)
SELECT
    d.claim_id, d.adjudication_number, 'Medicare' AS payer, 'medicare' AS payer_kind, d.processed AS paid_date,
    CASE WHEN d.sign < 0 THEN '22' ELSE d.status END AS claim_status_code, d.sign < 0 AS is_reversal,
    d.frequency AS frequency_code, d.sign * CASE WHEN d.sign < 0 THEN abs(d.charged) ELSE d.charged END AS charge_amount,
    d.sign * CASE WHEN d.sign < 0 THEN abs(d.paid_in_all) ELSE d.paid_in_all END AS paid_amount,
    d.sign * (
        coalesce(s.amount, 0)
        + CASE WHEN coalesce(d.has_deductible, false) THEN 0 ELSE coalesce(d.deductible, 0) END
        + CASE WHEN coalesce(d.has_coinsurance, false) THEN 0 ELSE coalesce(d.coinsurance, 0) END
        + CASE WHEN coalesce(d.has_blood, false) THEN 0 ELSE coalesce(d.blood, 0) END
    ) AS patient_responsibility_amount,
    d.control AS payer_claim_id, d.src AS _source
FROM cms_decisions d
LEFT JOIN shares s ON s.claim_id = d.claim_id AND s.adjudication_number = d.adjudication_number
