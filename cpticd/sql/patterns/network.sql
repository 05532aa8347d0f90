-- One row per pair: lines, persons and dollars of what stands, denials of all versions, lines of either side.
WITH every AS (SELECT *, CASE WHEN is_superseded THEN 0 ELSE 1 END AS one FROM code_pairs),
edges AS (
    SELECT procedure, diagnosis, sum(one) AS lines,
        count(DISTINCT CASE WHEN one = 1 AND known THEN person END) AS persons,
        CAST(sum(CAST(one * share * charge_amount AS DECIMAL(18,8))) AS DOUBLE) AS charge_amount,
        sum(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS adjudicated_lines,
        sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied_lines,
        CAST(sum(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
            THEN CAST(share * denied_amount AS DECIMAL(18,8)) ELSE 0 END) AS DOUBLE) AS denied_amount
    FROM every
    GROUP BY procedure, diagnosis
),
of_claims AS MATERIALIZED (
    SELECT procedure, diagnosis, claim_id, min(person) AS person, CAST(count(*) AS DOUBLE) AS n,
        CAST(sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS DOUBLE) AS k
    FROM every
    WHERE initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
    GROUP BY procedure, diagnosis, claim_id
),
of_persons AS (SELECT procedure, diagnosis, sum(n) AS n, sum(k) AS k FROM of_claims GROUP BY procedure, diagnosis, person),
clusters AS (
    SELECT procedure, diagnosis, n, k, 1 AS is_claim FROM of_claims
    UNION ALL
    SELECT procedure, diagnosis, n, k, 0 AS is_claim FROM of_persons
),
clustered AS (
    SELECT procedure, diagnosis, sum(is_claim) AS claims, sum(is_claim * n * n) AS claim_nn,
        sum(is_claim * n * k) AS claim_nk, sum(is_claim * k * k) AS claim_kk, sum(1 - is_claim) AS clustered_persons,
        sum((1 - is_claim) * n * n) AS person_nn, sum((1 - is_claim) * n * k) AS person_nk,
        sum((1 - is_claim) * k * k) AS person_kk
    FROM clusters
    GROUP BY procedure, diagnosis
),
of_procedures AS (SELECT procedure, count(*) AS n FROM every WHERE one = 1 AND is_primary GROUP BY procedure),
of_diagnoses AS (SELECT diagnosis, sum(one) AS n FROM every GROUP BY diagnosis)
SELECT e.*, p.n AS procedure_lines, d.n AS diagnosis_lines, c.claims, c.claim_nn, c.claim_nk, c.claim_kk, c.clustered_persons,
    c.person_nn, c.person_nk, c.person_kk
FROM edges e
LEFT JOIN clustered c ON c.procedure = e.procedure AND c.diagnosis = e.diagnosis
LEFT JOIN of_procedures p ON p.procedure = e.procedure
LEFT JOIN of_diagnoses d ON d.diagnosis = e.diagnosis
ORDER BY e.lines DESC, e.procedure, e.diagnosis
