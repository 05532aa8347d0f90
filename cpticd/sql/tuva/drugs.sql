-- One row per fill of a prescription: a claim of a pharmacy, or a line of one where it is not the first.
SELECT
    CASE WHEN coalesce(claim_line_number, 1) = 1 THEN claim_id ELSE claim_id || '/' || claim_line_number END AS fill_id,
    person_id, fill_date, ndc_code, rxnorm_code, dispensed_quantity, days_supply, prescribing_npi, dispensing_npi, payer, paid_date,
    {charge} AS charge_amount, {patient} AS patient_responsibility_amount, CASE _source {names} END AS data_source, _source
FROM tuva_fills
