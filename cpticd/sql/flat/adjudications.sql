-- One row per decision of a payer on a claim, from the rows of its lines; what is of the claim as a whole counts once.
WITH rows AS (
    SELECT
        f.*, k.claim_id AS claim, k.adj, k.reversal, k._source AS source,
        coalesce(k.status, CASE WHEN {denied} THEN '4' END) AS state
    FROM flat_keys k
    JOIN flat f ON f.rowid = k.rid
    LEFT JOIN flat_cells c ON c.rid = k.rid
    WHERE k.adj IS NOT NULL
),
decisions AS (
    SELECT
        claim AS claim_id, adj AS adjudication_number, {given} min(f.paid_date) AS paid_date,
        -- denied only where all of its lines are
        CASE WHEN count(state) = count(*) AND min(state) = max(state) THEN min(state)
             ELSE min(state) FILTER (state NOT IN ('4', '22')) END AS claim_status_code,
        CASE WHEN bool_and(reversal) THEN true END AS is_reversal,
        coalesce(sum(f.charge_amount), max(f.claim_charge_amount)) AS charge_amount,
        coalesce(sum(f.paid_amount), max(f.claim_paid_amount)) AS paid_amount,
        sum({patient}) AS patient_responsibility_amount, min(source) AS _source
    FROM rows f
    GROUP BY claim, adj
)
SELECT d.*, {source} AS data_source FROM decisions d
