-- What was paid on a claim as a whole, where no line says what was paid on it: a row that answers no line.
SELECT
    f.claim_id, f.adj AS adjudication_number, CAST(max(f.line) + 1 AS INTEGER) AS service_number,
    max(f.claim_paid_amount) AS paid_amount, min(f.claim_line_start_date) AS service_date, min(f._source) AS _source
FROM flat_rows f
WHERE f.adj IS NOT NULL
GROUP BY f.claim_id, f.adj
HAVING count(f.paid_amount) = 0 AND max(f.claim_paid_amount) IS NOT NULL
