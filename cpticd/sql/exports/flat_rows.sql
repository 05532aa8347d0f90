-- One row per line and decision on it; a line without one, and a claim without lines, are one row. Columns are those that
-- the flat form reads; line_decision, line_outcome, line_state and denial_cause say what the decision was, what came of
-- the line, and why it was denied.
WITH decided AS (
    SELECT d.*, k.class
    FROM ledger d
    LEFT JOIN adjudications a ON a.claim_id = d.claim_id AND a.adjudication_number = d.adjudication_number
    LEFT JOIN claim_status_codes k ON k.code = a.claim_status_code
),
allowed AS (
    SELECT p.claim_id, p.adjudication_number, p.claim_line_number, sum(p.allowed_amount) AS allowed_amount,
        min(p.hcpcs_code) AS hcpcs_code
    FROM line_payments p
    GROUP BY p.claim_id, p.adjudication_number, p.claim_line_number
),
persons AS (
    SELECT person_id, arg_max(birth_date, year) AS birth_date, arg_max(sex, year) AS sex FROM members GROUP BY person_id
),
remarked AS (  -- of the claim as a whole, where they send a line back
    SELECT claim_id, adjudication_number, list(DISTINCT rarc) AS rarcs FROM remarks
    WHERE claim_line_number IS NULL GROUP BY claim_id, adjudication_number
)
SELECT
    s.line AS _line, d.adjudication_number AS _decision, s.claim_id, nullif(s.line, 0) AS claim_line_number, c.person_id, m.birth_date, m.sex,
    CASE WHEN d.claim_id IS NULL THEN c.payer ELSE coalesce(a.payer, c.payer) END AS payer,
    CASE WHEN d.claim_id IS NULL THEN c.payer_kind ELSE d.payer_kind END AS payer_kind,
    CASE WHEN d.claim_id IS NULL THEN c.payer_sequence ELSE coalesce(a.payer_sequence, CASE WHEN a.payer IS NULL
        OR a.payer = c.payer THEN c.payer_sequence END, CASE WHEN c.payer_sequence IS NOT NULL THEN d.payer_sequence END) END
        AS payer_sequence,
    c.claim_type, c.billing_npi, c.billing_taxonomy, c.facility_npi, c.bill_type_code, c.frequency_code,
    c.original_payer_claim_id, c.drg_code, c.discharge_status_code, c.claim_start_date, c.claim_end_date, c.received_date,
    c.charge_amount AS claim_charge_amount,
    l.claim_line_start_date, l.claim_line_end_date, l.hcpcs_code, l.hcpcs_modifier_1, l.hcpcs_modifier_2,
    l.hcpcs_modifier_3, l.hcpcs_modifier_4, l.revenue_center_code, l.service_unit_quantity, l.unit_of_measure, l.ndc_code,
    coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code, l.rendering_npi,
    l.rendering_taxonomy,
    CASE WHEN d.decision = 'reversed' THEN -abs(d.charge_amount) ELSE s.charge_amount END AS charge_amount,
    {diagnoses}q.diagnosis_pointers, {procedures}
    d.paid_date,
    CASE WHEN d.decision = 'reversed' THEN '22' WHEN d.class = 'pended' THEN '5'
         WHEN a.claim_status_code IN ('1', '2', '3', '4', '19', '20', '21', '23', '25') THEN a.claim_status_code
         WHEN d.class = 'processed' THEN '1' END AS status,
    v.allowed_amount, d.paid_amount, d.patient_responsibility_amount, d.payer_claim_id,
    CASE WHEN v.hcpcs_code <> l.hcpcs_code THEN v.hcpcs_code END AS paid_hcpcs_code,
    {reasons}{remarks}
    d.decision AS line_decision, o.final_outcome AS line_outcome, z.state AS line_state, d.denial_category AS denial_cause{own}
FROM submitted_rows s
JOIN claims c ON c.claim_id = s.claim_id
LEFT JOIN lines l ON l.claim_id = s.claim_id AND l.claim_line_number = s.line
LEFT JOIN decided d ON d.claim_id = s.claim_id AND d.claim_line_number = s.line
LEFT JOIN adjudications a ON a.claim_id = d.claim_id AND a.adjudication_number = d.adjudication_number
LEFT JOIN allowed v ON v.claim_id = d.claim_id AND v.adjudication_number = d.adjudication_number
    AND v.claim_line_number = s.line
LEFT JOIN remarked y ON y.claim_id = d.claim_id AND y.adjudication_number = d.adjudication_number
LEFT JOIN line_outcomes o ON o.claim_id = s.claim_id AND o.claim_line_number = s.line
LEFT JOIN services z ON z.claim_id = s.claim_id AND z.claim_line_number = s.line
LEFT JOIN persons m ON m.person_id = c.person_id
{joins}
