-- flat_overlaps: rows that another file has as well, and where it stands there; the first file by name has the row.
-- What one file says twice stays twice: the second of two equal rows repeats the second of the other file.
CREATE OR REPLACE TABLE flat_overlaps AS
WITH shared AS (
    SELECT claim_id, _hash FROM flat GROUP BY claim_id, _hash HAVING min(_source) <> max(_source)
),
counted AS (
    SELECT
        f.claim_id, f._hash, f._source, f._place,
        row_number() OVER (PARTITION BY f.claim_id, f._hash, f._source ORDER BY {kept} f._place) AS nth
    FROM flat f SEMI JOIN shared s ON s.claim_id = f.claim_id AND s._hash = f._hash
)
SELECT * FROM (
    SELECT
        _source, _place, first_value(_source) OVER same AS source, first_value(_place) OVER same AS place
    FROM counted
    WINDOW same AS (PARTITION BY claim_id, _hash, nth ORDER BY _source)
) found
WHERE _source <> source
