-- Claims of other files as 837s have them, with keys behind all of theirs.
SELECT
    {first_key} + row_number() OVER (ORDER BY claim_id) AS key, claim_id,
    coalesce(source_claim_id, claim_id) AS source_claim_id, person_id, CAST(NULL AS VARCHAR) AS member_id,
    payer, payer_id, payer_sequence, billing_npi, coalesce(frequency_code, substr(bill_type_code, 3, 1)) AS frequency_code,
    original_payer_claim_id, charge_amount, claim_start_date AS start_date, claim_end_date AS end_date,
    received_date AS sent_date, coalesce(a.decisions, 0) AS decisions
FROM {claims} c
LEFT JOIN (
    SELECT claim_id, max(adjudication_number) AS decisions FROM {adjudications} a GROUP BY claim_id
) a USING (claim_id)
QUALIFY row_number() OVER (PARTITION BY claim_id ORDER BY claim_start_date, charge_amount) = 1
