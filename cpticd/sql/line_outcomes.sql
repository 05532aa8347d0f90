-- One row per service line: what the payer decided at first and at last.
-- Initial is the first adjudication that is no reversal; final is the last one, unless a reversal took it back.
-- A Medicare processing indicator, where a line has one, is the outcome, whatever was paid beside it.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY claim_id, claim_line_number ORDER BY adjudication_number) AS place,
        row_number() OVER (PARTITION BY claim_id, claim_line_number ORDER BY adjudication_number DESC) AS place_from_last,
        count(*) OVER (PARTITION BY claim_id, claim_line_number) AS n
    FROM adjudicated_lines
),
initial AS (SELECT * FROM numbered WHERE place = 1),
final AS (SELECT * FROM numbered WHERE place_from_last = 1)
SELECT
    l.claim_id,
    l.claim_line_number,
    c.person_id,
    coalesce(c.payer, '(unknown)') AS payer,
    c.claim_type,
    coalesce(l.place_of_service_code, c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
    l.hcpcs_code,
    coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date,
    l.charge_amount,
    CASE WHEN p.class = 'denied' THEN 'denied'
         WHEN i.outcome IS NOT NULL THEN i.outcome
         WHEN p.class IS NOT NULL THEN 'paid'
         ELSE 'not adjudicated' END AS initial_outcome,
    CASE WHEN p.class = 'denied' THEN 'denied'
         WHEN f.is_reversed THEN 'not adjudicated'
         WHEN f.outcome IS NOT NULL THEN f.outcome
         WHEN p.class IS NOT NULL THEN 'paid'
         ELSE 'not adjudicated' END AS final_outcome,
    CASE WHEN f.is_reversed THEN CAST(0 AS DECIMAL(18,2)) ELSE f.allowed_amount END AS allowed_amount,
    CASE WHEN f.is_reversed THEN CAST(0 AS DECIMAL(18,2)) ELSE f.paid_amount END AS paid_amount,
    CASE WHEN p.class = 'denied' THEN l.charge_amount ELSE i.denied_amount END AS denied_amount,
    CASE WHEN p.class = 'denied' THEN l.charge_amount
         WHEN f.is_reversed THEN CAST(0 AS DECIMAL(18,2)) ELSE f.denied_amount END AS final_denied_amount,
    CASE WHEN f.is_reversed THEN CAST(0 AS DECIMAL(18,2)) ELSE f.patient_responsibility_amount END
        AS patient_responsibility_amount,
    i.paid_date AS first_paid_date,
    date_diff('day', coalesce(c.received_date, c.claim_end_date, l.claim_line_start_date), i.paid_date)
        AS days_to_first_adjudication,
    i.denial_group,
    i.denial_carc,
    CASE WHEN p.class = 'denied' THEN coalesce(p.category, 'other') ELSE i.denial_category END AS denial_category,
    CAST(coalesce(i.n, 0) AS INTEGER) AS adjudication_count,
    CASE WHEN NOT coalesce(f.is_reversed, false) THEN f.denial_carc END AS final_denial_carc,
    CASE WHEN p.class = 'denied' THEN coalesce(p.category, 'other')
         WHEN NOT coalesce(f.is_reversed, false) THEN f.denial_category END AS final_denial_category
FROM lines l
LEFT JOIN claims c ON c.claim_id = l.claim_id
LEFT JOIN initial i ON i.claim_id = l.claim_id AND i.claim_line_number = l.claim_line_number
LEFT JOIN final f ON f.claim_id = l.claim_id AND f.claim_line_number = l.claim_line_number
LEFT JOIN line_processing_indicators p ON p.code = l.processing_indicator_code
