-- flat_sets: one row per code of each of the different lists of diagnoses that the rows of a claim have.
-- dxkey is the list's number among those of its claim; what the rows of one list have in common is put together once.
CREATE OR REPLACE TABLE flat_sets AS
WITH keyed AS (
    SELECT
        f.claim_id, {key} AS dxkey, min(f.rowid) AS rid, {kind} AS kind,
        min(coalesce(f.claim_line_start_date, f.claim_start_date, f.claim_end_date)) AS day,
        min(f._source) AS _source, min(f._place) AS _place
    FROM flat f
    {types}
    GROUP BY f.claim_id, dxkey
),
lists AS (
    SELECT k.*, {codes} AS dx, {present} AS poa
    FROM keyed k
    JOIN flat f ON f.rowid = k.rid
),
numbered AS (SELECT *, unnest(range(1, len(dx) + 1)) AS pos FROM lists)
SELECT claim_id, dxkey, CAST(pos AS INTEGER) AS pos, dx[pos] AS code, poa[pos] AS poa, kind, day, _source, _place
FROM numbered
WHERE dx[pos] IS NOT NULL
