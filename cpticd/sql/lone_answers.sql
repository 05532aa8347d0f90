-- The same as answers, of claims with one answer that speaks of lines alone, each in one row: nothing is spread, and no
-- other answer is looked at.
{readings},
reasons AS (
    SELECT
        claim_id, line,
        {reason_sums} FILTER (WHERE meaning = 'denial' AND (amount > 0 OR is_unknown)) AS denial
    FROM readings
    WHERE meaning <> 'other' OR group_code = 'PR'
    GROUP BY claim_id, line
),
remarked AS (
    SELECT
        r.claim_id, r.claim_line_number AS line, array_to_string(list_sort(list_distinct(array_agg(r.rarc))), ' ') AS rarcs,
        count(o.rarc) > 0 AS is_returned
    FROM remarks r
    LEFT JOIN carc_rarc_overrides o ON o.rarc = r.rarc AND o.marker = 'unprocessable'
    GROUP BY r.claim_id, r.claim_line_number
),
answers AS MATERIALIZED (
    SELECT
        a.claim_id, a.adjudication_number, a.paid_date, a.payer_claim_id, coalesce(a.is_reported, false) AS is_reported,
        coalesce(a.payer, c.payer, '(unknown)') AS payer,
        coalesce(a.payer_id, CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_id END) AS payer_id,
        coalesce(a.payer_kind, CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_kind END) AS payer_kind,
        coalesce(a.payer_sequence,
            CASE k.payer_order WHEN 'primary' THEN 1 WHEN 'secondary' THEN 2 WHEN 'tertiary' THEN 3 END,
            CASE WHEN coalesce(a.payer, c.payer) = c.payer THEN c.payer_sequence END, 1) AS payer_sequence,
        coalesce(a.is_reversal, coalesce(k.class, 'unknown') = 'reversal'
            AND NOT coalesce(a.charge_amount > 0 OR a.paid_amount > 0, false)) AS is_reversal,
        coalesce(k.class, 'unknown') AS class,
        coalesce(k.class, 'unknown') = 'denied' AND coalesce(a.paid_amount, 0) <= 0 AS claim_denied
    FROM adjudications a
    LEFT JOIN claims c ON c.claim_id = a.claim_id
    LEFT JOIN claim_status_codes k ON k.code = a.claim_status_code
),
spoken AS (
    SELECT
        p.claim_id, p.claim_line_number AS line, p.adjudication_number, coalesce(p.charge_amount, l.charge_amount) AS charge,
        l.charge_amount AS line_charge, p.allowed_amount AS allowed, p.paid_amount AS own_paid, s.denial, s.patient, s.share,
        s.denied, s.covered, s.pended, r.rarcs, coalesce(r.is_returned, false) AS is_returned
    FROM line_payments p
    JOIN lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
    LEFT JOIN reasons s ON s.claim_id = p.claim_id AND s.line = p.claim_line_number
    LEFT JOIN remarked r ON r.claim_id = p.claim_id AND r.line = p.claim_line_number
),
summed AS (
    SELECT
        k.claim_id, k.line, k.adjudication_number, a.payer, a.payer_id, a.payer_kind, a.payer_sequence, a.paid_date,
        a.payer_claim_id, a.is_reported, a.is_reversal, a.class, a.claim_denied, k.is_returned, k.charge, k.line_charge,
        k.allowed, k.denial, k.rarcs, k.own_paid, CAST(k.own_paid AS DOUBLE) AS paid,
        CAST(coalesce(k.patient, 0) AS DOUBLE) AS patient, CAST(coalesce(k.share, 0) AS DOUBLE) AS share,
        CAST(coalesce(k.denied, 0) AS DOUBLE) AS denied, CAST(coalesce(k.covered, 0) AS DOUBLE) AS covered,
        CAST(coalesce(k.pended, 0) AS DOUBLE) AS pended
    FROM spoken k
    JOIN answers a ON a.claim_id = k.claim_id AND a.adjudication_number = k.adjudication_number
)
