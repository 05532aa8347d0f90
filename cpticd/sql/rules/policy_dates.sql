-- One row: how many lines have a procedure whose policies hold at other times alone, and the last day of lines under one.
SELECT sum(CASE WHEN j.claim_id IS NULL THEN 1 ELSE 0 END) AS at_other_times,
    CAST(max(CASE WHEN j.claim_id IS NOT NULL THEN l.service_date END) AS VARCHAR) AS last_day
FROM rule_lines l
SEMI JOIN rule_policies p ON p.procedure_code = l.hcpcs_code
LEFT JOIN ({judged}) j ON j.claim_id = l.claim_id AND j.claim_line_number = l.claim_line_number
WHERE {asked}
