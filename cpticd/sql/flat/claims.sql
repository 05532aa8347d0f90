-- flat_claims: one row per claim, of all of its rows; which columns they contradict each other in.
CREATE OR REPLACE TABLE flat_claims AS
SELECT
    f.claim_id, min(f.source_claim_id) AS source_claim_id,
    coalesce(min(t.kind), CASE WHEN bool_or(f.bill_type_code IS NOT NULL OR f.revenue_center_code IS NOT NULL)
        THEN 'institutional' ELSE 'professional' END) AS claim_type,
    {least} {first} {place}
    coalesce(min(f.claim_start_date), min(f.claim_line_start_date)) AS claim_start_date,
    coalesce(max(f.claim_end_date), max(f.claim_line_end_date), max(f.claim_line_start_date),
        max(f.claim_start_date)) AS claim_end_date,
    max(f.claim_charge_amount) AS claim_charge_amount, min(f._source) AS _source, min(f._place) AS _place
    {differs}
FROM flat_rows f
LEFT JOIN flat_type t ON t.text = f.claim_type
GROUP BY f.claim_id
