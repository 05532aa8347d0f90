-- One row per kind of clusters (claim, person, provider) and {keys}: lines, their squared residuals, and sums over clusters.
-- Of a cluster u is the sum of its lines' residuals and n their number: how alike the outcomes of a cluster are.
WITH claims_of AS (SELECT {keys}, claim_number AS cluster, {sums} FROM {source} GROUP BY {keys}, claim_number),
persons_of AS (SELECT {keys}, whose AS cluster, {sums} FROM {source} GROUP BY {keys}, whose),
providers_of AS (SELECT {keys}, provider_id AS cluster, {sums} FROM {source} GROUP BY {keys}, provider_id)
SELECT 'claim' AS kind, {keys}, {added} FROM claims_of GROUP BY {keys}
UNION ALL
SELECT 'person' AS kind, {keys}, {added} FROM persons_of GROUP BY {keys}
UNION ALL
SELECT 'provider' AS kind, {keys}, {added} FROM providers_of GROUP BY {keys}
