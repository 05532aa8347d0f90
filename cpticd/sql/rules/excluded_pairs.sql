-- One row per claim and two of its diagnosis codes that an Excludes1 note of the day keeps apart.
-- What is on the right side and what is on the left are two conditions, which the guidelines except.
WITH pairs AS MATERIALIZED (
    SELECT DISTINCT a.diagnosis_code AS one, b.diagnosis_code AS two
    FROM rule_coded a
    JOIN rule_coded b ON b.claim_id = a.claim_id AND a.diagnosis_code < b.diagnosis_code
),
excluded AS MATERIALIZED (
    SELECT p.one, p.two, n.effective_from, coalesce(n.effective_to, DATE '9999-12-31') AS last_day,
        min(n.stands_at) AS stands_at, min(n.text) AS text
    FROM pairs p
    JOIN rule_code_prefixes x ON x.diagnosis_code = p.one
    JOIN rule_code_prefixes y ON y.diagnosis_code = p.two
    -- Of each pair the table has the lesser code first, as the claim's pairs have.
    JOIN table_icd10cm_notes n ON n.code = x.prefix AND n.other = y.prefix
    WHERE n.note = 'excludes1'
    GROUP BY p.one, p.two, n.effective_from, n.effective_to
),
apart AS (
    SELECT e.*
    FROM excluded e
    LEFT JOIN rule_traits s ON s.diagnosis_code = e.one
    LEFT JOIN rule_traits t ON t.diagnosis_code = e.two
    WHERE NOT (coalesce(s.laterality, '') = 'right' AND coalesce(t.laterality, '') = 'left')
        AND NOT (coalesce(s.laterality, '') = 'left' AND coalesce(t.laterality, '') = 'right')
)
SELECT a.claim_id, e.one, e.two, min(e.stands_at) AS stands_at, min(e.text) AS text, min(e.effective_from) AS effective_from
FROM rule_coded a
JOIN apart e ON e.one = a.diagnosis_code AND a.service_date >= e.effective_from AND a.service_date <= e.last_day
JOIN rule_coded b ON b.claim_id = a.claim_id AND b.diagnosis_code = e.two
GROUP BY a.claim_id, e.one, e.two
