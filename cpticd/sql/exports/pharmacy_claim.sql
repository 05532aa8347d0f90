-- Tuva's pharmacy_claim: one row per fill.
SELECT
    fill_id AS claim_id, CAST(1 AS INTEGER) AS claim_line_number, person_id, person_id AS member_id, payer,
    CAST(NULL AS VARCHAR) AS plan, prescribing_npi AS prescribing_provider_npi, dispensing_npi AS dispensing_provider_npi,
    fill_date AS dispensing_date, ndc_code, dispensed_quantity AS quantity, days_supply, CAST(NULL AS INTEGER) AS refills,
    paid_date, CAST(NULL AS DECIMAL(18,2)) AS paid_amount, CAST(NULL AS DECIMAL(18,2)) AS allowed_amount, charge_amount,
    CAST(NULL AS DECIMAL(18,2)) AS coinsurance_amount, CAST(NULL AS DECIMAL(18,2)) AS copayment_amount,
    CAST(NULL AS DECIMAL(18,2)) AS deductible_amount, CAST(NULL AS INTEGER) AS in_network_flag,
    coalesce(data_source, 'cpticd') AS data_source, patient_responsibility_amount AS x_patient_responsibility_amount,
    rxnorm_code AS x_rxnorm_code
FROM drugs
ORDER BY fill_id
