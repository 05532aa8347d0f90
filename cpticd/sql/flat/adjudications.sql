-- One row per decision of a payer on a claim, from the rows of its lines; what is of the claim as a whole counts once.
SELECT
    k.claim_id, k.adj AS adjudication_number, min(f.payer) AS payer, min(f.payer_sequence) AS payer_sequence,
    min(f.payer_kind) AS payer_kind, min(f.payment_id) AS payment_id, min(f.paid_date) AS paid_date,
    -- denied only where all of its lines are
    CASE WHEN count(s.status) = count(*) AND min(s.status) = max(s.status) THEN min(s.status)
         ELSE min(s.status) FILTER (s.status NOT IN ('4', '22')) END AS claim_status_code,
    CASE WHEN bool_and(k.reversal) THEN true END AS is_reversal,
    coalesce(sum(f.charge_amount), max(f.claim_charge_amount)) AS charge_amount,
    coalesce(sum(f.paid_amount), max(f.claim_paid_amount)) AS paid_amount,
    sum({patient}) AS patient_responsibility_amount, min(f.payer_claim_id) AS payer_claim_id,
    min({source}) AS data_source, min(k._source) AS _source
FROM flat_keys k
JOIN flat f ON f.rowid = k.rid
LEFT JOIN flat_cells c ON c.rid = k.rid
CROSS JOIN LATERAL (SELECT coalesce(k.status, CASE WHEN {denied} THEN '4' END) AS status) s
WHERE k.adj IS NOT NULL
GROUP BY k.claim_id, k.adj
