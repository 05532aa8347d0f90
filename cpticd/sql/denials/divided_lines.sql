-- One row per service line and group of the diagnoses that it points to; its dollars are shared out over its diagnoses.
SELECT {select} o.claim_id, o.claim_line_number, o.person_id, o.payer, o.hcpcs_code, o.service_date, o.first_paid_date,
    o.initial_outcome, o.final_outcome, o.denial_category, o.denial_carc,
    o.charge_amount * sum(coalesce(p.share, 1)) AS charge_amount,
    o.denied_amount * sum(coalesce(p.share, 1)) AS denied_amount,
    o.final_denied_amount * sum(coalesce(p.share, 1)) AS final_denied_amount
FROM line_outcomes o
{joins}
GROUP BY {columns} o.claim_id, o.claim_line_number, o.person_id, o.payer, o.hcpcs_code, o.service_date, o.first_paid_date,
    o.initial_outcome, o.final_outcome, o.denial_category, o.denial_carc, o.charge_amount, o.denied_amount,
    o.final_denied_amount
