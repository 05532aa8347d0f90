-- One row per pair, payer and person: what the totals of pairs are added up from, persons counted once.
SELECT
    hcpcs_code, diagnosis_code, payer, person_id,
    count(*) AS lines,
    sum(CASE WHEN is_denied THEN 1 ELSE 0 END) AS denied_lines,
    sum(denied_amount) AS denied_amount,
    sum(share) AS share,
    sum(CASE WHEN is_primary THEN 1 ELSE 0 END) AS primary_lines,
    sum(CASE WHEN is_primary AND is_denied THEN 1 ELSE 0 END) AS primary_denied_lines,
    sum(CASE WHEN is_primary THEN denied_amount ELSE 0 END) AS primary_denied_amount
FROM bridge
GROUP BY hcpcs_code, diagnosis_code, payer, person_id
