-- One row per pair, whoever pays: lines, dollars, distinct persons; for all pointers and for primary ones.
-- pair_id counts from the most frequent pair on, so that the frequent ones lie together.
WITH persons AS (
    SELECT procedure_id, diagnosis_id, whose, sum(primary_lines) AS primary_lines
    FROM seen
    WHERE whose > 0
    GROUP BY procedure_id, diagnosis_id, whose
),
counted AS (
    SELECT
        procedure_id, diagnosis_id, count(*) AS persons,
        count(CASE WHEN primary_lines > 0 THEN 1 END) AS primary_persons
    FROM persons
    GROUP BY procedure_id, diagnosis_id
),
summed AS MATERIALIZED (
    SELECT
        procedure_id, diagnosis_id, min(diagnosis_code) AS diagnosis_code,
        sum(lines) AS lines, sum(denied_lines) AS denied_lines,
        CAST(sum(denied_amount) AS DOUBLE) AS denied_amount, sum(share) AS share, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, CAST(sum(primary_denied_amount) AS DOUBLE) AS primary_denied_amount
    FROM seen
    GROUP BY procedure_id, diagnosis_id
),
ranked AS (  -- by itself: numbering whole rows is several times slower
    SELECT
        procedure_id, diagnosis_id,
        CAST(row_number() OVER (ORDER BY lines DESC, procedure_id, diagnosis_id) AS INTEGER) AS pair_id
    FROM summed
),
procedures AS (SELECT procedure_id, min(hcpcs_code) AS hcpcs_code FROM strata GROUP BY procedure_id)
SELECT
    r.pair_id,
    s.procedure_id, s.diagnosis_id, h.hcpcs_code, s.diagnosis_code,
    CAST(s.lines AS BIGINT) AS lines, CAST(s.denied_lines AS BIGINT) AS denied_lines,
    s.denied_amount, coalesce(c.persons, 0) AS persons, s.share,
    CAST(s.primary_lines AS BIGINT) AS primary_lines, CAST(s.primary_denied_lines AS BIGINT) AS primary_denied_lines,
    s.primary_denied_amount, CAST(coalesce(c.primary_persons, 0) AS BIGINT) AS primary_persons
FROM summed s
JOIN ranked r ON r.procedure_id = s.procedure_id AND r.diagnosis_id = s.diagnosis_id
JOIN procedures h ON h.procedure_id = s.procedure_id
LEFT JOIN counted c ON c.procedure_id = s.procedure_id AND c.diagnosis_id = s.diagnosis_id
