-- One row per item, detail or subdetail, and claim as a whole (n = 0): its amounts, by what they mean.
WITH read AS (
    SELECT a.r, a.n, a.d, a.s, a.k, k.meaning, CAST(a.amount AS DECIMAL(18,2)) AS amount,
        CASE WHEN k.key IN ('submitted', 'eligible', 'benefit') THEN 2 ELSE 1 END AS rank
    FROM fhir_amounts a JOIN fhir_keys k ON k.key = a.key
    WHERE a.amount IS NOT NULL AND k.meaning NOT IN ('nothing', 'reason')
)
SELECT
    r, n, d, s,
    -- Carrier claims say 0 as their total, and what was submitted beside it.
    CASE WHEN n = 0 THEN coalesce(max(amount) FILTER (WHERE meaning = 'charge' AND k BETWEEN 2000 AND 3999),
            max(amount) FILTER (WHERE meaning = 'charge' AND k >= 1000), max(amount) FILTER (WHERE meaning = 'charge'))
         ELSE arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'charge') END AS charge,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'allowed') AS allowed,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'paid') AS paid,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'paid to provider') AS to_provider,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'paid to patient') AS to_patient,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'deductible') AS deductible,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'blood deductible') AS blood,
    coalesce(nullif(arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'reduced coinsurance'), 0),
        arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'coinsurance')) AS coinsurance,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'copay') AS copay,
    CASE WHEN n = 0 THEN max(amount) FILTER (WHERE meaning = 'prior payer')
         ELSE sum(amount) FILTER (WHERE meaning = 'prior payer') END AS prior,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'noncovered') AS noncovered,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'discount') AS discount,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'liability') AS liability,
    arg_min(amount, (rank, k)) FILTER (WHERE meaning = 'paid by patient') AS patient_paid
FROM read
GROUP BY r, n, d, s
