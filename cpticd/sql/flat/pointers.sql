-- The diagnoses that each line points to, by the first of its rows that points to any.
WITH pointed AS NOT MATERIALIZED (
    SELECT f.claim_id, f.line, {key} AS dxkey, p.positions, f._source, f.n, f.nth_of_line
    FROM {rows} f
    JOIN flat_pointers p ON p.text = {raw}
),
single AS (  -- a line of one row: its positions as they stand, each once
    SELECT claim_id, line, dxkey, unnest(positions) AS pos, generate_subscripts(positions, 1) AS nth, _source
    FROM pointed WHERE {is_single}
),
others AS (
    SELECT claim_id, line, dxkey, positions, _source
    FROM pointed WHERE NOT ({is_single})
    QUALIFY dense_rank() OVER (PARTITION BY claim_id, line ORDER BY nth_of_line) = 1
),
first AS (
    SELECT claim_id, line, dxkey, pos, min(nth) AS nth, min(_source) AS _source
    FROM (SELECT *, unnest(positions) AS pos, generate_subscripts(positions, 1) AS nth FROM others) each
    GROUP BY claim_id, line, dxkey, pos
),
placed AS NOT MATERIALIZED (
    SELECT t.*, {place} AS place
    FROM (SELECT *, true AS is_single FROM single UNION ALL BY NAME SELECT *, false AS is_single FROM first) t
    {moved}
)
SELECT
    claim_id, line AS claim_line_number, CAST(nth AS INTEGER) AS pointer_position,
    CAST(place AS INTEGER) AS diagnosis_position, _source
FROM placed WHERE is_single
UNION ALL BY NAME
SELECT
    claim_id, line AS claim_line_number,
    CAST(row_number() OVER (PARTITION BY claim_id, line ORDER BY nth, place) AS INTEGER) AS pointer_position,
    CAST(place AS INTEGER) AS diagnosis_position, _source
FROM placed WHERE NOT is_single
