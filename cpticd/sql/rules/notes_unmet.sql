-- One row per note (code first, use additional), claim and diagnosis whose note nothing on the claim satisfies.
-- The note nearest to the code speaks. A code first note is satisfied by one of its codes before this one, by any
-- code where its own are examples; the other one by one of its codes in whatever place. A note under a condition
-- (``note_conditions``) asks only where another code of the claim shows that it holds.
WITH nearest AS (
    SELECT x.diagnosis_code, n.note, max(x.length) AS length
    FROM rule_code_prefixes x
    JOIN (SELECT DISTINCT note, code FROM table_icd10cm_notes WHERE note <> 'excludes1') n ON n.code = x.prefix
    GROUP BY x.diagnosis_code, n.note
),
notes AS MATERIALIZED (
    SELECT r.diagnosis_code, n.note, n.other, n.also, n.stands_at, n.text, n.effective_from,
        coalesce(n.effective_to, DATE '9999-12-31') AS last_day
    FROM nearest r
    JOIN table_icd10cm_notes n ON n.note = r.note AND n.code = substr(r.diagnosis_code, 1, r.length)
),
shown AS MATERIALIZED (
    SELECT DISTINCT k.note, k.stands_at, c.claim_id, c.diagnosis_code
    FROM (SELECT note, stands_at, unnest(string_split(shown_by, ' ')) AS prefix FROM table_note_conditions) k
    JOIN rule_code_prefixes x ON x.prefix = k.prefix OR (length(k.prefix) = 1 AND starts_with(x.diagnosis_code, k.prefix))
    JOIN rule_coded c ON c.diagnosis_code = x.diagnosis_code
),
asked AS MATERIALIZED (
    SELECT n.note, c.claim_id, c.diagnosis_position, c.diagnosis_code, c.service_date, max(n.also) AS also,
        min(n.stands_at) AS stands_at, min(n.text) AS text, min(n.effective_from) AS effective_from
    FROM rule_coded c
    JOIN notes n ON n.diagnosis_code = c.diagnosis_code AND c.service_date >= n.effective_from
        AND c.service_date <= n.last_day
    LEFT JOIN table_note_conditions k ON k.note = n.note AND k.stands_at = n.stands_at
    WHERE k.note IS NULL OR EXISTS (
        SELECT 1 FROM shown s WHERE s.note = n.note AND s.stands_at = n.stands_at AND s.claim_id = c.claim_id
            AND s.diagnosis_code <> c.diagnosis_code)
    GROUP BY n.note, c.claim_id, c.diagnosis_position, c.diagnosis_code, c.service_date
),
beside AS MATERIALIZED (
    SELECT a.note, a.claim_id, a.diagnosis_position, a.diagnosis_code, a.service_date, b.diagnosis_code AS other,
        a.note = 'code first' AND a.also = 1 AND b.diagnosis_position < a.diagnosis_position AS any_other
    FROM asked a
    JOIN rule_coded b ON b.claim_id = a.claim_id AND b.diagnosis_position <> a.diagnosis_position
    WHERE a.note = 'use additional' OR b.diagnosis_position < a.diagnosis_position
),
satisfied AS (
    SELECT note, claim_id, diagnosis_position FROM beside WHERE any_other
    UNION
    SELECT b.note, b.claim_id, b.diagnosis_position
    FROM beside b
    JOIN rule_code_prefixes x ON x.diagnosis_code = b.other
    JOIN notes n ON n.note = b.note AND n.diagnosis_code = b.diagnosis_code AND n.other = x.prefix
        AND b.service_date >= n.effective_from AND b.service_date <= n.last_day
)
SELECT a.note, a.claim_id, a.diagnosis_position, a.stands_at, a.text, a.effective_from
FROM asked a
LEFT JOIN satisfied s ON s.note = a.note AND s.claim_id = a.claim_id AND s.diagnosis_position = a.diagnosis_position
WHERE s.claim_id IS NULL
