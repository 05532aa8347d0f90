-- One row per file and table: how many rows stand in it, and their dollars.
SELECT _source AS number, '{table}' AS table_name, count(*) AS loaded, CAST({amount} AS DECIMAL(18,2)) AS amount
FROM ({rows}) GROUP BY _source
