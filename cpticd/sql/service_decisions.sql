-- One row per service that a payer decided: the first decision of the first payer, and the state of the latest ones.
-- Decisions of a payer that answer parts of a line hold together: at first those from the first on, at last those up to
-- the last that was not cancelled, as long as their charges stay within the line's. Of several versions of a claim the
-- last that a payer accepted stands, else the last. What only a claim reports of another payer (SVD) counts where that
-- payer's own remittance is not there, and is never the first decision beside one that is.
effective AS MATERIALIZED (
    SELECT
        coalesce(v.service_claim_id, g.claim_id) AS service_claim_id,
        coalesce(v.service_line_number, g.claim_line_number) AS service_line_number,
        coalesce(v.version, 1) AS version, v.claim_id IS NOT NULL AS is_chained, g.*,
        coalesce(g.paid_date, CASE WHEN g.adjudication_number = 1 THEN DATE '0001-01-01' ELSE DATE '9999-12-31' END) AS day
    FROM ledger g
    LEFT JOIN versions v ON v.claim_id = g.claim_id AND v.claim_line_number = g.claim_line_number
    WHERE g.decision IN ('paid', 'partly denied', 'denied', 'nothing paid')
),
twice AS (  -- most services have one decision, which needs no ordering
    SELECT service_claim_id, service_line_number
    FROM effective
    GROUP BY service_claim_id, service_line_number
    HAVING count(*) > 1 OR max(CASE WHEN is_chained THEN 1 ELSE 0 END) = 1
),
counted AS (
    SELECT
        e.*,
        count(CASE WHEN NOT e.is_reported THEN 1 END) OVER (
            PARTITION BY e.service_claim_id, e.service_line_number, e.payer
        ) AS own
    FROM effective e
    JOIN twice t ON t.service_claim_id = e.service_claim_id AND t.service_line_number = e.service_line_number
),
several AS (
    SELECT * FROM counted WHERE own = 0 OR NOT is_reported
),
ordered AS (
    SELECT
        *,
        row_number() OVER forth AS place,
        sum(coalesce(charge_amount, 0)) OVER forth AS upto,
        sum(CASE WHEN is_cancelled THEN 1 ELSE 0 END) OVER forth AS cancelled_upto, min(day) OVER forth AS first_day,
        sum(CASE WHEN is_cancelled THEN 0 ELSE coalesce(charge_amount, 0) END) OVER back AS from_here,
        sum(CASE WHEN is_cancelled THEN 0 ELSE 1 END) OVER back AS place_from_last
    FROM several
    WINDOW forth AS (
        PARTITION BY service_claim_id, service_line_number, payer, payer_sequence, version
        ORDER BY day, adjudication_number ROWS UNBOUNDED PRECEDING
    ),
    back AS (
        PARTITION BY service_claim_id, service_line_number, payer, payer_sequence, version
        ORDER BY day DESC, adjudication_number DESC ROWS UNBOUNDED PRECEDING
    )
),
flagged AS (
    SELECT
        *,
        place = 1 OR ((cancelled_upto = 0 OR day = first_day) AND charge_amount > 0 AND upto <= line_charge_amount) AS is_first,
        NOT is_cancelled AND (place_from_last = 1 OR (charge_amount > 0 AND from_here <= line_charge_amount)) AS is_last
    FROM ordered
),
caused AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY service_claim_id, service_line_number, payer, payer_sequence, version, is_first
            ORDER BY denied_amount DESC, denial_category, denial_carc, denial_group, rarcs, adjudication_number
        ) AS first_cause,
        row_number() OVER (
            PARTITION BY service_claim_id, service_line_number, payer, payer_sequence, version, is_last
            ORDER BY denied_amount DESC, denial_category, denial_carc, denial_group, rarcs, adjudication_number
        ) AS last_cause
    FROM flagged
),
of_versions AS (
    SELECT
        service_claim_id, service_line_number, payer, payer_sequence, version, min(claim_id) AS claim_id,
        min(claim_line_number) AS claim_line_number, min(payer_id) AS payer_id, min(payer_kind) AS payer_kind,
        min(CASE WHEN is_reported THEN 1 ELSE 0 END) AS reported,
        min(day) AS day, min(CASE WHEN is_first THEN paid_date END) AS first_paid_date,
        min(CASE WHEN place = 1 THEN adjudication_number END) AS adjudication_number,
        count(CASE WHEN is_first THEN 1 END) AS first_n,
        count(CASE WHEN is_first AND decision = 'denied' THEN 1 END) AS first_denied,
        count(CASE WHEN is_first AND decision = 'partly denied' THEN 1 END) AS first_partly,
        count(CASE WHEN is_first AND decision = 'nothing paid' THEN 1 END) AS first_nothing,
        sum(CASE WHEN is_first THEN denied_amount END) AS first_denied_amount,
        max(CASE WHEN is_first AND first_cause = 1 THEN denial_group END) AS denial_group,
        max(CASE WHEN is_first AND first_cause = 1 THEN denial_carc END) AS denial_carc,
        max(CASE WHEN is_first AND first_cause = 1 THEN denial_category END) AS denial_category,
        max(CASE WHEN is_first AND first_cause = 1 THEN rarcs END) AS rarcs,
        count(CASE WHEN is_last THEN 1 END) AS last_n,
        count(CASE WHEN is_last AND decision = 'denied' THEN 1 END) AS last_denied,
        count(CASE WHEN is_last AND decision = 'partly denied' THEN 1 END) AS last_partly,
        count(CASE WHEN is_last AND decision = 'nothing paid' THEN 1 END) AS last_nothing,
        sum(CASE WHEN is_last THEN denied_amount END) AS last_denied_amount,
        sum(CASE WHEN is_last THEN paid_amount END) AS paid_amount,
        sum(CASE WHEN is_last THEN allowed_amount END) AS allowed_amount,
        sum(CASE WHEN is_last THEN patient_responsibility_amount END) AS patient_amount,
        max(CASE WHEN is_last THEN paid_date END) AS last_paid_date,
        max(CASE WHEN is_last AND last_cause = 1 THEN denial_group END) AS last_denial_group,
        max(CASE WHEN is_last AND last_cause = 1 THEN denial_carc END) AS last_denial_carc,
        max(CASE WHEN is_last AND last_cause = 1 THEN denial_category END) AS last_denial_category,
        max(CASE WHEN is_last AND last_cause = 1 THEN rarcs END) AS last_rarcs,
        count(*) AS rows_n
    FROM caused
    GROUP BY service_claim_id, service_line_number, payer, payer_sequence, version
),
worded AS (
    SELECT
        *,
        CASE WHEN first_denied = first_n THEN 'denied'
             WHEN first_denied + first_partly > 0 THEN 'partly denied'
             WHEN first_nothing = first_n THEN 'nothing paid' ELSE 'paid' END AS first_decision,
        CASE WHEN last_n = 0 THEN NULL
             WHEN last_denied = last_n THEN 'denied'
             WHEN last_denied + last_partly > 0 THEN 'partly denied'
             WHEN last_nothing = last_n THEN 'nothing paid' ELSE 'paid' END AS last_decision
    FROM of_versions
),
chosen AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY service_claim_id, service_line_number ORDER BY reported, payer_sequence, version, day, payer
        ) AS first_place,
        row_number() OVER (
            PARTITION BY service_claim_id, service_line_number, payer, payer_sequence
            ORDER BY CASE WHEN last_decision IN ('paid', 'partly denied') THEN 0 WHEN last_n > 0 THEN 1 ELSE 2 END,
                version DESC
        ) AS last_place
    FROM worded
),
firsts AS (SELECT * FROM chosen WHERE first_place = 1),
standing AS MATERIALIZED (
    SELECT
        *, row_number() OVER (PARTITION BY service_claim_id, service_line_number ORDER BY payer_sequence, payer) AS turn,
        row_number() OVER (PARTITION BY service_claim_id, service_line_number ORDER BY payer_sequence DESC, payer DESC)
            AS turn_from_last
    FROM chosen
    WHERE last_place = 1 AND last_n > 0
),
refusing AS (
    SELECT
        *, row_number() OVER (PARTITION BY service_claim_id, service_line_number ORDER BY turn) AS place
    FROM standing
    WHERE last_decision IN ('denied', 'partly denied')
),
lasts AS (
    SELECT
        service_claim_id, service_line_number,
        count(CASE WHEN last_decision IN ('paid', 'partly denied') THEN 1 END) AS accepting,
        count(CASE WHEN last_decision = 'paid' THEN 1 END) AS paying,
        count(CASE WHEN last_decision = 'denied' THEN 1 END) AS denying,
        max(CASE WHEN turn = 1 THEN last_decision END) AS of_first,
        max(CASE WHEN turn = 1 THEN last_denied_amount END) AS first_left,
        max(CASE WHEN turn = 1 THEN greatest(0, patient_amount) END) AS first_share,
        min(CASE WHEN last_decision = 'partly denied' THEN last_denied_amount END) AS least_denied,
        sum(CASE WHEN turn > 1 THEN paid_amount ELSE 0 END) AS paid_beside,
        sum(paid_amount) AS paid_amount, max(allowed_amount) AS allowed_amount,
        max(CASE WHEN turn_from_last = 1 THEN patient_amount END) AS patient_amount,
        max(last_paid_date) AS last_paid_date,
        min(CASE WHEN last_decision IN ('paid', 'partly denied') THEN last_paid_date END) AS accepted_date
    FROM standing
    GROUP BY service_claim_id, service_line_number
),
settled AS (
    SELECT
        *,
        CASE WHEN accepting = 0 THEN NULL
             WHEN of_first = 'paid' THEN 0
             WHEN of_first = 'partly denied' THEN greatest(0, first_left
                - greatest(0, coalesce(paid_beside, 0) - coalesce(first_share, 0)))
             WHEN paying > 0 THEN 0
             ELSE least_denied END AS left_denied
    FROM lasts
),
totals AS (
    SELECT
        service_claim_id, service_line_number, sum(rows_n) AS decisions, count(DISTINCT payer) AS payers
    FROM chosen GROUP BY service_claim_id, service_line_number
),
decisions AS MATERIALIZED (
    SELECT
        f.service_claim_id, f.service_line_number, f.claim_id, f.claim_line_number,
        f.payer AS first_payer, f.payer_id AS first_payer_id, f.payer_kind AS first_payer_kind,
        f.payer_sequence AS first_payer_sequence, f.adjudication_number AS first_adjudication_number,
        f.first_paid_date, f.first_decision, f.first_denied_amount, f.denial_group, f.denial_carc, f.denial_category, f.rarcs,
        CASE WHEN s.service_claim_id IS NULL THEN 'not adjudicated'
             WHEN s.accepting > 0 AND s.left_denied > 0 THEN 'partly denied'
             WHEN s.accepting > 0 THEN 'paid'
             WHEN s.of_first = 'denied' THEN 'denied' ELSE 'nothing paid' END AS last_decision,
        CASE WHEN s.service_claim_id IS NULL THEN 0
             WHEN s.accepting > 0 THEN s.left_denied
             WHEN s.of_first = 'denied' THEN r.last_denied_amount ELSE 0 END AS last_denied_amount,
        r.last_denial_group, r.last_denial_carc, r.last_denial_category, r.last_rarcs,
        CASE WHEN s.accepting = 0 AND s.of_first = 'denied' THEN r.payer END AS denying_payer,
        CASE WHEN s.service_claim_id IS NULL THEN 0 ELSE s.paid_amount END AS paid_amount,
        CASE WHEN s.service_claim_id IS NULL THEN 0 ELSE s.allowed_amount END AS allowed_amount,
        CASE WHEN s.service_claim_id IS NULL THEN 0 ELSE s.patient_amount END AS patient_responsibility_amount,
        s.last_paid_date, s.accepted_date, t.decisions, t.payers, coalesce(s.denying, 0) AS refusing_payers
    FROM firsts f
    JOIN totals t ON t.service_claim_id = f.service_claim_id AND t.service_line_number = f.service_line_number
    LEFT JOIN settled s ON s.service_claim_id = f.service_claim_id AND s.service_line_number = f.service_line_number
    LEFT JOIN refusing r
        ON r.service_claim_id = f.service_claim_id AND r.service_line_number = f.service_line_number AND r.place = 1
        AND ((s.accepting = 0 AND s.of_first = 'denied') OR s.left_denied > 0)
    UNION ALL
    SELECT
        e.service_claim_id, e.service_line_number, e.claim_id, e.claim_line_number, e.payer, e.payer_id, e.payer_kind,
        e.payer_sequence, e.adjudication_number, e.paid_date, e.decision, e.denied_amount, e.denial_group, e.denial_carc,
        e.denial_category, e.rarcs,
        CASE WHEN e.is_cancelled THEN 'not adjudicated' ELSE e.decision END,
        CASE WHEN e.is_cancelled THEN 0 ELSE e.denied_amount END,
        CASE WHEN NOT e.is_cancelled THEN e.denial_group END, CASE WHEN NOT e.is_cancelled THEN e.denial_carc END,
        CASE WHEN NOT e.is_cancelled THEN e.denial_category END, CASE WHEN NOT e.is_cancelled THEN e.rarcs END,
        CASE WHEN NOT e.is_cancelled AND e.decision = 'denied' THEN e.payer END,
        CASE WHEN e.is_cancelled THEN 0 ELSE e.paid_amount END, CASE WHEN e.is_cancelled THEN 0 ELSE e.allowed_amount END,
        CASE WHEN e.is_cancelled THEN 0 ELSE e.patient_responsibility_amount END,
        CASE WHEN NOT e.is_cancelled THEN e.paid_date END,
        CASE WHEN NOT e.is_cancelled AND e.decision IN ('paid', 'partly denied') THEN e.paid_date END, 1, 1,
        CASE WHEN NOT e.is_cancelled AND e.decision = 'denied' THEN 1 ELSE 0 END
    FROM effective e
    LEFT JOIN twice t ON t.service_claim_id = e.service_claim_id AND t.service_line_number = e.service_line_number
    WHERE t.service_claim_id IS NULL
)
