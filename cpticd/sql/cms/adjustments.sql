-- One row per adjustment: what patient and other payers bore, in dollars, and the reasons that revenue lines name.
-- RIF names reasons without amounts. A reason that denies has the charges that were not covered, else the whole charge
-- of a line on which nothing was allowed; of any other reason the amount is not known.
WITH shares AS (
    SELECT claim_id, adjudication_number, line_number AS line, answered, sign, n, group_code, carc, amount
    FROM (
        SELECT *, unnest([
            {'n': 1, 'group_code': 'PR', 'carc': '1', 'amount': line_deductible},
            {'n': 2, 'group_code': 'PR', 'carc': '2',
              'amount': coalesce(nullif(line_reduced_coinsurance, 0), line_coinsurance)},
            {'n': 3, 'group_code': 'PR', 'carc': '66', 'amount': line_blood},
            {'n': 4, 'group_code': 'OA', 'carc': '23',
              'amount': CASE WHEN line_primary_paid IS NULL THEN line_primary_paid_2
                             ELSE line_primary_paid + coalesce(line_primary_paid_2, 0) END}
        ], recursive := true)
        FROM cms_own_lines
    )
    WHERE amount <> 0
),
named AS (
    SELECT
        l.*, each.n, upper(each.text) AS text,
        coalesce(l.line_deductible, 0) + coalesce(l.line_coinsurance, 0) + coalesce(l.line_blood, 0) AS share
    FROM (
        SELECT *, unnest([{'n': 11, 'text': ansi_1}, {'n': 12, 'text': ansi_2}, {'n': 13, 'text': ansi_3},
            {'n': 14, 'text': ansi_4}]) AS each
        FROM cms_own_lines
        WHERE coalesce(ansi_1, ansi_2, ansi_3, ansi_4) IS NOT NULL
    ) l
    WHERE each.text IS NOT NULL
),
read AS (
    SELECT
        *, nullif(regexp_extract(text, '^(CO|PR|OA|PI|CR)', 1), '') AS group_code,
        nullif(ltrim(regexp_extract(text, '^(?:CO|PR|OA|PI|CR)?([A-Z]?[0-9]{1,3})$', 1), '0'), '') AS carc
    FROM named
),
judged AS (
    SELECT
        r.*, k.carc IS NOT NULL AS denies,
        row_number() OVER (
            PARTITION BY r.claim_id, r.adjudication_number, r.line_number, k.carc IS NOT NULL ORDER BY r.n
        ) AS nth
    FROM read r LEFT JOIN cms_denials k ON k.carc = r.carc
    WHERE r.carc IS NOT NULL
),
reasons AS (
    SELECT
        claim_id, adjudication_number, line_number AS line, answered, sign, n, group_code, carc,
        CASE WHEN denies AND nth = 1 THEN
            CASE WHEN noncovered > 0 THEN least(noncovered, coalesce(line_charge, noncovered))
                 WHEN coalesce(line_paid, 0) <= 0 AND share <= 0 AND coalesce(allowed, 0) <= 0 AND line_charge > 0
                     THEN line_charge END END AS amount
    FROM judged
),
whole AS (  -- of the claim, where no line says it
    SELECT claim_id, adjudication_number, CAST(NULL AS INTEGER) AS line, CAST(NULL AS INTEGER) AS answered, sign, n,
        group_code, carc, amount
    FROM (
        SELECT *, unnest([
            {'n': 1, 'group_code': 'PR', 'carc': '1', 'amount': CASE WHEN NOT coalesce(has_deductible, false) THEN deductible END},
            {'n': 2, 'group_code': 'PR', 'carc': '2', 'amount': CASE WHEN NOT coalesce(has_coinsurance, false) THEN coinsurance END},
            {'n': 3, 'group_code': 'PR', 'carc': '66', 'amount': CASE WHEN NOT coalesce(has_blood, false) THEN blood END},
            {'n': 4, 'group_code': 'OA', 'carc': '23', 'amount': CASE WHEN NOT coalesce(has_primary, false) THEN primary_paid END}
        ], recursive := true)
        FROM cms_decisions
    )
    WHERE amount <> 0
),
every AS (
    SELECT * FROM shares
    UNION ALL
    SELECT r.* FROM reasons r
    ANTI JOIN shares s ON s.claim_id = r.claim_id AND s.adjudication_number = r.adjudication_number AND s.line = r.line
        AND s.group_code = r.group_code AND s.carc = r.carc
    UNION ALL
    SELECT * FROM whole
)
SELECT
    claim_id, adjudication_number, line AS service_number, answered AS claim_line_number,
    CAST(row_number() OVER (PARTITION BY claim_id, adjudication_number, line ORDER BY n) AS INTEGER) AS adjustment_position,
    group_code, carc, sign * abs(amount) * CASE WHEN amount < 0 AND sign > 0 THEN -1 ELSE 1 END AS amount
FROM every
