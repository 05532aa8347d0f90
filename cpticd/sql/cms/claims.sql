-- One row per claim of Medicare files, with what every file says of it, and what is to become of it (state).
WITH merged AS (
    SELECT
        number, pk, min(src) AS src, count(DISTINCT src) AS sources,
        count(DISTINCT CASE WHEN coalesce(paid, charge) IS NOT NULL THEN src END) AS statements, min(person) AS person, bool_and(denied) AS denied,
        min(action) AS action, bool_or(feed) AS feed, bool_or(differs) AS differs, {fields}
    FROM cms_parts
    GROUP BY number, pk
),
lined AS (
    SELECT
        number, pk, count(*) AS lines, min(line_start) AS first_day, max(coalesce(line_end, line_start)) AS last_day,
        sum(coalesce(line_charge, allowed)) AS line_charges, sum(line_paid) AS lines_paid,
        bool_or(line_charge IS NULL AND allowed IS NOT NULL) AS by_allowed,
        bool_and(coalesce(line_charge, allowed) IS NULL) AS uncharged, sum(abs(line_paid)) > 0 AS is_itemized, bool_or(revenue IS NOT NULL) AS has_revenue,
        count(line_deductible) > 0 AS has_deductible,
        count(coalesce(line_coinsurance, line_reduced_coinsurance)) > 0 AS has_coinsurance,
        count(line_blood) > 0 AS has_blood, count(line_primary_paid) > 0 AS has_primary
    FROM cms_lines
    GROUP BY number, pk
),
told AS (
    SELECT
        m.*, l.* EXCLUDE (number, pk), coalesce(m.shown_number, m.number) AS shown,
        coalesce({kind}, CASE WHEN l.has_revenue OR m.facility_type IS NOT NULL THEN 'institutional' ELSE 'professional' END)
            AS claim_type
    FROM merged m
    LEFT JOIN lined l ON l.number = m.number AND l.pk = m.pk
)
SELECT
    *,
    shown || CASE WHEN nth > 1 THEN '#' || nth ELSE '' END AS claim_id,
    CASE WHEN claim_type = 'drug' THEN 'drug'
         WHEN final_action = 'N' OR latest = 'N' THEN 'not final'
         WHEN start IS NULL AND finish IS NULL AND lines IS NULL THEN 'nothing'
         WHEN person IS NULL AND number LIKE '%/%/%/%' THEN 'nothing' -- parts of an extract without their claim
         WHEN action = 'cancellation' THEN 'cancellation'
         ELSE 'claim' END AS state,
    coalesce(start, first_day, finish) AS first, coalesce(finish, last_day, start) AS last,
    coalesce(charge, line_charges) AS charged, coalesce(paid, lines_paid) AS paid_in_all,
    CASE WHEN denied OR ({nonpayment}) THEN '4' END AS status,
    -- Lines carry the payment; where none does and the claim was paid, the payment stands for the claim as a whole.
    lines_paid IS NOT NULL AND (claim_type = 'professional' OR is_itemized OR coalesce(paid, 0) = 0) AS by_line
FROM (SELECT *, row_number() OVER (PARTITION BY shown ORDER BY pk, number) AS nth FROM told)
