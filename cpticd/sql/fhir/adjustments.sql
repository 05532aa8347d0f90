-- One row per adjustment of a decision: its reasons, and the amounts that are one by their name (a deductible is PR-1).
-- What is charged and neither paid nor explained is the amount of the first reason that has none, a denial before others;
-- what a payer other than Medicare calls not covered is CARC 96 where it gives no reason.
WITH silent AS (  -- decisions that say of no payment: where they deny, nothing was paid
    SELECT e.r
    FROM fhir_decisions e
    JOIN fhir_claims c ON c.r = e.r AND c.payment IS NULL
    LEFT JOIN fhir_sums h ON h.r = e.r AND h.n = 0
    LEFT JOIN fhir_answered w ON w.r = e.r
    GROUP BY e.r
    HAVING count(coalesce(h.paid, h.to_provider, h.to_patient, w.paid)) = 0
),
whole AS (  -- amounts of the claim as a whole, where its lines do not have them
    SELECT e.r, e.claim_r, CAST(NULL AS INTEGER) AS line, c.is_medicare, h.allowed,
        CASE WHEN q.r IS NULL THEN coalesce(h.charge, t.charge) END AS charge, coalesce(c.payment, h.paid, t.paid) AS paid,
        CASE WHEN t.deductible IS NULL THEN h.deductible END AS deductible,
        CASE WHEN t.blood IS NULL THEN h.blood END AS blood,
        CASE WHEN t.coinsurance IS NULL THEN h.coinsurance END AS coinsurance,
        CASE WHEN t.copay IS NULL THEN h.copay END AS copay,
        CASE WHEN t.prior IS NULL THEN h.prior END AS prior,
        CASE WHEN t.noncovered IS NULL THEN h.noncovered END AS noncovered,
        CASE WHEN t.discount IS NULL THEN h.discount END AS discount,
        CASE WHEN t.liability IS NULL AND t.share IS NULL THEN h.liability END AS liability
    FROM fhir_decisions e
    JOIN fhir_claims c ON c.r = e.r
    LEFT JOIN fhir_sums h ON h.r = e.r AND h.n = 0
    LEFT JOIN (SELECT DISTINCT r FROM fhir_causes WHERE line IS NOT NULL) q ON q.r = e.r
    LEFT JOIN (
        SELECT r, sum(charge) AS charge, sum(paid) AS paid, max(deductible) AS deductible, max(blood) AS blood,
            max(coinsurance) AS coinsurance, max(copay) AS copay, max(prior) AS prior, max(noncovered) AS noncovered,
            max(discount) AS discount, max(liability) AS liability, max(coalesce(deductible, coinsurance, copay)) AS share
        FROM fhir_answered GROUP BY r
    ) t ON t.r = e.r
),
amounts AS (
    SELECT w.r, w.claim_r, w.line, c.is_medicare, w.allowed, w.charge, w.paid, w.deductible, w.blood, w.coinsurance, w.copay, w.prior,
        w.noncovered, w.discount, w.liability
    FROM fhir_answered w JOIN fhir_claims c ON c.r = w.r
    UNION ALL BY NAME
    SELECT * FROM whole
),
named AS (
    SELECT a.r, a.claim_r, a.line, u.place, u.group_code, u.carc, u.amount
    FROM amounts a, LATERAL (VALUES
        (1, 'PR', '1', a.deductible), (2, 'PR', '2', a.coinsurance), (3, 'PR', '3', a.copay), (4, 'PR', '66', a.blood),
        (5, 'OA', '23', a.prior), (6, 'CO', '45', a.discount), (7, NULL, '96', CASE WHEN NOT a.is_medicare THEN a.noncovered END),
        (8, 'PR', NULL, CASE WHEN coalesce(a.deductible, 0) = 0 AND coalesce(a.coinsurance, 0) = 0 AND coalesce(a.copay, 0) = 0
            THEN a.liability END)
    ) u(place, group_code, carc, amount)
    WHERE u.amount <> 0
),
derived AS (
    SELECT n.* FROM named n
    LEFT JOIN (SELECT DISTINCT r, line FROM fhir_causes) q ON q.r = n.r AND q.line IS NOT DISTINCT FROM n.line
    LEFT JOIN (SELECT DISTINCT r, line, carc FROM fhir_causes WHERE amount IS NOT NULL) c
        ON c.r = n.r AND c.line IS NOT DISTINCT FROM n.line AND c.carc = n.carc
    WHERE c.r IS NULL AND (n.place <> 7 OR q.r IS NULL)
),
causes AS (
    SELECT c.* FROM fhir_causes c
    LEFT JOIN (SELECT DISTINCT r, line, carc FROM derived WHERE carc IS NOT NULL) d
        ON d.r = c.r AND d.line IS NOT DISTINCT FROM c.line AND d.carc = c.carc
    WHERE c.amount IS NOT NULL OR d.r IS NULL
),
explained AS (
    SELECT r, line, sum(amount) AS amount, sum(amount) FILTER (WHERE group_code = 'PR') AS share
    FROM (SELECT r, line, group_code, amount FROM derived UNION ALL SELECT r, line, group_code, amount FROM causes) x
    GROUP BY r, line
),
ranked AS (
    SELECT c.*, coalesce(k.is_denial, true) AS denies, row_number() OVER (PARTITION BY c.r, c.line, c.amount IS NULL ORDER BY coalesce(k.is_denial, true) DESC, c.place) AS turn
    FROM causes c LEFT JOIN fhir_carcs k ON k.carc = c.carc
),
filled AS (
    SELECT c.r, c.claim_r, c.line, 10 + row_number() OVER (PARTITION BY c.r, c.line ORDER BY c.place) AS place,
        c.group_code, c.carc, coalesce(c.amount, CASE
            WHEN c.turn > 1 THEN NULL
            WHEN c.denies AND a.noncovered > 0 THEN least(a.noncovered, coalesce(a.charge, a.noncovered))
            -- Medicare names reasons beside what it pays for other causes too: only where nothing is paid is it all of one.
            WHEN a.is_medicare AND c.denies AND (a.paid > 0 OR a.allowed > 0 OR x.share > 0) THEN NULL
            ELSE nullif(greatest(a.charge - CASE WHEN c.denies AND i.r IS NOT NULL THEN 0 ELSE a.paid END
                - coalesce(x.amount, 0), 0), 0) END) AS amount,
        c.amount IS NULL AS is_filled
    FROM ranked c
    LEFT JOIN amounts a ON a.r = c.r AND a.line IS NOT DISTINCT FROM c.line
    LEFT JOIN explained x ON x.r = c.r AND x.line IS NOT DISTINCT FROM c.line
    LEFT JOIN silent i ON i.r = c.r
)
SELECT r, claim_r, line, place, group_code, carc, amount, false AS is_filled FROM derived
UNION ALL
SELECT r, claim_r, line, place, group_code, carc, amount, is_filled AND amount IS NOT NULL FROM filled
