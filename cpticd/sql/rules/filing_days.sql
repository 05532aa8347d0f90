-- One row per claim whose kind of payer has a last day of filing: that day, counted from the day on which the claim is
-- judged (a stay's discharge, else the first day of service).
SELECT c.claim_id,
    CAST(CASE d.unit WHEN 'months' THEN c.service_date + to_months(CAST(d.length AS INTEGER))
              ELSE c.service_date + CAST(d.length AS INTEGER) END AS DATE) AS file_by
FROM rule_claims c
JOIN table_deadlines d ON d.payer_kind = c.payer_kind AND d.payer = '*'
    AND d.action = 'corrected claim' AND d.counted_from = 'service'
WHERE c.service_date IS NOT NULL
