-- One row per service (in each group) that a share speaks of: its dollars, and those of what is counted of them.
SELECT {select} o.claim_id, CASE WHEN {hit} THEN 1 ELSE 0 END AS hit, CAST(coalesce({whole}, 0) AS DOUBLE) AS whole,
    CASE WHEN {hit} THEN CAST(coalesce({part}, 0) AS DOUBLE) ELSE 0 END AS part
FROM {source} o {joins}
WHERE {of} AND {kept}
