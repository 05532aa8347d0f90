-- flat_keys: each head row of flat, its line, and the number of the decision that it is (null: it is none).
-- Most claims have one decision, of one day, on lines that stand once: only the others are put in order.
CREATE OR REPLACE TABLE flat_keys AS
WITH rows AS MATERIALIZED (
    SELECT
        f.rowid AS rid, l.claim_id, l.line, f.paid_date, f.payer, f.payment_id, f._source, f._place,
        {evidence} AS is_adj,
        CASE WHEN f.denial_flag IN (SELECT text FROM flat_flag) THEN '{denied}'
             ELSE nullif(s.code, '{pending}') END AS status,
        coalesce(f._cancels OR f.charge_amount < 0, false) AS reversal
    FROM flat f
    JOIN flat_lines l ON l.rid = f.rowid
    LEFT JOIN flat_status s ON s.text = f.status
),
several AS (
    SELECT claim_id
    FROM rows
    GROUP BY claim_id
    HAVING bool_or(reversal) OR min(paid_date) <> max(paid_date) OR min(payer) <> max(payer)
        OR count(payer) NOT IN (0, count(*)) OR min(payment_id) <> max(payment_id)
        OR count(payment_id) NOT IN (0, count(*))
    UNION
    SELECT l.claim_id FROM flat_lines l SEMI JOIN flat_ranks r ON r.rid = l.rid
),
dated AS (
    SELECT
        w.*, coalesce(r.rank, 1) AS rank,
        coalesce(w.paid_date, min(CASE WHEN is_adj THEN w.paid_date END) OVER (PARTITION BY w.claim_id)) AS day
    FROM rows w
    SEMI JOIN several USING (claim_id)
    LEFT JOIN flat_ranks r ON r.rid = w.rid
),
nth AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY claim_id, line, is_adj, day, payer, payment_id, reversal ORDER BY paid_date NULLS FIRST, rank
        ) AS nth,
        coalesce(day > min(CASE WHEN is_adj THEN day END) OVER (PARTITION BY claim_id), false) AS later,
        bool_or(reversal AND is_adj) OVER (PARTITION BY claim_id, day) AS reversing
    FROM dated
),
stepped AS (
    SELECT *, 2 * (nth - 1) + CASE
        WHEN reversal THEN CASE WHEN later THEN 0 ELSE 1 END
        ELSE CASE WHEN later AND reversing THEN 1 ELSE 0 END END AS step
    FROM nth
),
ranked AS (
    SELECT *, CASE WHEN is_adj THEN CAST(dense_rank() OVER (
        PARTITION BY claim_id, is_adj ORDER BY day NULLS LAST, step, payer NULLS LAST, payment_id NULLS LAST
    ) AS INTEGER) END AS adj
    FROM stepped
),
based AS (
    SELECT
        *, row_number() OVER (
            PARTITION BY claim_id, line ORDER BY is_adj, reversal, adj NULLS FIRST, rank
        ) AS nth_of_line,
        count(*) OVER (PARTITION BY claim_id, line) AS n
    FROM ranked
)
SELECT
    rid, claim_id, line, adj, CASE WHEN reversal THEN '{reversed}' ELSE status END AS status,
    reversal, nth_of_line = 1 AS is_base, nth_of_line, n, _source, _place
FROM based
UNION ALL
SELECT
    rid, claim_id, line, CASE WHEN is_adj THEN 1 END AS adj, status, false AS reversal, true AS is_base,
    1 AS nth_of_line, 1 AS n, _source, _place
FROM rows
ANTI JOIN several USING (claim_id)
