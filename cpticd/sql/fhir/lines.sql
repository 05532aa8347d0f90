-- One row per service line of the claims, with the item (or detail) that it is.
-- Details stand for their item where they carry services and what the item charges. A revenue line 0001 without procedure
-- beside others is the claim's total. Items keep their sequence as number where it tells them apart.
WITH priced AS (
    SELECT s.*, coalesce(a.charge, s.net) AS charge,
        s.hcpcs IS NOT NULL OR s.revenue IS NOT NULL AS is_service
    FROM fhir_services s
    JOIN fhir_headers h ON h.r = s.r AND h.claim_form <> 'pharmacy'
    LEFT JOIN fhir_sums a ON a.r = s.r AND a.n = s.n AND a.d = s.d AND a.s = s.s
),
split AS (  -- items whose details carry their services and their charge
    SELECT p.r, p.n
    FROM priced p JOIN priced e ON e.r = p.r AND e.n = p.n AND e.d > 0 AND e.s = 0
    WHERE p.d = 0
    GROUP BY p.r, p.n, p.charge
    HAVING count(*) = count(CASE WHEN e.is_service AND e.charge IS NOT NULL THEN 1 END)
        AND (p.charge IS NULL OR sum(e.charge) = p.charge)
),
chosen AS (
    SELECT p.*, CASE WHEN x.r IS NULL THEN 'line' WHEN p.d = 0 THEN 'split' ELSE 'line' END AS fate
    FROM priced p LEFT JOIN split x ON x.r = p.r AND x.n = p.n
    WHERE (x.r IS NULL AND p.d = 0) OR (x.r IS NOT NULL AND p.s = 0)
),
totals AS (
    SELECT *, count(*) FILTER (WHERE fate = 'line') OVER (PARTITION BY r) AS lines,
        fate = 'line' AND hcpcs IS NULL AND regexp_full_match(revenue, '0*1') AS is_total
    FROM chosen
),
counted AS (
    SELECT * REPLACE (CASE WHEN is_total AND lines > 1 THEN 'total' ELSE fate END AS fate) FROM totals
),
sequences AS (
    SELECT r FROM counted WHERE fate = 'line'
    GROUP BY r
    HAVING count(DISTINCT sequence) = count(*) AND min(sequence) > 0 AND max(d) = 0
)
SELECT
    c.*, CASE WHEN c.fate <> 'line' THEN NULL WHEN q.r IS NOT NULL THEN c.sequence
         ELSE CAST(row_number() OVER (PARTITION BY c.r, c.fate ORDER BY c.n, c.d) AS INTEGER) END AS line
FROM counted c LEFT JOIN sequences q ON q.r = c.r
