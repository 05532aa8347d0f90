-- One row per pair and payer, as pair_totals; and what the payer did with the procedure's other lines.
WITH summed AS (
    SELECT
        hcpcs_code, diagnosis_code, payer, sum(lines) AS lines, sum(denied_lines) AS denied_lines,
        sum(denied_amount) AS denied_amount, count(person_id) AS persons, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, sum(primary_denied_amount) AS primary_denied_amount,
        sum(CASE WHEN person_id IS NOT NULL AND primary_lines > 0 THEN 1 ELSE 0 END) AS primary_persons
    FROM seen
    GROUP BY hcpcs_code, diagnosis_code, payer
),
procedures AS (
    SELECT hcpcs_code, payer, sum(lines) AS n, sum(denied_lines) AS d FROM strata GROUP BY hcpcs_code, payer
),
payers AS (
    SELECT payer, CAST(sum(denied_lines) AS DOUBLE) / sum(lines) AS rate FROM strata GROUP BY payer
)
SELECT
    t.pair_id,
    CAST(row_number() OVER (ORDER BY t.pair_id, s.payer) AS INTEGER) AS payer_pair_id,
    s.hcpcs_code, s.diagnosis_code, s.payer,
    CAST(s.lines AS BIGINT) AS lines, CAST(s.denied_lines AS BIGINT) AS denied_lines, s.denied_amount, s.persons,
    CAST(s.primary_lines AS BIGINT) AS primary_lines, CAST(s.primary_denied_lines AS BIGINT) AS primary_denied_lines,
    s.primary_denied_amount, CAST(s.primary_persons AS BIGINT) AS primary_persons,
    CAST(p.n AS BIGINT) AS procedure_lines, CAST(p.d AS BIGINT) AS procedure_denied_lines, r.rate AS payer_rate
FROM summed s
JOIN pair_totals t ON t.hcpcs_code = s.hcpcs_code AND t.diagnosis_code = s.diagnosis_code
JOIN procedures p ON p.hcpcs_code = s.hcpcs_code AND p.payer = s.payer
JOIN payers r ON r.payer = s.payer
