-- What every answer says of each line, with its part of what is said of the claim; and as whose answer, of which kind.
-- Most answers speak of lines alone: windows see what is spread, and what has other answers beside it.
{readings},
given AS (  -- everything that an answer says, by the line that it speaks of; 0: of the claim, or of no line of it
    SELECT
        claim_id, adjudication_number, coalesce(claim_line_number, 0) AS line, 1 AS is_answer, charge_amount AS charge,
        paid_amount AS paid, allowed_amount AS allowed, NULL AS amount, NULL AS meaning, NULL AS group_code, NULL AS carc,
        NULL AS category, false AS denies, NULL AS rarc, 0 AS is_returned
    FROM line_payments
    UNION ALL
    SELECT
        claim_id, adjudication_number, line, NULL, NULL, NULL, NULL, amount, meaning, group_code, carc, category,
        meaning = 'denial' AND (amount > 0 OR is_unknown), NULL, 0
    FROM readings
    UNION ALL
    SELECT
        r.claim_id, r.adjudication_number, coalesce(r.claim_line_number, 0), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, false, r.rarc, CASE WHEN o.rarc IS NULL THEN 0 ELSE 1 END
    FROM remarks r
    LEFT JOIN carc_rarc_overrides o ON o.rarc = r.rarc AND o.marker = 'unprocessable'
),
added_up AS (
    SELECT
        claim_id, adjudication_number, line, max(is_answer) AS is_answer, sum(charge) AS charge, sum(paid) AS paid,
        sum(allowed) AS allowed, sum(amount) AS total,
        {reason_sums} FILTER (WHERE denies) AS denial,
        nullif(array_to_string(list_sort(list_distinct(array_agg(rarc) FILTER (WHERE rarc IS NOT NULL))), ' '), '') AS rarcs,
        max(is_returned) AS is_returned
    FROM given
    GROUP BY claim_id, adjudication_number, line
),
stated AS MATERIALIZED (
    SELECT
        s.*, l.charge_amount AS line_charge, s.is_answer = 1 AND s.line > 0 AND l.claim_id IS NOT NULL AS answers_line,
        s.is_answer = 1 AND (s.line = 0 OR l.claim_id IS NULL) AS answers_none
    FROM added_up s
    LEFT JOIN lines l ON l.claim_id = s.claim_id AND l.claim_line_number = s.line
),
whole AS (  -- by adjudication: what its rows come to, and what it says of the claim
    SELECT
        claim_id, adjudication_number, sum(paid) AS itemized_paid,
        max(CASE WHEN answers_line THEN 1 ELSE 0 END) AS is_itemized,
        sum(CASE WHEN answers_none THEN paid END) AS loose, max(CASE WHEN answers_none THEN 1 ELSE 0 END) AS has_loose,
        count(total) AS adjusted, max(CASE WHEN line = 0 AND total IS NOT NULL THEN 1 ELSE 0 END) AS is_adjusted,
        sum(CASE WHEN line = 0 THEN total END) AS total, sum(CASE WHEN line = 0 THEN denied END) AS denied,
        sum(CASE WHEN line = 0 THEN patient END) AS patient, sum(CASE WHEN line = 0 THEN share END) AS share,
        sum(CASE WHEN line = 0 THEN covered END) AS covered, sum(CASE WHEN line = 0 THEN pended END) AS pended,
        arg_min(denial, line) FILTER (WHERE line = 0) AS denial, max(CASE WHEN line = 0 THEN rarcs END) AS rarcs,
        max(CASE WHEN line = 0 THEN is_returned ELSE 0 END) AS is_returned
    FROM stated
    GROUP BY claim_id, adjudication_number
),
classed AS (
    SELECT
        a.*, coalesce(k.class, 'unknown') AS class, coalesce(a.payer, c.payer, '(unknown)') AS named,
        CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_id END AS claim_payer_id,
        CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_kind END AS claim_payer_kind,
        coalesce(a.payer_sequence,
            CASE k.payer_order WHEN 'primary' THEN 1 WHEN 'secondary' THEN 2 WHEN 'tertiary' THEN 3 END,
            CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_sequence END) AS place
    FROM adjudications a
    LEFT JOIN claim_status_codes k ON k.code = a.claim_status_code
    LEFT JOIN claims c ON c.claim_id = a.claim_id
),
several AS (  -- of claims with several answers: as which payer its others come; how often a reversal's is repeated
    SELECT
        claim_id, adjudication_number, min(place) OVER (PARTITION BY claim_id, named) AS place,
        count(CASE WHEN class <> 'reversal' THEN charge_amount + paid_amount END) OVER (
            PARTITION BY claim_id, coalesce(payer_claim_id, ''), charge_amount, paid_amount) AS repeated
    FROM classed
    WHERE claim_id IN (SELECT claim_id FROM adjudications GROUP BY claim_id HAVING count(*) > 1)
),
answers AS MATERIALIZED (
    SELECT
        a.claim_id, a.adjudication_number, a.paid_date, a.payer_claim_id, a.class, coalesce(a.is_reported, false) AS is_reported,
        a.named AS payer, coalesce(a.payer_id, a.claim_payer_id) AS payer_id,
        coalesce(a.payer_kind, a.claim_payer_kind) AS payer_kind, coalesce(a.place, t.place, 1) AS payer_sequence,
        coalesce(a.is_reversal, a.class = 'reversal' AND (  -- one without its signs repeats what it takes back
            NOT coalesce(a.charge_amount > 0 OR a.paid_amount > 0, false) OR coalesce(t.repeated, 0) > 0)) AS is_reversal,
        a.class = 'denied' AND coalesce(a.paid_amount, 0) <= 0 AS claim_denied,
        coalesce(w.is_itemized, 0) = 1 AS is_itemized, coalesce(w.is_returned, 0) = 1 AS is_returned, w.denial, w.rarcs,
        coalesce(w.adjusted, 0) = 0 AND coalesce(a.patient_responsibility_amount > 0, false) AS has_share_alone,
        coalesce(w.is_adjusted = 1 OR w.is_itemized = 0 OR w.has_loose = 1, true) AS speaks_of_claim,
        CAST(CASE WHEN coalesce(w.is_itemized, 0) = 0 OR w.itemized_paid IS NULL THEN a.paid_amount
             ELSE coalesce(w.loose, 0) - CASE  -- what the lines were paid beyond the claim, as far as its adjustments explain it
                WHEN w.total > 0 AND w.itemized_paid > a.paid_amount THEN least(w.total, w.itemized_paid - a.paid_amount)
                WHEN w.total < 0 AND w.itemized_paid < a.paid_amount THEN greatest(w.total, w.itemized_paid - a.paid_amount)
                ELSE 0 END END AS DOUBLE) AS paid,
        CAST(CASE WHEN coalesce(w.adjusted, 0) = 0 AND a.patient_responsibility_amount > 0 THEN a.patient_responsibility_amount
             ELSE w.patient END AS DOUBLE) AS patient,
        CAST(CASE WHEN coalesce(w.adjusted, 0) = 0 AND a.patient_responsibility_amount > 0 THEN a.patient_responsibility_amount
             ELSE w.share END AS DOUBLE) AS share,
        CAST(w.denied AS DOUBLE) AS denied, CAST(w.covered AS DOUBLE) AS covered, CAST(w.pended AS DOUBLE) AS pended
    FROM classed a
    LEFT JOIN whole w ON w.claim_id = a.claim_id AND w.adjudication_number = a.adjudication_number
    LEFT JOIN several t ON t.claim_id = a.claim_id AND t.adjudication_number = a.adjudication_number
),
spoken AS (  -- an answer that speaks of no line of its claim is one on every line
    SELECT
        claim_id, adjudication_number, line, charge, paid, allowed, line_charge, total, denied, patient, share, covered, pended,
        denial, rarcs, is_returned
    FROM stated
    WHERE answers_line
    UNION ALL
    SELECT
        a.claim_id, a.adjudication_number, x.line, x.charge_amount, NULL, NULL, x.charge_amount, s.total, s.denied, s.patient,
        s.share, s.covered, s.pended, s.denial, s.rarcs, s.is_returned
    FROM answers a
    JOIN (
        {submitted}
    ) x ON x.claim_id = a.claim_id
    LEFT JOIN stated s
        ON s.claim_id = a.claim_id AND s.adjudication_number = a.adjudication_number AND s.line = x.line AND s.line > 0
    WHERE NOT a.is_itemized
),
said AS MATERIALIZED (
    SELECT
        k.claim_id, k.line, a.adjudication_number, a.payer, a.payer_id, a.payer_kind, a.payer_sequence, a.paid_date,
        a.payer_claim_id, a.is_reported, a.is_reversal, a.class, a.claim_denied,
        a.is_returned OR coalesce(k.is_returned, 0) = 1 AS is_returned,
        coalesce(k.charge, k.line_charge) AS charge, k.line_charge, k.paid, k.allowed, k.patient, k.share, k.denied, k.covered,
        k.pended, coalesce(k.denial, a.denial) AS denial, coalesce(k.rarcs, a.rarcs) AS rarcs,
        -- By what it is spread: over the lines that are answered and whose own adjustments leave something, else over every
        -- line of the claim; a patient's share of which nothing else is known over what was not paid.
        CASE WHEN NOT a.speaks_of_claim AND NOT a.has_share_alone THEN NULL
             WHEN NOT a.is_itemized THEN CAST(coalesce(k.charge, 0) AS DOUBLE)
             WHEN a.has_share_alone AND k.charge > coalesce(k.paid, 0) THEN CAST(k.charge - coalesce(k.paid, 0) AS DOUBLE)
             WHEN a.has_share_alone OR abs(k.total) >= abs(k.charge) THEN 0
             ELSE CAST(coalesce(k.charge, 0) AS DOUBLE) END AS weight,
        a.paid AS claim_paid, a.patient AS claim_patient, a.share AS claim_share, a.denied AS claim_denied_amount,
        a.covered AS claim_covered, a.pended AS claim_pended
    FROM spoken k
    JOIN answers a ON a.claim_id = k.claim_id AND a.adjudication_number = k.adjudication_number
),
weighed AS (
    SELECT
        *,
        sum(abs(weight)) OVER (PARTITION BY claim_id, adjudication_number) AS weights,
        count(*) OVER (PARTITION BY claim_id, adjudication_number) AS n,
        sum(abs(weight)) OVER (PARTITION BY claim_id, adjudication_number ORDER BY line ROWS UNBOUNDED PRECEDING) AS upto,
        row_number() OVER (PARTITION BY claim_id, adjudication_number ORDER BY line) AS place
    FROM said
    WHERE weight IS NOT NULL
),
parts AS (
    SELECT
        *,
        CASE WHEN weights > 0 THEN upto / weights ELSE CAST(place AS DOUBLE) / n END AS last,
        CASE WHEN weights > 0 THEN (upto - abs(weight)) / weights ELSE CAST(place - 1 AS DOUBLE) / n END AS first
    FROM weighed
),
spread AS (  -- differences of rounded running sums add up to the cent
    SELECT
        claim_id, adjudication_number, line,
        round(claim_paid * last, 2) - round(claim_paid * first, 2) AS paid,
        round(claim_patient * last, 2) - round(claim_patient * first, 2) AS patient,
        round(claim_share * last, 2) - round(claim_share * first, 2) AS share,
        round(claim_denied_amount * last, 2) - round(claim_denied_amount * first, 2) AS denied,
        round(claim_covered * last, 2) - round(claim_covered * first, 2) AS covered,
        round(claim_pended * last, 2) - round(claim_pended * first, 2) AS pended
    FROM parts
),
summed AS (
    SELECT
        k.claim_id, k.line, k.adjudication_number, k.payer, k.payer_id, k.payer_kind, k.payer_sequence, k.paid_date,
        k.payer_claim_id, k.is_reported, k.is_reversal, k.class, k.claim_denied, k.is_returned, k.charge, k.line_charge,
        k.allowed, k.denial, k.rarcs, k.paid AS own_paid,
        CASE WHEN w.claim_id IS NULL THEN CAST(k.paid AS DOUBLE)
             WHEN k.paid IS NULL THEN w.paid ELSE CAST(k.paid AS DOUBLE) + coalesce(w.paid, 0) END AS paid,
        CAST(coalesce(k.patient, 0) AS DOUBLE) + coalesce(w.patient, 0) AS patient,
        CAST(coalesce(k.share, 0) AS DOUBLE) + coalesce(w.share, 0) AS share,
        CAST(coalesce(k.denied, 0) AS DOUBLE) + coalesce(w.denied, 0) AS denied,
        CAST(coalesce(k.covered, 0) AS DOUBLE) + coalesce(w.covered, 0) AS covered,
        CAST(coalesce(k.pended, 0) AS DOUBLE) + coalesce(w.pended, 0) AS pended
    FROM said k
    LEFT JOIN spread w ON w.claim_id = k.claim_id AND w.adjudication_number = k.adjudication_number AND w.line = k.line
)
