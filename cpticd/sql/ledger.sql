-- One row per submitted line (0: a claim without lines) and decision of a payer on it.
-- All service rows that answer a line are added up. What is said of the claim as a whole (its adjustments, what was paid
-- beside its lines, rows that answer no line) is spread over the lines by charge, to the cent. A reversal is a row of
-- its own, and cancels the decision that it repeats, wherever the file has it.
WITH readings AS MATERIALIZED (SELECT * FROM adjustment_readings),
added_up AS (
    SELECT
        claim_id, adjudication_number, line,
        sum(CASE WHEN meaning = 'denial' THEN amount ELSE 0 END) AS denied,
        sum(CASE WHEN group_code = 'PR' THEN amount ELSE 0 END) AS patient,
        sum(CASE WHEN meaning = 'patient share' THEN amount ELSE 0 END) AS share,
        sum(CASE WHEN meaning IN ('capitation', 'packaging') THEN amount ELSE 0 END) AS covered,
        sum(CASE WHEN meaning = 'pended' THEN amount ELSE 0 END) AS pended,
        sum(amount) AS total
    FROM readings
    GROUP BY claim_id, adjudication_number, line
),
ranked AS (
    SELECT
        claim_id, adjudication_number, line, group_code, carc, category,
        row_number() OVER (
            PARTITION BY claim_id, adjudication_number, line ORDER BY amount DESC, carc, group_code
        ) AS place
    FROM readings
    WHERE meaning = 'denial' AND (amount > 0 OR is_unknown)
),
sums AS MATERIALIZED (  -- with the largest denial of each
    SELECT s.*, c.group_code AS denial_group, c.carc AS denial_carc, c.category AS denial_category
    FROM added_up s
    LEFT JOIN ranked c
        ON c.claim_id = s.claim_id AND c.adjudication_number = s.adjudication_number AND c.line = s.line AND c.place = 1
),
submitted AS (
    SELECT claim_id, line, charge_amount AS charge FROM (
    {submitted}
    ) x
),
answered AS MATERIALIZED (  -- line 0: rows that answer no submitted line
    SELECT
        p.claim_id, p.adjudication_number, coalesce(s.line, 0) AS line, sum(p.charge_amount) AS charge,
        sum(p.paid_amount) AS paid, sum(p.allowed_amount) AS allowed, max(s.charge) AS line_charge
    FROM line_payments p
    LEFT JOIN submitted s ON s.claim_id = p.claim_id AND s.line = p.claim_line_number
    GROUP BY p.claim_id, p.adjudication_number, coalesce(s.line, 0)
),
itemized AS (
    SELECT
        claim_id, adjudication_number, sum(paid) AS paid, max(line) AS last_line,
        sum(CASE WHEN line = 0 THEN paid ELSE 0 END) AS loose, max(CASE WHEN line = 0 THEN 1 ELSE 0 END) AS has_loose
    FROM answered
    GROUP BY claim_id, adjudication_number
),
classed AS (
    SELECT a.*, coalesce(k.class, 'unknown') AS class, k.payer_order
    FROM adjudications a LEFT JOIN claim_status_codes k ON k.code = a.claim_status_code
),
repeated AS (  -- what a reversal without its signs repeats
    SELECT DISTINCT claim_id, coalesce(payer_claim_id, '') AS number, charge_amount, paid_amount
    FROM classed
    WHERE class <> 'reversal' AND claim_id IN (SELECT claim_id FROM classed WHERE class = 'reversal')
),
adjusted AS (SELECT DISTINCT claim_id, adjudication_number FROM sums),
remarked AS (
    SELECT claim_id, adjudication_number, coalesce(claim_line_number, 0) AS line, list_sort(array_agg(DISTINCT rarc)) AS rarcs
    FROM remarks
    GROUP BY claim_id, adjudication_number, coalesce(claim_line_number, 0)
),
returned AS (
    SELECT DISTINCT claim_id, adjudication_number, coalesce(claim_line_number, 0) AS line FROM unprocessable
),
answers AS MATERIALIZED (
    SELECT
        a.claim_id, a.adjudication_number, a.paid_date, a.payer_claim_id, a.paid_amount AS claim_paid,
        a.patient_responsibility_amount AS claim_patient, a.class,
        coalesce(a.is_reported, false) AS is_reported,
        coalesce(a.is_reversal, a.class = 'reversal' AND (
            NOT coalesce(a.charge_amount > 0 OR a.paid_amount > 0, false) OR t.claim_id IS NOT NULL)) AS is_reversal,
        coalesce(a.payer, c.payer, '(unknown)') AS payer, coalesce(a.payer_id, CASE WHEN coalesce(a.payer, c.payer) = c.payer
            THEN c.payer_id END) AS payer_id,
        coalesce(a.payer_kind, CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_kind END) AS payer_kind,
        coalesce(a.payer_sequence,
            CASE a.payer_order WHEN 'primary' THEN 1 WHEN 'secondary' THEN 2 WHEN 'tertiary' THEN 3 END,
            CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_sequence END) AS payer_sequence,
        i.claim_id IS NOT NULL AND i.last_line > 0 AS is_itemized,
        i.paid AS itemized_paid, coalesce(i.loose, 0) AS loose, coalesce(i.has_loose, 0) AS has_loose,
        j.claim_id IS NULL AND a.patient_responsibility_amount > 0 AS has_share_alone
    FROM classed a
    LEFT JOIN claims c ON c.claim_id = a.claim_id
    LEFT JOIN itemized i ON i.claim_id = a.claim_id AND i.adjudication_number = a.adjudication_number
    LEFT JOIN adjusted j ON j.claim_id = a.claim_id AND j.adjudication_number = a.adjudication_number
    LEFT JOIN repeated t ON t.claim_id = a.claim_id AND t.number = coalesce(a.payer_claim_id, '')
        AND t.charge_amount = a.charge_amount AND t.paid_amount = a.paid_amount
),
-- An answer that does not say as which payer it comes is as the payer's others, else the first.
known_orders AS (
    SELECT claim_id, payer, min(payer_sequence) AS payer_sequence
    FROM answers
    WHERE claim_id IN (SELECT claim_id FROM answers WHERE payer_sequence IS NULL)
    GROUP BY claim_id, payer
),
-- With what it says of the claim as a whole.
ranked_answers AS MATERIALIZED (
    SELECT
        a.* EXCLUDE (payer_sequence),
        coalesce(a.payer_sequence, k.payer_sequence, 1) AS payer_sequence,
        s.claim_id IS NOT NULL AS is_adjusted, s.total, s.patient, s.share, s.denied, s.covered, s.pended,
        s.denial_group, s.denial_carc, s.denial_category, r.rarcs, u.claim_id IS NOT NULL AS is_returned
    FROM answers a
    LEFT JOIN known_orders k ON k.claim_id = a.claim_id AND k.payer = a.payer
    LEFT JOIN sums s ON s.claim_id = a.claim_id AND s.adjudication_number = a.adjudication_number AND s.line = 0
    LEFT JOIN remarked r ON r.claim_id = a.claim_id AND r.adjudication_number = a.adjudication_number AND r.line = 0
    LEFT JOIN returned u ON u.claim_id = a.claim_id AND u.adjudication_number = a.adjudication_number AND u.line = 0
),
whole AS MATERIALIZED (  -- what is to be spread: of each adjudication that says something of its claim as a whole
    SELECT
        a.claim_id, a.adjudication_number, a.is_itemized, a.has_share_alone,
        CAST(CASE WHEN NOT a.is_itemized THEN a.claim_paid
             ELSE a.loose - CASE  -- what the lines were paid beyond the claim, as far as its adjustments explain it
                WHEN a.total > 0 AND a.itemized_paid > a.claim_paid THEN least(a.total, a.itemized_paid - a.claim_paid)
                WHEN a.total < 0 AND a.itemized_paid < a.claim_paid THEN greatest(a.total, a.itemized_paid - a.claim_paid)
                ELSE 0 END END AS DOUBLE) AS paid,
        CAST(CASE WHEN a.has_share_alone THEN a.claim_patient ELSE a.patient END AS DOUBLE) AS patient,
        CAST(CASE WHEN a.has_share_alone THEN a.claim_patient ELSE a.share END AS DOUBLE) AS share,
        CAST(a.denied AS DOUBLE) AS denied, CAST(a.covered AS DOUBLE) AS covered, CAST(a.pended AS DOUBLE) AS pended
    FROM ranked_answers a
    WHERE a.is_adjusted OR NOT a.is_itemized OR a.has_loose = 1 OR a.has_share_alone
),
over AS (  -- the lines that it is spread over: those that are answered and whose own adjustments leave something, else
    -- every line of the claim (a patient's share of which nothing else is known, over what was not paid)
    SELECT w.claim_id, w.adjudication_number, p.line,
        CASE WHEN w.has_share_alone AND p.charge > coalesce(p.paid, 0)
             THEN CAST(p.charge - coalesce(p.paid, 0) AS DOUBLE)
             WHEN w.has_share_alone OR abs(s.total) >= abs(p.charge) THEN 0
             ELSE CAST(coalesce(p.charge, 0) AS DOUBLE) END AS charge
    FROM whole w
    JOIN answered p ON p.claim_id = w.claim_id AND p.adjudication_number = w.adjudication_number AND p.line > 0
    LEFT JOIN sums s ON s.claim_id = p.claim_id AND s.adjudication_number = p.adjudication_number AND s.line = p.line
    WHERE w.is_itemized
    UNION ALL
    SELECT w.claim_id, w.adjudication_number, s.line, CAST(coalesce(s.charge, 0) AS DOUBLE) AS charge
    FROM whole w JOIN submitted s ON s.claim_id = w.claim_id
    WHERE NOT w.is_itemized
),
weighed AS (
    SELECT
        *,
        sum(abs(charge)) OVER (PARTITION BY claim_id, adjudication_number) AS charges,
        count(*) OVER (PARTITION BY claim_id, adjudication_number) AS n,
        sum(abs(charge)) OVER (PARTITION BY claim_id, adjudication_number ORDER BY line ROWS UNBOUNDED PRECEDING) AS upto,
        row_number() OVER (PARTITION BY claim_id, adjudication_number ORDER BY line) AS place
    FROM over
),
parts AS (
    SELECT
        claim_id, adjudication_number, line,
        CASE WHEN charges > 0 THEN upto / charges ELSE CAST(place AS DOUBLE) / n END AS upto,
        CASE WHEN charges > 0 THEN (upto - abs(charge)) / charges ELSE CAST(place - 1 AS DOUBLE) / n END AS before
    FROM weighed
),
spread AS (  -- differences of rounded running sums add up to the cent
    SELECT
        p.claim_id, p.adjudication_number, p.line,
        round(w.paid * p.upto, 2) - round(w.paid * p.before, 2) AS paid,
        round(w.patient * p.upto, 2) - round(w.patient * p.before, 2) AS patient,
        round(w.share * p.upto, 2) - round(w.share * p.before, 2) AS share,
        round(w.denied * p.upto, 2) - round(w.denied * p.before, 2) AS denied,
        round(w.covered * p.upto, 2) - round(w.covered * p.before, 2) AS covered,
        round(w.pended * p.upto, 2) - round(w.pended * p.before, 2) AS pended
    FROM parts p
    JOIN whole w ON w.claim_id = p.claim_id AND w.adjudication_number = p.adjudication_number
),
spoken AS (
    SELECT p.claim_id, p.adjudication_number, p.line, p.charge, p.paid, p.allowed, p.line_charge
    FROM answered p WHERE p.line > 0
    UNION ALL
    SELECT a.claim_id, a.adjudication_number, s.line, s.charge, NULL AS paid, NULL AS allowed, s.charge AS line_charge
    FROM ranked_answers a JOIN submitted s ON s.claim_id = a.claim_id
    WHERE NOT a.is_itemized
),
added AS (
    SELECT
        k.claim_id, k.line, a.adjudication_number, a.payer, a.payer_id, a.payer_kind, a.payer_sequence, a.paid_date,
        a.payer_claim_id, a.is_reported, a.is_reversal, a.class,
        a.is_returned OR u.claim_id IS NOT NULL AS is_returned, coalesce(k.charge, k.line_charge) AS charge, k.line_charge,
        k.paid AS own_paid,
        CASE WHEN w.claim_id IS NULL THEN CAST(k.paid AS DOUBLE)
             WHEN k.paid IS NULL THEN w.paid ELSE CAST(k.paid AS DOUBLE) + coalesce(w.paid, 0) END AS paid,
        k.allowed,
        CAST(coalesce(s.patient, 0) AS DOUBLE) + coalesce(w.patient, 0) AS patient,
        CAST(coalesce(s.share, 0) AS DOUBLE) + coalesce(w.share, 0) AS share,
        CAST(coalesce(s.denied, 0) AS DOUBLE) + coalesce(w.denied, 0) AS denied,
        CAST(coalesce(s.covered, 0) AS DOUBLE) + coalesce(w.covered, 0) AS covered,
        CAST(coalesce(s.pended, 0) AS DOUBLE) + coalesce(w.pended, 0) AS pended,
        a.class = 'denied' AND coalesce(a.claim_paid, 0) <= 0 AS claim_denied,
        CASE WHEN s.denial_category IS NULL THEN a.denial_group ELSE s.denial_group END AS denial_group,
        CASE WHEN s.denial_category IS NULL THEN a.denial_carc ELSE s.denial_carc END AS denial_carc,
        coalesce(s.denial_category, a.denial_category) AS denial_category, coalesce(r.rarcs, a.rarcs) AS rarcs
    FROM spoken k
    JOIN ranked_answers a ON a.claim_id = k.claim_id AND a.adjudication_number = k.adjudication_number
    LEFT JOIN spread w ON w.claim_id = k.claim_id AND w.adjudication_number = k.adjudication_number AND w.line = k.line
    LEFT JOIN sums s ON s.claim_id = k.claim_id AND s.adjudication_number = k.adjudication_number AND s.line = k.line
        AND k.line > 0
    LEFT JOIN remarked r ON r.claim_id = k.claim_id AND r.adjudication_number = k.adjudication_number AND r.line = k.line
        AND k.line > 0
    LEFT JOIN returned u ON u.claim_id = k.claim_id AND u.adjudication_number = k.adjudication_number AND u.line = k.line
        AND k.line > 0
),
capped AS (  -- no more can be denied than was neither paid nor the patient's
    SELECT
        *,
        -- (what a claim's deductible takes from a line that was paid less leaves a payment below none: it offsets the share)
        CASE WHEN charge > 0 THEN greatest(0, least(denied, CAST(charge AS DOUBLE)
            - CASE WHEN own_paid >= 0 THEN paid ELSE greatest(coalesce(paid, 0), 0) END
            - greatest(share, 0))) ELSE denied END AS refused
    FROM added
),
decided AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN is_reversal THEN 'reversed'
             WHEN is_returned THEN 'returned'
             WHEN class = 'pricing only' THEN 'predetermined'
             WHEN class = 'forwarded' THEN 'forwarded'
             WHEN class = 'pended' OR (pended > 0 AND coalesce(paid, 0) <= 0 AND refused <= 0 AND share <= 0) THEN 'pended'
             WHEN coalesce(paid, 0) <= 0 AND share <= 0 AND (refused > 0 OR (denied > 0 AND coalesce(charge, 0) <= 0))
                 THEN 'denied'
             -- neither charged nor paid, as far as is known, and a payer gave a reason that denies: denied, the dollars unknown
             WHEN charge IS NULL AND denial_category IS NOT NULL AND coalesce(paid, 0) <= 0 AND share <= 0
                 AND coalesce(allowed, 0) <= 0 AND class <> 'pended' THEN 'denied'
             WHEN refused > 0 THEN 'partly denied'
             WHEN coalesce(paid, 0) > 0 OR share > 0 OR coalesce(allowed, 0) > 0 THEN 'paid'
             WHEN covered > 0 THEN 'nothing paid'
             WHEN claim_denied THEN 'denied'
             WHEN paid <= 0 AND charge > 0 THEN 'nothing paid'
             ELSE 'paid' END AS decision
    FROM capped
),
-- Reversals and the decisions before them, of claims that have some: first those that repeat all, then what is left.
-- A correction may stand before its reversal; then the numbers of the payer tell which decision is meant.
taken AS (
    SELECT claim_id, line, adjudication_number, payer, decision = 'reversed' AS is_reversal,
        coalesce(payer_claim_id, '') AS number, abs(coalesce(charge, 0)) AS charge, abs(coalesce(own_paid, 0)) AS own_paid,
        decision IN ('paid', 'partly denied', 'denied', 'nothing paid') AS is_decision, pended <> 0 AS is_pended
    FROM decided
    WHERE decision <> 'predetermined'
        AND claim_id IN (SELECT claim_id FROM ranked_answers WHERE is_reversal)
),
counted AS (
    SELECT *, row_number() OVER (
        PARTITION BY claim_id, line, payer, number, charge, own_paid, is_pended, is_reversal ORDER BY adjudication_number
    ) AS k
    FROM taken
),
exact AS MATERIALIZED (
    SELECT r.claim_id, r.line, r.adjudication_number AS reversal, d.adjudication_number
    FROM counted r
    JOIN counted d ON d.claim_id = r.claim_id AND d.line = r.line AND d.payer = r.payer AND d.number = r.number
        AND d.charge = r.charge AND d.own_paid = r.own_paid AND d.is_pended = r.is_pended AND d.k = r.k AND NOT d.is_reversal
    WHERE r.is_reversal
),
nearest AS (  -- of a reversal that repeats none: the last decision before it that none has cancelled
    SELECT r.claim_id, r.line, max(d.adjudication_number) AS adjudication_number
    FROM taken r
    LEFT JOIN exact e ON e.claim_id = r.claim_id AND e.line = r.line AND e.reversal = r.adjudication_number
    JOIN taken d ON d.claim_id = r.claim_id AND d.line = r.line AND d.payer = r.payer AND NOT d.is_reversal
        AND d.is_decision AND d.adjudication_number < r.adjudication_number
    LEFT JOIN exact x ON x.claim_id = d.claim_id AND x.line = d.line AND x.adjudication_number = d.adjudication_number
    WHERE r.is_reversal AND e.claim_id IS NULL AND x.claim_id IS NULL
    GROUP BY r.claim_id, r.line, r.adjudication_number
),
cancelled AS (
    SELECT claim_id, line, adjudication_number FROM exact
    UNION
    SELECT claim_id, line, adjudication_number FROM nearest
)
SELECT
    d.claim_id, d.line AS claim_line_number, d.adjudication_number, d.payer, d.payer_id, d.payer_kind,
    CAST(d.payer_sequence AS INTEGER) AS payer_sequence,
    d.paid_date, d.decision, x.claim_id IS NOT NULL AS is_cancelled, d.is_reported,
    d.charge AS charge_amount, d.line_charge AS line_charge_amount,
    CAST(CASE WHEN d.decision IN ('denied', 'nothing paid') THEN 0
              WHEN d.allowed IS NOT NULL THEN CAST(d.allowed AS DOUBLE)
              ELSE coalesce(d.paid, 0) + d.share END AS DECIMAL(18,2)) AS allowed_amount,
    CAST(d.paid AS DECIMAL(18,2)) AS paid_amount,
    CAST(d.patient AS DECIMAL(18,2)) AS patient_responsibility_amount,
    CAST(CASE WHEN d.decision NOT IN ('denied', 'partly denied') THEN 0
              WHEN d.denied > 0 THEN d.refused
              ELSE CAST(d.charge AS DOUBLE) END AS DECIMAL(18,2)) AS denied_amount,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN d.denial_group END AS denial_group,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN d.denial_carc END AS denial_carc,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN coalesce(d.denial_category, 'no reason given') END
        AS denial_category,
    array_to_string(d.rarcs, ' ') AS rarcs, d.payer_claim_id
FROM decided d
LEFT JOIN cancelled x
    ON x.claim_id = d.claim_id AND x.line = d.line AND x.adjudication_number = d.adjudication_number
    AND d.decision <> 'reversed'
