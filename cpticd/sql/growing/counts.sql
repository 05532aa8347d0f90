-- How many rows of a table there are by one of its columns, or two, and their dollars.
SELECT
    '{table}' AS table_name, '{kind}' AS kind, CAST({number} AS INTEGER) AS number, CAST({word} AS VARCHAR) AS word,
    CAST({other} AS VARCHAR) AS other, CAST({day} AS DATE) AS day, count(*) AS n,
    CAST(coalesce(sum({amount}), 0) AS DECIMAL(18,2)) AS amount
FROM ({rows})
GROUP BY ALL
