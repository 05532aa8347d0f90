-- One row per adjudicated line and pair of {grain}: a line that points to two diagnoses of a family counts once.
WITH used AS (
    SELECT {select} o.claim_id, o.claim_line_number, o.hcpcs_code, o.payer, o.place, o.person_id, o.initial_outcome,
        o.denied_amount, o.denial_category, o.denial_carc,
        coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS stratum_quarter
    FROM line_outcomes o {joins}
    WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
)
SELECT
    s.stratum_id, s.procedure_id, s.payer_id, s.group_id, h.{hcpcs} AS h, d.{diagnosis} AS d, o.person_id,
    o.initial_outcome = 'denied' AS is_denied, max(CASE WHEN p.is_primary THEN 1 ELSE 0 END) = 1 AS is_primary,
    sum(p.share) AS share, sum(p.share) * CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_category END AS denial_category,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_carc END AS denial_carc
FROM used o
JOIN pairs p ON p.claim_id = o.claim_id AND p.claim_line_number = o.claim_line_number
JOIN {strata} s ON s.hcpcs_code = o.hcpcs_code AND s.payer = o.payer AND s.place = o.place
    AND s.stratum_quarter = o.stratum_quarter {same}
JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code
JOIN diagnosis_families d ON d.diagnosis_code = p.diagnosis_code
GROUP BY s.stratum_id, s.procedure_id, s.payer_id, s.group_id, h.{hcpcs}, d.{diagnosis}, o.person_id, o.claim_id,
    o.claim_line_number, o.initial_outcome, o.denied_amount, o.denial_category, o.denial_carc
