-- One row per service line and adjudication that speaks for it; reversals, and what was returned as
-- unprocessable, are left out.
-- An adjudication without service lines speaks for every line of its claim, in proportion to the charges.
WITH overridden AS (  -- what a remark says of the reason beside it
    SELECT a.claim_id, a.adjudication_number, a.claim_line_number, a.carc, min(o.category) AS category
    FROM adjustments a
    JOIN carc_rarc_overrides o ON o.carc = a.carc
    JOIN remarks r ON r.claim_id = a.claim_id AND r.adjudication_number = a.adjudication_number AND r.rarc = o.rarc
    WHERE r.claim_line_number IS NULL OR r.claim_line_number = a.claim_line_number
    GROUP BY a.claim_id, a.adjudication_number, a.claim_line_number, a.carc
),
judged AS (  -- line 0 stands for the claim as a whole
    SELECT
        a.claim_id, a.adjudication_number, coalesce(a.claim_line_number, 0) AS line,
        a.group_code, a.carc, coalesce(a.amount, 0) AS amount,
        coalesce(c.is_denial, a.carc IS NOT NULL OR coalesce(a.group_code, '') <> 'PR') AS is_denial,
        coalesce(o.category, c.category, CASE WHEN a.carc IS NULL THEN 'no reason given' ELSE 'other' END) AS category
    FROM adjustments a
    LEFT JOIN carc_categories c ON c.carc = a.carc
    LEFT JOIN overridden o
        ON o.claim_id = a.claim_id AND o.adjudication_number = a.adjudication_number AND o.carc = a.carc
        AND coalesce(o.claim_line_number, 0) = coalesce(a.claim_line_number, 0)
),
sums AS (
    SELECT
        claim_id, adjudication_number, line,
        sum(CASE WHEN is_denial THEN amount ELSE 0 END) AS denied,
        sum(CASE WHEN group_code = 'PR' THEN amount ELSE 0 END) AS patient,
        sum(CASE WHEN group_code = 'PR' AND NOT is_denial THEN amount ELSE 0 END) AS patient_share
    FROM judged
    GROUP BY claim_id, adjudication_number, line
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY claim_id, adjudication_number, line ORDER BY amount DESC, carc, group_code
        ) AS place
    FROM judged
    WHERE is_denial AND amount > 0
),
top_denials AS (SELECT * FROM ranked WHERE place = 1),
standing AS (
    SELECT
        a.*,
        lead(a.claim_status_code) OVER (PARTITION BY a.claim_id ORDER BY a.adjudication_number) AS next_status
    FROM adjudications a
),
itemized AS (SELECT DISTINCT claim_id, adjudication_number FROM line_payments),
returned AS (
    SELECT claim_id, adjudication_number, coalesce(claim_line_number, 0) AS line FROM unprocessable
),
totals AS (SELECT claim_id, sum(charge_amount) AS charge, count(*) AS n FROM lines GROUP BY claim_id),
spoken AS (
    SELECT
        l.claim_id, l.claim_line_number, a.adjudication_number, a.paid_date,
        a.claim_status_code, coalesce(a.next_status, '') = '22' AS is_reversed,
        coalesce(a.claim_status_code, '') = '4' AND coalesce(a.paid_amount, 0) <= 0 AS claim_denied,
        coalesce(p.charge_amount, l.charge_amount) AS charge,
        CASE WHEN p.claim_id IS NULL AND t.charge > 0 THEN CAST(l.charge_amount AS DOUBLE) / CAST(t.charge AS DOUBLE)
             WHEN p.claim_id IS NULL THEN CAST(1 AS DOUBLE) / t.n
             ELSE CAST(1 AS DOUBLE) END AS part,
        p.claim_id IS NOT NULL AS is_itemized,
        CASE WHEN p.claim_id IS NOT NULL THEN p.paid_amount ELSE a.paid_amount END AS paid,
        CASE WHEN p.claim_id IS NOT NULL THEN l.claim_line_number ELSE 0 END AS line,
        p.allowed_amount,
        CASE WHEN p.claim_id IS NULL THEN a.patient_responsibility_amount END AS claim_patient
    FROM lines l
    JOIN totals t ON t.claim_id = l.claim_id
    JOIN standing a ON a.claim_id = l.claim_id
    LEFT JOIN itemized i ON i.claim_id = a.claim_id AND i.adjudication_number = a.adjudication_number
    LEFT JOIN line_payments p
        ON p.claim_id = l.claim_id AND p.adjudication_number = a.adjudication_number
        AND p.claim_line_number = l.claim_line_number
    LEFT JOIN returned u
        ON u.claim_id = l.claim_id AND u.adjudication_number = a.adjudication_number
        AND u.line IN (0, l.claim_line_number)
    WHERE coalesce(a.claim_status_code, '') <> '22' AND (p.claim_id IS NOT NULL OR i.claim_id IS NULL)
        AND u.claim_id IS NULL
),
explained AS (
    SELECT
        k.*,
        coalesce(s.denied, 0) AS denied_sum, coalesce(s.patient, k.claim_patient, 0) AS patient_sum,
        coalesce(s.patient_share, 0) AS patient_share,
        coalesce(top.group_code, whole.group_code) AS denial_group,
        coalesce(top.carc, whole.carc) AS denial_carc,
        coalesce(top.category, whole.category) AS category
    FROM spoken k
    LEFT JOIN sums s ON s.claim_id = k.claim_id AND s.adjudication_number = k.adjudication_number AND s.line = k.line
    LEFT JOIN top_denials top
        ON top.claim_id = k.claim_id AND top.adjudication_number = k.adjudication_number AND top.line = k.line
    LEFT JOIN top_denials whole
        ON whole.claim_id = k.claim_id AND whole.adjudication_number = k.adjudication_number AND whole.line = 0
        AND k.claim_denied
),
decided AS (
    SELECT
        *,
        CASE WHEN coalesce(paid, 0) <= 0 AND patient_share <= 0 AND (denied_sum > 0 OR claim_denied) THEN 'denied'
             WHEN denied_sum > 0 THEN 'partly denied'
             ELSE 'paid' END AS outcome
    FROM explained
)
SELECT
    claim_id, claim_line_number, adjudication_number, paid_date, is_reversed, outcome,
    CAST(CASE WHEN outcome = 'denied' THEN 0
              WHEN allowed_amount IS NOT NULL THEN allowed_amount
              ELSE part * (coalesce(paid, 0) + patient_share) END AS DECIMAL(18,2)) AS allowed_amount,
    CAST(part * paid AS DECIMAL(18,2)) AS paid_amount,
    CAST(part * patient_sum AS DECIMAL(18,2)) AS patient_responsibility_amount,
    CAST(CASE WHEN outcome = 'paid' THEN 0
              WHEN denied_sum > 0 THEN part * denied_sum
              ELSE charge END AS DECIMAL(18,2)) AS denied_amount,
    CASE WHEN outcome <> 'paid' THEN denial_group END AS denial_group,
    CASE WHEN outcome <> 'paid' THEN denial_carc END AS denial_carc,
    CASE WHEN outcome <> 'paid' THEN coalesce(category, 'no reason given') END AS denial_category
FROM decided
