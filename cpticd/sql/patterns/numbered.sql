-- One row per code, numbered from 0 in the order of the codes.
SELECT code, CAST(row_number() OVER (ORDER BY code) - 1 AS INTEGER) AS number
FROM (SELECT DISTINCT {code} AS code FROM {source}) c
WHERE code IS NOT NULL
