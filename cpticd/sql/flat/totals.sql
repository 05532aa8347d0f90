-- flat_totals: rows of a flat file that are no service, and what they are: heading, total or printed.
-- A row that says so is one where it also lacks what a service has; a sum of other rows is one without a word.
CREATE OR REPLACE TABLE flat_totals AS
WITH seen AS (
    SELECT *, list_filter(cells, lambda x: x IS NOT NULL) AS filled FROM ({cells}) c
),
judged AS (
    SELECT
        s.rid, s.same, len(s.filled) AS n, s.filled[1] AS first,
        s.claim IS NULL AS unnamed, ({lacks}) AS lacks, {bare} AS bare,
        coalesce(regexp_matches(s.claim, '{total}', 'i'), false) AS names_total,
        len(list_filter(s.filled, lambda x: regexp_matches(x, '{total}', 'i'))) > 0 AS has_total,
        len(list_filter(s.filled, lambda x: regexp_matches(x, '{alone}', 'i'))) > 0 AS has_total_alone,
        regexp_matches(s.filled[1], '{printed}', 'i') AS is_printed,
        f.claim_id, f.charge_amount AS charge, f.paid_amount AS paid, f.claim_line_number AS line, f._source, f._place,
        f.revenue_center_code = '0001' AND f.hcpcs_code IS NULL AS is_total_line,
        coalesce(f.claim_line_start_date, f.claim_start_date) IS NULL AS undated
    FROM seen s JOIN flat f ON f.rowid = s.rid
),
whole AS MATERIALIZED (  -- what the other rows come to, of the file and of each claim
    SELECT _source, claim_id, charge_amount AS charge, paid_amount AS paid, _place
    FROM flat f
    WHERE _bad IS NULL AND NOT ({lacks}) AND coalesce(revenue_center_code, '') <> '0001'
        AND EXISTS (SELECT 1 FROM judged WHERE unnamed OR lacks OR is_total_line)
),
of_claims AS (
    SELECT claim_id, count(*) AS n, sum(charge) AS charge, sum(paid) AS paid
    FROM whole WHERE claim_id IN (SELECT claim_id FROM judged) GROUP BY claim_id
),
above AS (
    SELECT rid, charge, n FROM (
        SELECT
            rid, sum(charge) OVER (PARTITION BY _source ORDER BY _place) AS charge,
            count(charge) OVER (PARTITION BY _source ORDER BY _place) AS n
        FROM (
            SELECT CAST(NULL AS BIGINT) AS rid, _source, _place, charge FROM whole
            UNION ALL
            SELECT rid, _source, _place, NULL FROM judged WHERE unnamed AND lacks AND charge IS NOT NULL
        ) rows
    ) summed
    WHERE rid IS NOT NULL
)
SELECT j.rid, CASE
    WHEN j.same >= 2 AND 2 * j.same >= j.n OR j.same > 0 AND j.same = j.n THEN 'heading'
    WHEN j.names_total AND j.bare OR j.has_total AND j.unnamed AND j.bare OR j.has_total_alone AND j.lacks THEN 'total'
    WHEN j.is_total_line AND c.n > 0 THEN 'total'
    WHEN a.n > 1 AND a.charge = j.charge THEN 'total'
    WHEN j.lacks AND j.undated AND j.line IS NULL AND c.n > 1 AND j.charge = c.charge
        AND coalesce(j.paid, 0) IN (0, coalesce(c.paid, 0)) THEN 'total'
    WHEN j.is_printed AND j.lacks AND j.undated AND j.n <= 3 THEN 'printed'
    WHEN j.n = 1 AND j.lacks AND j.undated AND regexp_matches(j.first, '\p{{L}}.*\s.*\p{{L}}|\p{{L}}{{3,}}\s*:') THEN 'printed'
    END AS kind
FROM judged j
LEFT JOIN of_claims c ON c.claim_id = j.claim_id
LEFT JOIN above a ON a.rid = j.rid
WHERE kind IS NOT NULL
