-- One row per provider's number that is no NPI: ten digits that begin with 1 or 2 and end in their check digit (Luhn, with
-- 80840 before them). Where most numbers of a source fail, they are pseudonyms, and none is judged.
WITH held AS (
    SELECT DISTINCT coalesce(data_source, '') AS data_source, billing_npi AS npi FROM claims WHERE billing_npi IS NOT NULL
    UNION
    SELECT DISTINCT coalesce(data_source, ''), facility_npi FROM claims WHERE facility_npi IS NOT NULL
    UNION
    SELECT DISTINCT coalesce(c.data_source, ''), l.rendering_npi
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    WHERE l.rendering_npi IS NOT NULL
),
judged AS (
    SELECT data_source, npi, CASE WHEN regexp_matches(npi, '^[12][0-9]{{9}}$') THEN ({luhn}) % 10 = 0 ELSE FALSE END AS fits
    FROM held
)
SELECT j.data_source, j.npi
FROM judged j
JOIN (
    SELECT data_source, count(*) AS numbers, count(CASE WHEN fits THEN 1 END) AS fitting,
        count(CASE WHEN regexp_matches(npi, '^[0-9]{{10}}$') THEN 1 END) AS formed
    FROM judged
    GROUP BY data_source
) s ON s.data_source = j.data_source
WHERE NOT j.fits AND s.formed > 0 AND (s.fitting * 2 >= s.numbers OR s.numbers < 10)
