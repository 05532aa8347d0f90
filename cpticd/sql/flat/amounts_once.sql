-- flat_again: decisions of several rows whose every reason takes all that was not paid, and the reason that keeps it:
-- the first that denies, else the first.
CREATE OR REPLACE TABLE flat_again AS
SELECT r.rid, min_by(r.n, (NOT coalesce(r.denies, false), r.n, r.item)) AS n,
    min_by(r.item, (NOT coalesce(r.denies, false), r.n, r.item)) AS item
FROM flat_reasons r
JOIN flat f ON f.rowid = r.rid
SEMI JOIN (SELECT head FROM flat_parts WHERE NOT is_sum) p ON p.head = r.rid
GROUP BY r.rid
HAVING count(*) > 1 AND count(r.amount) = count(*) AND min(r.amount) = max(r.amount) AND min(r.amount) > 0
    AND min(r.amount) = coalesce(min(f.charge_amount - f.paid_amount), min(r.amount))
