-- One row per source: claims of which several lines with charges (or procedures) of their own repeat an amount, claims
-- that contradict, and lines that would have been paid beyond their charge.
WITH decisions AS (
    SELECT
        f._source, f.claim_id, f.paid_date, f.payer, count(DISTINCT f.line) AS lines,
        min(f.{column}) AS least, max(f.{column}) AS most, count(f.{column}) = count(*) AS is_full,
        count(DISTINCT CASE WHEN '{column}' = 'charge_amount' THEN f.hcpcs_code ELSE CAST(f.charge_amount AS VARCHAR) END)
            AS kinds,
        count_if('{column}' <> 'charge_amount' AND f.{column} > f.charge_amount AND f.charge_amount > 0) AS beyond
    FROM flat_rows f
    WHERE {some}
    GROUP BY ALL
)
SELECT
    _source,
    count_if(least = most AND least <> 0 AND is_full AND kinds > 1) AS repeated,
    count(DISTINCT CASE WHEN least = most AND least <> 0 AND is_full AND kinds > 1 THEN least END) AS distinct_claims,
    count_if(least <> most OR NOT is_full AND most <> 0) AS contrary,
    sum(CASE WHEN least = most AND is_full AND kinds > 1 THEN beyond ELSE 0 END) AS beyond
FROM decisions
WHERE lines > 1
GROUP BY _source
ORDER BY _source
