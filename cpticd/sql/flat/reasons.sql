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
            coalesce(w.amount, CASE WHEN w.item = CASE WHEN c.is_unpaid THEN w.denying ELSE 1 END
                THEN coalesce(c.amount, {beside}) END) AS amount,
            c.is_negative
        FROM flat_cas c
        JOIN read w ON w.text = c.reason
        {joins}
    ) stated
),
silent AS MATERIALIZED (
    SELECT f.rid, coalesce(u.amount, f.charge_amount) AS amount
    FROM flat_rows f
    LEFT JOIN flat_unknown u ON u.rid = f.rid
    WHERE f.adj IS NOT NULL AND (u.rid IS NOT NULL OR f.state = '{denied}' AND coalesce(f.paid_amount, 0) <= 0)
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
    rid, 200 AS n, 1 AS item, CAST(NULL AS VARCHAR) AS group_code, CAST(NULL AS VARCHAR) AS carc, amount
FROM silent
ANTI JOIN (SELECT s.rid FROM said s SEMI JOIN silent USING (rid) WHERE s.carc IS NOT NULL) x USING (rid)
