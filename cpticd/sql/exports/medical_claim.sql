-- Tuva's medical_claim: one row per line that stands, with what was paid of its service at last. Columns after
-- data_source are extensions, which Tuva carries along by their prefix.
SELECT
    c.claim_id, CAST(coalesce(nullif(s.line, 0), 1) AS INTEGER) AS claim_line_number, c.claim_type, c.person_id,
    c.person_id AS member_id, s.payer, CAST(NULL AS VARCHAR) AS plan, c.claim_start_date, c.claim_end_date,
    l.claim_line_start_date, l.claim_line_end_date, CAST(NULL AS DATE) AS admission_date, CAST(NULL AS DATE) AS discharge_date,
    CAST(NULL AS VARCHAR) AS admit_source_code, CAST(NULL AS VARCHAR) AS admit_type_code,
    c.discharge_status_code AS discharge_disposition_code,
    coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code, c.bill_type_code,
    CAST(NULL AS VARCHAR) AS drg_code_type, c.drg_code, l.revenue_center_code, l.service_unit_quantity, l.hcpcs_code,
    l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4, CAST(NULL AS VARCHAR) AS hcpcs_modifier_5,
    l.rendering_npi, CAST(NULL AS VARCHAR) AS rendering_tin, c.billing_npi, CAST(NULL AS VARCHAR) AS billing_tin,
    c.facility_npi, s.paid_date, s.paid_amount, s.allowed_amount,
    CASE WHEN s.line = 0 THEN c.charge_amount ELSE l.charge_amount END AS charge_amount,
    e.coinsurance_amount, e.copayment_amount, e.deductible_amount, CAST(NULL AS DECIMAL(18,2)) AS total_cost_amount,
    {diagnoses}
    {procedures}
    CAST(NULL AS INTEGER) AS in_network_flag, coalesce(c.data_source, 'cpticd') AS data_source,
    CAST(NULL AS VARCHAR) AS file_name, CAST(NULL AS DATE) AS file_date, CAST(NULL AS TIMESTAMP) AS ingest_datetime,
    s.payer_kind AS x_payer_kind, s.payer_sequence AS x_payer_sequence, c.frequency_code AS x_frequency_code,
    c.original_payer_claim_id AS x_original_payer_claim_id, c.received_date AS x_received_date,
    c.charge_amount AS x_claim_charge_amount, c.billing_taxonomy AS x_billing_taxonomy,
    l.rendering_taxonomy AS x_rendering_taxonomy, l.unit_of_measure AS x_unit_of_measure, l.ndc_code AS x_ndc_code,
    q.diagnosis_pointers AS x_diagnosis_pointers, s.payer_claim_id AS x_payer_claim_id,
    s.patient_amount AS x_patient_responsibility_amount,
    CASE WHEN s.outcome = 'denied' AND coalesce(s.paid_amount, 0) <= 0 THEN '4' END AS x_status,
    {reasons}
    s.outcome AS x_line_outcome, s.state AS x_line_state, s.cause AS x_denial_cause{own}
FROM standing s
JOIN claims c ON c.claim_id = s.claim_id
LEFT JOIN lines l ON l.claim_id = s.claim_id AND l.claim_line_number = s.line
{joins}
ORDER BY c.claim_id, s.line
