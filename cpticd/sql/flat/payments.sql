-- One row per remittance that a flat file names by a number; what it came to no flat file says.
SELECT
    f.payment_id, CASE WHEN min(f.payer) = max(f.payer) THEN min(f.payer) END AS payer,
    f.payment_id AS trace_number, min(f.paid_date) AS paid_date, min({source}) AS data_source,
    min(f._source) AS _source
FROM flat_rows f
WHERE f.adj IS NOT NULL AND f.payment_id IS NOT NULL
GROUP BY f.payment_id
