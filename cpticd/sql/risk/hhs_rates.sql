-- One row per kind of person: HHS neither normalizes nor adjusts for coding; a cost-sharing reduction has its factor.
SELECT kind, '' AS population, CAST(1 AS DOUBLE) AS share, CAST(1 AS DOUBLE) AS normalization,
       1 - max(csr_factor) AS coding_adjustment
FROM people_in GROUP BY kind
