-- One row per resource of a batch whose structure or amounts cannot be read, with the reason.
WITH kinds AS (
    SELECT r, list_filter(list_zip({elements}, json_type(doc, {element_paths}), {kinds}),
        lambda x: x[2] NOT IN (x[3], 'NULL'))[1] AS wrong
    FROM fhir_bodies
),
suspects AS (  -- an element is not there, or it is of another structure
    SELECT r, doc FROM fhir_bodies
    WHERE len(list_filter(b.item, lambda i: i.sequence IS NULL OR i.adjudication IS NULL
            OR (i.productOrService IS NULL AND i.service IS NULL)
            OR len(list_filter(i.adjudication, lambda a: a.amount.value IS NULL AND a.reason.coding IS NULL)) > 0)) > 0
        OR len(list_filter(b.adjudication, lambda a: a.amount.value IS NULL AND a.reason.coding IS NULL)) > 0
        OR len(list_filter(b.diagnosis, lambda d: d.sequence IS NULL OR d.diagnosisCodeableConcept.coding IS NULL)) > 0
),
broken AS (
    SELECT r, list_filter(list_zip({paths}, [{types}], {wanted}),
        lambda x: len(list_filter(x[2], lambda t: t NOT IN (x[3], 'NULL'))) > 0)[1][1] AS path
    FROM suspects
),
amounts AS (
    SELECT r, min(amount) AS amount FROM fhir_batch_amounts
    WHERE amount IS NOT NULL AND coalesce(abs(TRY_CAST(amount AS DECIMAL(18,2))) >= 1000000000000, true)
    GROUP BY r
)
SELECT r, min(reason) AS reason
FROM (
    SELECT r, wrong[1] || CASE wrong[3] WHEN 'ARRAY' THEN ' is no list' ELSE ' is no object' END AS reason
    FROM kinds WHERE wrong IS NOT NULL
    UNION ALL
    SELECT r, 'total is neither a list nor an amount' FROM fhir_bodies
    WHERE json_type(b.total) NOT IN ('ARRAY', 'OBJECT', 'NULL')
    UNION ALL
    SELECT r, 'amounts in ' || min(currency) || ', which are no dollars: convert them' FROM (
        SELECT r, currency FROM fhir_batch_amounts WHERE currency IS NOT NULL AND amount IS NOT NULL
        UNION ALL
        SELECT r, fhir_foreign(b.payment.amount) FROM fhir_bodies WHERE b.payment.amount.value IS NOT NULL
        UNION ALL
        SELECT r, unnest(list_transform(b.item, lambda i: fhir_foreign(i.net))) FROM fhir_bodies
    ) WHERE currency IS NOT NULL GROUP BY r
    UNION ALL
    SELECT r, path || ' is of another structure than FHIR has' FROM broken WHERE path IS NOT NULL
    UNION ALL
    SELECT r, 'not an amount: ' || left(amount, 60) FROM amounts
    UNION ALL
    SELECT r, 'payment.amount is not an amount: ' || left(b.payment.amount.value, 60) FROM fhir_bodies
    WHERE b.payment.amount.value IS NOT NULL AND fhir_money(b.payment.amount.value) IS NULL
    UNION ALL
    SELECT r, 'item.net is not an amount' FROM fhir_bodies
    WHERE len(list_filter(b.item, lambda i: i.net.value IS NOT NULL AND fhir_money(i.net.value) IS NULL)) > 0
)
GROUP BY r
