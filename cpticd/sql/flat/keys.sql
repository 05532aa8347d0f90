-- flat_keyed: head rows of claims that have several decisions, or a line that stands twice: which decision each is
-- (null: none), in order. Every other claim has one decision, of one day, on lines that stand once.
CREATE OR REPLACE TABLE flat_keyed AS
WITH rows AS (
    SELECT
        f.rid, f.claim_id, f.line, f.paid_date, f.payer, f.payment_id,
        f.adj IS NOT NULL AS is_adj, f.state, coalesce(f._cancels OR f.charge_amount < 0, false) AS reversal
    FROM flat_rows f
    SEMI JOIN flat_several s ON s.claim_id = f.claim_id
),
dated AS (
    SELECT
        w.*, coalesce(r.rank, 1) AS rank,
        coalesce(w.paid_date, min(CASE WHEN is_adj THEN w.paid_date END) OVER (PARTITION BY w.claim_id)) AS day
    FROM rows w
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
)
SELECT
    rid, adj, CASE WHEN reversal THEN '{reversed}' ELSE state END AS state, reversal,
    CAST(row_number() OVER (PARTITION BY claim_id, line ORDER BY is_adj, reversal, adj NULLS FIRST, rank) AS INTEGER)
        AS nth_of_line,
    CAST(count(*) OVER (PARTITION BY claim_id, line) AS INTEGER) AS n
FROM ranked
