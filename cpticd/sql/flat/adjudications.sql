-- One row per decision of a payer on a claim, from the rows of its lines; what is of the claim as a whole counts once.
WITH rows AS (
    SELECT f.*, coalesce(f.state, CASE WHEN {denied} THEN '4' END) AS decided
    FROM flat_rows f
    LEFT JOIN flat_cells c ON c.rid = f.rid
    WHERE f.adj IS NOT NULL
),
decisions AS (
    SELECT
        claim_id, adj AS adjudication_number, {given} min(f.paid_date) AS paid_date,
        -- denied only where all of its lines are
        CASE WHEN count(decided) = count(*) AND min(decided) = max(decided) THEN min(decided)
             ELSE min(decided) FILTER (decided NOT IN ('4', '22')) END AS claim_status_code,
        CASE WHEN bool_and(reversal) THEN true END AS is_reversal,
        coalesce(sum(f.charge_amount), max(f.claim_charge_amount)) AS charge_amount,
        coalesce(sum(f.paid_amount), max(f.claim_paid_amount)) AS paid_amount,
        sum({patient}) AS patient_responsibility_amount, min(_source) AS _source
    FROM rows f
    GROUP BY claim_id, adj
)
SELECT d.*, {source} AS data_source FROM decisions d
