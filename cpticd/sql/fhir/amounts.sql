-- One row per adjudication of an item, detail or subdetail of a batch of bodies, and (n = 0) per amount that is said of a
-- claim as a whole: its adjudications, totals, extensions, balances. The key names its category, by every code that it has.
WITH items AS MATERIALIZED (
    SELECT r, unnest(b.item) AS i, generate_subscripts(b.item, 1) AS n FROM fhir_bodies
),
details AS (
    SELECT r, n, unnest(i.detail) AS e, generate_subscripts(i.detail, 1) AS d FROM items WHERE i.detail IS NOT NULL
),
subdetails AS (
    SELECT r, n, d, unnest(e.subDetail) AS f, generate_subscripts(e.subDetail, 1) AS s FROM details WHERE e.subDetail IS NOT NULL
),
totals AS (  -- a list in ExplanationOfBenefit, one amount in Claim
    SELECT r, json_transform(CASE json_type(b.total) WHEN 'ARRAY' THEN b.total END, '[{adjudication}]') AS listed,
        CASE json_type(b.total) WHEN 'OBJECT' THEN json_transform(b.total, '{money}') END AS one
    FROM fhir_bodies
),
every AS (
    SELECT r, n, 0 AS d, 0 AS s, unnest(i.adjudication) AS a, generate_subscripts(i.adjudication, 1) AS k FROM items
    UNION ALL
    SELECT r, n, d, 0, unnest(e.adjudication), generate_subscripts(e.adjudication, 1) FROM details
    UNION ALL
    SELECT r, n, d, s, unnest(f.adjudication), generate_subscripts(f.adjudication, 1) FROM subdetails
    UNION ALL
    SELECT r, 0, 0, 0, unnest(b.adjudication), generate_subscripts(b.adjudication, 1) FROM fhir_bodies
    UNION ALL
    SELECT r, 0, 0, 0, unnest(listed), 1000 + generate_subscripts(listed, 1) FROM totals
),
said AS (
    SELECT r, unnest(b.extension) AS e, generate_subscripts(b.extension, 1) AS k FROM fhir_bodies
),
balances AS (
    SELECT r, unnest(flatten(list_transform(b.benefitBalance, lambda x: coalesce(x.financial, [])))) AS f FROM fhir_bodies
)
SELECT
    r, n, d, s, k, fhir_category(a.category) AS key, a.reason.coding AS reasons, a.amount.value AS amount,
    fhir_foreign(a.amount) AS currency
FROM every
UNION ALL
SELECT r, 0, 0, 0, 1001, 'submitted', NULL, one.value, fhir_foreign(one) FROM totals WHERE one.value IS NOT NULL
UNION ALL
SELECT r, 0, 0, 0, 2000 + k, fhir_last(e.url), NULL, e.valueMoney.value, fhir_foreign(e.valueMoney) FROM said WHERE e.valueMoney.value IS NOT NULL
UNION ALL
SELECT r, 0, 0, 0, 3000, list_aggregate(list_transform(f.type.coding, lambda c: fhir_last(c.code)), 'string_agg', '|'), NULL,
    f.usedMoney.value, fhir_foreign(f.usedMoney)
FROM balances WHERE f.usedMoney.value IS NOT NULL
UNION ALL
SELECT r, 0, 0, 0, 4000, 'clm_tot_chrg_amt', NULL, b.totalCost.value, fhir_foreign(b.totalCost) FROM fhir_bodies WHERE b.totalCost.value IS NOT NULL
