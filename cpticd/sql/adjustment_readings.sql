-- One row per adjustment of an adjudication: what it means (denial, patient share, capitation, packaging, pended, other)
-- and its root cause. Line 0 stands for the claim as a whole.
-- A CARC's meaning is that of carc_categories, of a remark beside it (carc_rarc_overrides) or, most specific first, of
-- adjustment_meanings, which may also ask for group, payer, kind of payer, bill type and place.
overriding AS (  -- what a remark makes of a reason: of the one that it is listed with, or of any that needs one
    SELECT carc, rarc, category, 0 AS is_general FROM carc_rarc_overrides WHERE carc <> '*' AND category <> ''
    UNION ALL
    SELECT c.carc, o.rarc, o.category, 1 AS is_general
    FROM carc_categories c JOIN carc_rarc_overrides o ON o.carc = '*' AND o.category <> ''
    WHERE c.rarc_required
),
overridden AS (
    SELECT
        a.claim_id, a.adjudication_number, a.claim_line_number, a.carc,
        coalesce(min(CASE WHEN o.is_general = 0 THEN o.category END), min(o.category)) AS category
    FROM adjustments a
    JOIN overriding o ON o.carc = a.carc
    JOIN remarks r ON r.claim_id = a.claim_id AND r.adjudication_number = a.adjudication_number AND r.rarc = o.rarc
    WHERE r.claim_line_number IS NULL OR r.claim_line_number = a.claim_line_number
    GROUP BY a.claim_id, a.adjudication_number, a.claim_line_number, a.carc
),
special AS (
    SELECT
        a.claim_id, a.adjudication_number, a.claim_line_number, a.service_number, a.adjustment_position,
        m.meaning, m.category,
        row_number() OVER (
            PARTITION BY a.claim_id, a.adjudication_number, a.claim_line_number, a.service_number, a.adjustment_position
            ORDER BY CASE m.rarc WHEN '*' THEN 1 ELSE 0 END + CASE m.group_code WHEN '*' THEN 1 ELSE 0 END
                + CASE m.payer_kind WHEN '*' THEN 1 ELSE 0 END + CASE m.payer WHEN '*' THEN 1 ELSE 0 END
                + CASE m.bill_type WHEN '*' THEN 1 ELSE 0 END + CASE m.place WHEN '*' THEN 1 ELSE 0 END,
                m.meaning, m.category
        ) AS place
    FROM adjustments a
    JOIN adjustment_meanings m ON m.carc = a.carc
    LEFT JOIN adjudications d ON d.claim_id = a.claim_id AND d.adjudication_number = a.adjudication_number
    LEFT JOIN claims c ON c.claim_id = a.claim_id
    LEFT JOIN lines l ON l.claim_id = a.claim_id AND l.claim_line_number = a.claim_line_number
    WHERE m.group_code IN ('*', a.group_code)
        AND m.payer_kind IN ('*', coalesce(d.payer_kind, c.payer_kind))
        AND m.payer IN ('*', coalesce(d.payer, c.payer))
        AND (m.bill_type = '*' OR m.bill_type = substr(c.bill_type_code, 1, length(m.bill_type)))
        AND m.place IN ('*', coalesce(l.place_of_service_code, c.place_of_service_code))
        AND (m.rarc = '*' OR EXISTS (
            SELECT 1 FROM remarks r
            WHERE r.claim_id = a.claim_id AND r.adjudication_number = a.adjudication_number AND r.rarc = m.rarc
                AND (r.claim_line_number IS NULL OR r.claim_line_number = a.claim_line_number)
        ))
),
readings AS (
    SELECT
        a.claim_id, a.adjudication_number, coalesce(a.claim_line_number, 0) AS line, a.adjustment_position,
        a.group_code, a.carc, coalesce(a.amount, 0) AS amount, a.amount IS NULL AS is_unknown,
        CASE WHEN x.meaning IS NOT NULL THEN x.meaning
             WHEN coalesce(c.is_denial, a.carc IS NOT NULL OR coalesce(a.group_code, '') <> 'PR') THEN 'denial'
             WHEN c.kind = 'pended' THEN 'pended'
             WHEN a.group_code = 'PR' THEN 'patient share'
             ELSE 'other' END AS meaning,
        coalesce(nullif(x.category, ''), o.category, c.category, CASE WHEN a.carc IS NULL THEN 'no reason given' ELSE 'other' END)
            AS category
    FROM adjustments a
    LEFT JOIN carc_categories c ON c.carc = a.carc
    LEFT JOIN overridden o
        ON o.claim_id = a.claim_id AND o.adjudication_number = a.adjudication_number AND o.carc = a.carc
        AND coalesce(o.claim_line_number, 0) = coalesce(a.claim_line_number, 0)
    LEFT JOIN special x
        ON x.claim_id = a.claim_id AND x.adjudication_number = a.adjudication_number
        AND coalesce(x.claim_line_number, 0) = coalesce(a.claim_line_number, 0)
        AND coalesce(x.service_number, 0) = coalesce(a.service_number, 0)
        AND x.adjustment_position = a.adjustment_position AND x.place = 1
)
