-- One row per combination of the columns, numbered from 1 in their order.
SELECT {names}, CAST(row_number() OVER (ORDER BY {names}) AS INTEGER) AS stratum
FROM (SELECT DISTINCT {names} FROM {source}) d
