-- One row per item (d = 0), detail of an item (s = 0) and subdetail of a batch of bodies, with what it says of a service.
WITH items AS MATERIALIZED (  -- (null in a list is no item)
    SELECT r, i, n FROM (SELECT r, unnest(b.item) AS i, generate_subscripts(b.item, 1) AS n FROM fhir_bodies) x
    WHERE i IS NOT NULL
),
details AS (
    SELECT r, n, unnest(i.detail) AS e, generate_subscripts(i.detail, 1) AS d, i FROM items WHERE i.detail IS NOT NULL
),
subdetails AS (
    SELECT r, n, d, unnest(e.subDetail) AS f, generate_subscripts(e.subDetail, 1) AS s, i FROM details
    WHERE e.subDetail IS NOT NULL
),
every AS (
    SELECT r, n, 0 AS d, 0 AS s, coalesce(i.sequence, i.itemSequence) AS sequence, i.revenue,
        coalesce(i.productOrService, i.service) AS service, i.modifier, i.quantity, i.net, i FROM items
    UNION ALL
    SELECT r, n, d, 0, e.sequence, e.revenue, coalesce(e.productOrService, e.service), e.modifier, e.quantity, e.net, i
    FROM details
    UNION ALL
    SELECT r, n, d, s, f.sequence, f.revenue, coalesce(f.productOrService, f.service), f.modifier, f.quantity, f.net, i
    FROM subdetails
)
SELECT
    r, n, d, s, TRY_CAST(sequence AS INTEGER) AS sequence,
    coalesce(fhir_revenue(revenue), fhir_bare(revenue, '[0-9]{3,4}')) AS revenue,
    coalesce(fhir_hcpcs(service), fhir_bare(service, '[0-9A-Za-z][0-9]{3}[0-9A-Za-z]')) AS hcpcs,
    list_filter(service.coding, lambda c: NOT fhir_is_service(c.system))[1] AS foreign_code,
    coalesce(fhir_ndc(service), CASE WHEN d = 0 THEN coalesce(fhir_said(service.extension, [{ndc}]), fhir_said(i.extension, [{ndc}])) END)
        AS ndc,
    list_transform(list_filter(flatten(list_transform(modifier, lambda m: coalesce(m.coding, []))),
        lambda c: c.code IS NOT NULL AND fhir_last(c.system) IS DISTINCT FROM 'rev_cntr_ndc_qty_qlfr_cd'),
        lambda c: upper(c.code)) AS modifiers,
    TRY_CAST(quantity.value AS DECIMAL(18,3)) AS quantity, lower(coalesce(quantity.code, quantity.unit)) AS unit,
    fhir_said(quantity.extension, [{days_supply}]) AS days, fhir_money(net.value) AS net,
    fhir_date(coalesce(i.servicedDate, i.servicedPeriod.start, i.servicedPeriod.end)) AS start,
    fhir_date(coalesce(i.servicedPeriod.end, i.servicedDate, i.servicedPeriod.start)) AS finish,
    i.locationCodeableConcept.coding[1].code AS place,
    list_transform(coalesce(i.careTeamSequence, i.careTeamLinkId), lambda x: TRY_CAST(x AS INTEGER)) AS team,
    list_transform(coalesce(i.diagnosisSequence, i.diagnosisLinkId), lambda x: TRY_CAST(x AS INTEGER)) AS pointers,
    fhir_said(i.extension, [{indicator}]) AS indicator, fhir_said(i.extension, [{units}]) AS units,
    list_filter([i.servicedDate, i.servicedPeriod.start, i.servicedPeriod.end], lambda x: x IS NOT NULL AND fhir_date(x) IS NULL)[1]
        AS no_date
FROM every
