-- What was paid on a claim as a whole, where no line says what was paid on it: a row that answers no line.
SELECT
    k.claim_id, k.adj AS adjudication_number, CAST(max(k.line) + 1 AS INTEGER) AS service_number,
    max(f.claim_paid_amount) AS paid_amount, min(f.claim_line_start_date) AS service_date, min(k._source) AS _source
FROM flat_keys k
JOIN flat f ON f.rowid = k.rid
WHERE k.adj IS NOT NULL
GROUP BY k.claim_id, k.adj
HAVING count(f.paid_amount) = 0 AND max(f.claim_paid_amount) IS NOT NULL
