-- One row per group: persons, payers and procedures that are compared, and lines that cannot be.
SELECT {columns}
    count(DISTINCT CASE WHEN stratum IS NOT NULL AND exposed = 1 AND compared = 0 THEN person_id END) AS persons,
    count(DISTINCT CASE WHEN stratum IS NOT NULL THEN by_payer END) AS payers,
    count(DISTINCT CASE WHEN stratum IS NOT NULL THEN by_hcpcs_code END) AS procedures,
    count(CASE WHEN exposed = 1 AND compared = 0 AND stratum IS NULL THEN 1 END) AS other_lines,
    count(CASE WHEN exposed + compared = 2 THEN 1 END) AS mixed_lines
FROM effect_lines
{group}
