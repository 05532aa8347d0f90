-- flat_overlaps: rows that another file has as well, and where it stands there; the first file by name has the row.
-- What one file says twice stays twice: the second of two equal rows repeats the second of the other file.
CREATE OR REPLACE TABLE flat_overlaps AS
WITH wholes AS MATERIALIZED (SELECT {whole} AS whole, {kept} _source, _place FROM flat),
shared AS (
    SELECT whole FROM wholes GROUP BY whole HAVING min(_source) <> max(_source)
),
counted AS (
    SELECT
        w.whole, w._source, w._place,
        row_number() OVER (PARTITION BY w.whole, w._source ORDER BY {order} w._place) AS nth
    FROM wholes w SEMI JOIN shared s ON s.whole = w.whole
)
SELECT * FROM (
    SELECT
        _source, _place, first_value(_source) OVER same AS source, first_value(_place) OVER same AS place
    FROM counted
    WINDOW same AS (PARTITION BY whole, nth ORDER BY _source)
) found
WHERE _source <> source
