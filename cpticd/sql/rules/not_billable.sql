-- One row per place of a diagnosis code on a day on which it was not billable for the reason asked for.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    {message} AS message,
    concat('service date ', CAST(p.service_date AS VARCHAR), {evidence}) AS evidence,
    concat('icd10cm_periods ', f.release) AS release,
    {effective_date} AS effective_date
FROM rule_code_days f
JOIN rule_placed p ON p.diagnosis_code = f.diagnosis_code AND p.service_date = f.service_date
WHERE {where}
