-- One row per pair (its codes: pair_totals) and payer, counted as there; prior is what the payer does with the procedure's other lines.
WITH summed AS (
    SELECT
        procedure_id, diagnosis_id, payer_id, sum(lines) AS lines, sum(denied_lines) AS denied_lines,
        CAST(sum(denied_amount) AS DOUBLE) AS denied_amount, count(CASE WHEN whose > 0 THEN 1 END) AS persons, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, CAST(sum(primary_denied_amount) AS DOUBLE) AS primary_denied_amount,
        count(CASE WHEN whose > 0 AND primary_lines > 0 THEN 1 END) AS primary_persons
    FROM seen
    GROUP BY procedure_id, diagnosis_id, payer_id
),
procedures AS (
    SELECT procedure_id, payer_id, sum(lines) AS n, sum(denied_lines) AS d FROM strata GROUP BY procedure_id, payer_id
),
payers AS (
    SELECT payer_id, payer, CAST(sum(denied_lines) AS DOUBLE) / sum(lines) AS rate FROM strata GROUP BY payer_id, payer
),
compared AS MATERIALIZED (  -- before the join with pair_totals, which is as long
    SELECT s.*, r.payer, r.rate, p.n AS procedure_lines, p.d AS procedure_denied_lines
    FROM summed s
    JOIN procedures p ON p.procedure_id = s.procedure_id AND p.payer_id = s.payer_id
    JOIN payers r ON r.payer_id = s.payer_id
)
SELECT
    t.pair_id,
    CAST(t.pair_id AS BIGINT) * 1000000 + s.payer_id AS payer_pair_id,
    s.procedure_id, s.diagnosis_id, s.payer_id, s.payer,
    CAST(s.lines AS BIGINT) AS lines, CAST(s.denied_lines AS BIGINT) AS denied_lines, s.denied_amount, s.persons,
    CAST(s.primary_lines AS BIGINT) AS primary_lines, CAST(s.primary_denied_lines AS BIGINT) AS primary_denied_lines,
    s.primary_denied_amount, CAST(s.primary_persons AS BIGINT) AS primary_persons,
    -- the payer's rate for the procedure's other lines, leaning on its rate for everything with 10 lines' weight
    (s.procedure_denied_lines - s.denied_lines + 10 * s.rate) / (s.procedure_lines - s.lines + 10) AS prior,
    (s.procedure_denied_lines - s.primary_denied_lines + 10 * s.rate)
        / (s.procedure_lines - s.primary_lines + 10) AS primary_prior
FROM compared s
JOIN pair_totals t ON t.procedure_id = s.procedure_id AND t.diagnosis_id = s.diagnosis_id
