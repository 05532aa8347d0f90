-- One row per resource of a batch whose structure or amounts cannot be read, with the reason.
WITH kinds AS (
    SELECT r, list_filter(list_zip({lists}, json_type(doc, {list_paths})), lambda x: x[2] NOT IN ('ARRAY', 'NULL')) AS no_lists,
        list_filter(list_zip({objects}, json_type(doc, {object_paths})), lambda x: x[2] NOT IN ('OBJECT', 'NULL')) AS no_objects,
        json_type(doc, '$.total') NOT IN ('ARRAY', 'OBJECT', 'NULL') AS no_total
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
    WHERE amount IS NOT NULL AND TRY_CAST(amount AS DECIMAL(18,2)) IS NULL
    GROUP BY r
)
SELECT r, min(reason) AS reason
FROM (
    SELECT r, no_lists[1][1] || ' is no list' AS reason FROM kinds WHERE len(no_lists) > 0
    UNION ALL
    SELECT r, no_objects[1][1] || ' is no object' FROM kinds WHERE len(no_objects) > 0
    UNION ALL
    SELECT r, 'total is neither a list nor an amount' FROM kinds WHERE no_total
    UNION ALL
    SELECT r, path || ' is of another structure than FHIR has' FROM broken WHERE path IS NOT NULL
    UNION ALL
    SELECT r, 'not an amount: ' || left(amount, 60) FROM amounts
)
GROUP BY r
