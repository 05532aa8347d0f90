-- flat_reasons: rid, n and item (order), group_code, carc, amount: what each decision says of why it paid less.
-- An amount beside a cell of several reasons is that of the one that denies, where nothing was paid, else of the first.
CREATE OR REPLACE TABLE flat_reasons AS
WITH words AS (
    SELECT text, coalesce(denying, 1) AS denying, items, unnest(range(1, len(items) + 1)) AS item
    FROM flat_words WHERE NOT bare
),
read AS MATERIALIZED (
    SELECT
        text, denying, item, items[item].grp AS grp, items[item].carc AS carc, items[item].denies AS denies,
        items[item].amount AS amount
    FROM words
),
said AS MATERIALIZED (
    SELECT
        rid, n, item, group_code, carc, denies, CASE WHEN is_negative THEN -abs(amount) ELSE amount END AS amount
    FROM (
        SELECT
            c.rid, c.n, w.item, coalesce(w.grp, {group}) AS group_code, w.carc, w.denies,
            coalesce(w.amount, CASE WHEN w.item = CASE WHEN f.paid_amount <= 0 THEN w.denying ELSE 1 END
                THEN coalesce(c.amount, {beside}) END) AS amount,
            f._cancels AND coalesce(f.charge_amount, f.paid_amount) < 0 AS is_negative
        FROM flat_cas c
        JOIN read w ON w.text = c.reason
        JOIN flat f ON f.rowid = c.rid
        {joins}
    ) stated
),
shared AS (
    SELECT * FROM ({shares}) s
    ANTI JOIN (SELECT rid, carc FROM said WHERE group_code = 'PR') x ON x.rid = s.rid AND x.carc = s.carc
)
SELECT * FROM said
UNION ALL BY NAME
SELECT * FROM shared
UNION ALL BY NAME  -- a line that is said to be denied, without a reason: its charge, no code
SELECT
    k.rid, 200 AS n, 1 AS item, CAST(NULL AS VARCHAR) AS group_code, CAST(NULL AS VARCHAR) AS carc,
    coalesce(u.amount, f.charge_amount) AS amount
FROM flat_keys k
JOIN flat f ON f.rowid = k.rid
LEFT JOIN flat_unknown u ON u.rid = k.rid
ANTI JOIN (SELECT rid FROM said WHERE carc IS NOT NULL) x ON x.rid = k.rid
WHERE k.adj IS NOT NULL AND (u.rid IS NOT NULL OR k.status = '{denied}' AND coalesce(f.paid_amount, 0) <= 0)
