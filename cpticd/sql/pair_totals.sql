-- One row per pair, whoever pays: lines, dollars, distinct persons; for all pointers and for primary ones.
-- pair_id counts from the most frequent pair on, so that the frequent ones lie together.
WITH persons AS (
    SELECT hcpcs_code, diagnosis_code, person_id, sum(primary_lines) AS primary_lines
    FROM seen
    WHERE person_id IS NOT NULL
    GROUP BY hcpcs_code, diagnosis_code, person_id
),
counted AS (
    SELECT
        hcpcs_code, diagnosis_code, count(*) AS persons,
        sum(CASE WHEN primary_lines > 0 THEN 1 ELSE 0 END) AS primary_persons
    FROM persons
    GROUP BY hcpcs_code, diagnosis_code
),
summed AS (
    SELECT
        hcpcs_code, diagnosis_code, sum(lines) AS lines, sum(denied_lines) AS denied_lines,
        sum(denied_amount) AS denied_amount, sum(share) AS share, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, sum(primary_denied_amount) AS primary_denied_amount
    FROM seen
    GROUP BY hcpcs_code, diagnosis_code
)
SELECT
    CAST(row_number() OVER (ORDER BY s.lines DESC, s.hcpcs_code, s.diagnosis_code) AS INTEGER) AS pair_id,
    s.hcpcs_code, s.diagnosis_code, CAST(s.lines AS BIGINT) AS lines, CAST(s.denied_lines AS BIGINT) AS denied_lines,
    s.denied_amount, coalesce(c.persons, 0) AS persons, s.share,
    CAST(s.primary_lines AS BIGINT) AS primary_lines, CAST(s.primary_denied_lines AS BIGINT) AS primary_denied_lines,
    s.primary_denied_amount, CAST(coalesce(c.primary_persons, 0) AS BIGINT) AS primary_persons
FROM summed s
LEFT JOIN counted c ON c.hcpcs_code = s.hcpcs_code AND c.diagnosis_code = s.diagnosis_code
