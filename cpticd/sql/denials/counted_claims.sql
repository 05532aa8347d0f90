-- One row per claim (in each group) that a share speaks of: as counted_services has services.
WITH sent AS (
    SELECT claim_id, max(submissions) AS submissions, count(*) AS n,
        count(CASE WHEN state = 'returned' THEN 1 END) AS returned
    FROM services
    GROUP BY claim_id
)
SELECT {select} o.claim_id, CASE WHEN {hit} THEN 1 ELSE 0 END AS hit, CAST(coalesce({whole}, 0) AS DOUBLE) AS whole,
    CASE WHEN {hit} THEN CAST(coalesce({part}, 0) AS DOUBLE) ELSE 0 END AS part
FROM {source} o
LEFT JOIN sent r ON r.claim_id = o.claim_id
{joins}
WHERE {of} AND {kept}
