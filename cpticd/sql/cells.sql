-- One row per pair, payer, place and quarter of first adjudicated lines: what by_pair adds up.
SELECT
    hcpcs_code, diagnosis_code, payer, place, quarter, is_primary,
    count(*) AS lines,
    sum(CASE WHEN is_denied THEN 1 ELSE 0 END) AS denied_lines,
    sum(denied_amount) AS denied_amount,
    sum(share) AS share
FROM bridge
GROUP BY hcpcs_code, diagnosis_code, payer, place, quarter, is_primary
