-- One row per clinician: the taxonomy that most of his lines bear, the first of equals.
SELECT provider, taxonomy
FROM (
    SELECT provider, taxonomy,
           row_number() OVER (PARTITION BY provider ORDER BY count(*) DESC, taxonomy) AS place
    FROM (
        SELECT l.rendering_npi AS provider, l.rendering_taxonomy AS taxonomy FROM lines AS l
        UNION ALL
        SELECT c.billing_npi, c.billing_taxonomy FROM claims AS c
    ) AS borne
    WHERE provider IS NOT NULL AND taxonomy IS NOT NULL
    GROUP BY provider, taxonomy
) AS ranked
WHERE place = 1
