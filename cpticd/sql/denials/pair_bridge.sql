-- One row per adjudicated line and pair of {grain}: a line that points to two diagnoses of a family counts once.
SELECT
    o.line_id, o.stratum_id, o.procedure_id, o.payer_id, o.group_id, h.{hcpcs} AS h, d.{diagnosis} AS d, o.person_id,
    o.claim_number, o.whose, o.provider_id, o.residual, o.is_denied,
    max(CASE WHEN p.is_primary THEN 1 ELSE 0 END) = 1 AS is_primary, sum(p.share) AS share,
    sum(p.share) * o.denied_amount AS denied_amount, o.denial_category, o.denial_carc
FROM {lines} o
JOIN pairs p ON p.claim_id = o.claim_id AND p.claim_line_number = o.claim_line_number
JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code
JOIN diagnosis_families d ON d.diagnosis_code = p.diagnosis_code
GROUP BY o.line_id, o.stratum_id, o.procedure_id, o.payer_id, o.group_id, h.{hcpcs}, d.{diagnosis}, o.person_id,
    o.claim_number, o.whose, o.provider_id, o.residual, o.is_denied, o.denied_amount, o.denial_category, o.denial_carc
