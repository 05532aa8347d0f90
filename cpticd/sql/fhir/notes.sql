-- One row per kind of thing that is worth a look, and source: how many there are, and the first.
WITH every AS (
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'the type of a claim was derived from what it holds' AS reason,
        r AS r, CAST(claim_id AS VARCHAR) AS content
    FROM fhir_headers h WHERE h.claim_form <> 'pharmacy' AND is_derived
    UNION ALL
    SELECT 'lines', 'warning', 'noted', 'services that the payer added (addItem): left out', c.r, CAST(c.added AS VARCHAR)
    FROM fhir_claims c JOIN fhir_fates f ON f.r = c.r
    WHERE f.reason IS NULL AND c.added > 0
    UNION ALL
    SELECT 'claims' AS table_name, 'warning' AS severity, 'noted' AS action,
        'claims without a person' AS reason,
        r AS r, CAST(claim_id AS VARCHAR) AS content
    FROM fhir_headers h WHERE h.claim_form <> 'pharmacy' AND person_id IS NULL
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'claims that have the identifier of another: ended by #2, #3' AS reason,
        r AS r, CAST(claim_id AS VARCHAR) AS content
    FROM fhir_headers WHERE nth > 1
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'responses without their Claim: the claim was made from its response' AS reason,
        r AS r, CAST(claim_id AS VARCHAR) AS content
    FROM fhir_headers h WHERE h.claim_form <> 'pharmacy' AND kind = 'ClaimResponse'
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'no type of bill: not stored' AS reason,
        r AS r, CAST(bill_type AS VARCHAR) AS content
    FROM fhir_headers h
    WHERE h.claim_form <> 'pharmacy' AND bill_type IS NOT NULL AND fhir_bill(bill_type, '', '', '') IS NULL
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'no diagnosis related group: not stored' AS reason,
        r AS r, CAST(drg AS VARCHAR) AS content
    FROM fhir_headers h
    WHERE h.claim_form <> 'pharmacy' AND drg IS NOT NULL AND NOT regexp_full_match(drg, '[0-9]{1,4}')
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'no discharge status: not stored' AS reason,
        r AS r, CAST(discharge AS VARCHAR) AS content
    FROM fhir_headers h
    WHERE h.claim_form <> 'pharmacy' AND discharge IS NOT NULL AND NOT regexp_full_match(discharge, '[0-9]{1,2}')
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'not a National Provider Identifier: not stored' AS reason,
        r AS r, CAST(npi AS VARCHAR) AS content
    FROM (SELECT r, unnest([billing_npi, place_npi]) AS npi FROM fhir_headers)
    WHERE npi IS NOT NULL AND fhir_ten(npi) IS NULL
    UNION ALL
    SELECT 'claims' AS table_name, 'warning' AS severity, 'noted' AS action,
        'not a whole date: not stored' AS reason,
        r AS r, CAST(no_date AS VARCHAR) AS content
    FROM fhir_headers WHERE no_date IS NOT NULL
    UNION ALL
    SELECT 'claims' AS table_name, 'note' AS severity, 'noted' AS action,
        'what is charged in all is not what the lines charge' AS reason,
        h.r AS r, CAST(h.claim_id || ': ' || h.charge || ', lines ' || l.charge AS VARCHAR) AS content
    FROM fhir_headers h
    JOIN (SELECT r, sum(charge) AS charge FROM fhir_lines WHERE line IS NOT NULL GROUP BY r) l ON l.r = h.r
    WHERE h.charge <> l.charge AND h.claim_form <> 'pharmacy'
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'revenue center 0001 is the total of a claim and no line' AS reason,
        r AS r, CAST(hcpcs AS VARCHAR) AS content
    FROM fhir_lines WHERE fate = 'total'
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'items that are the sum of their details: the details are the lines' AS reason,
        r AS r, CAST(hcpcs AS VARCHAR) AS content
    FROM fhir_lines WHERE fate = 'split'
    UNION ALL
    SELECT 'lines' AS table_name, 'warning' AS severity, 'noted' AS action,
        'details of items, without a charge of their own: left out' AS reason,
        s.r AS r, CAST(coalesce(s.hcpcs, s.revenue) AS VARCHAR) AS content
    FROM fhir_services s
    ANTI JOIN fhir_lines l ON l.r = s.r AND l.n = s.n AND l.d = s.d AND l.s = s.s
    JOIN fhir_headers h ON h.r = s.r
    WHERE h.claim_form <> 'pharmacy' AND s.d > 0 AND (s.hcpcs IS NOT NULL OR s.revenue IS NOT NULL)
    UNION ALL
    SELECT 'lines' AS table_name, 'warning' AS severity, 'noted' AS action,
        'a service in a system of codes that is not CPT, HCPCS, CDT or NDC: not stored' AS reason,
        r AS r, CAST(concat_ws(' ', foreign_code.system, foreign_code.code) AS VARCHAR) AS content
    FROM fhir_lines l WHERE l.line IS NOT NULL AND hcpcs IS NULL AND ndc IS NULL AND foreign_code.code IS NOT NULL
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'no revenue center: not stored' AS reason,
        r AS r, CAST(revenue AS VARCHAR) AS content
    FROM fhir_lines l
    WHERE l.line IS NOT NULL AND revenue IS NOT NULL AND NOT regexp_full_match(revenue, '[0-9]{1,4}')
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'no place of service: not stored' AS reason,
        r AS r, CAST(place AS VARCHAR) AS content
    FROM fhir_lines l WHERE l.line IS NOT NULL AND place IS NOT NULL AND fhir_place(place) IS NULL
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'no modifiers: not stored' AS reason,
        r AS r, CAST(m AS VARCHAR) AS content
    FROM (SELECT r, unnest(modifiers) AS m FROM fhir_lines WHERE line IS NOT NULL) WHERE length(m) <> 2
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'modifiers beyond the fourth: not stored' AS reason,
        r AS r, CAST(array_to_string(modifiers, ' ') AS VARCHAR) AS content
    FROM fhir_lines l
    WHERE l.line IS NOT NULL AND len(list_distinct(list_filter(modifiers, lambda x: length(x) = 2))) > 4
    UNION ALL
    SELECT 'lines' AS table_name, 'warning' AS severity, 'noted' AS action,
        'not a whole date: not stored' AS reason,
        r AS r, CAST(no_date AS VARCHAR) AS content
    FROM fhir_lines l WHERE l.line IS NOT NULL AND no_date IS NOT NULL
    UNION ALL
    SELECT 'lines' AS table_name, 'note' AS severity, 'noted' AS action,
        'lines without a charge' AS reason,
        r AS r, CAST(hcpcs AS VARCHAR) AS content
    FROM fhir_lines l WHERE l.line IS NOT NULL AND charge IS NULL
    UNION ALL
    SELECT 'pointers' AS table_name, 'warning' AS severity, 'noted' AS action,
        'pointers to diagnoses that are not there: left out' AS reason,
        l.r AS r, CAST(CAST(l.p AS VARCHAR) AS VARCHAR) AS content
    FROM (SELECT r, unnest(pointers) AS p FROM fhir_lines
    WHERE line IS NOT NULL) l ANTI JOIN fhir_positions x ON x.r = l.r AND x.sequence = l.p
    UNION ALL
    SELECT 'adjudications' AS table_name, 'note' AS severity, 'noted' AS action,
        'the date of processing was read as the date of the decision' AS reason,
        r AS r, CAST(CAST(day AS VARCHAR) AS VARCHAR) AS content
    FROM fhir_outcomes WHERE is_processed
    UNION ALL
    SELECT 'adjudications' AS table_name, 'note' AS severity, 'noted' AS action,
        'the date at which the resource was made was read as the date of the decision' AS reason,
        r AS r, CAST(CAST(day AS VARCHAR) AS VARCHAR) AS content
    FROM fhir_outcomes WHERE is_created
    UNION ALL
    SELECT 'adjudications' AS table_name, 'note' AS severity, 'noted' AS action,
        'decisions that were taken back (status cancelled): reversed' AS reason,
        r AS r, CAST(own_number AS VARCHAR) AS content
    FROM fhir_outcomes WHERE status = 'cancelled'
    UNION ALL
    SELECT 'adjudications' AS table_name, 'note' AS severity, 'noted' AS action,
        'nothing is said of a decision: none was loaded' AS reason,
        e.r AS r, CAST(h.claim_id AS VARCHAR) AS content
    FROM fhir_decisions e JOIN fhir_headers h ON h.r = e.claim_r ANTI JOIN fhir_outcomes o ON o.r = e.r
    UNION ALL
    SELECT 'adjustments' AS table_name, 'warning' AS severity, 'repaired' AS action,
        'amounts of reasons that have none follow from charge, payment and what was not covered' AS reason,
        r AS r, CAST(carc AS VARCHAR) AS content
    FROM fhir_adjustments WHERE is_filled
    UNION ALL
    SELECT 'adjustments' AS table_name, 'note' AS severity, 'noted' AS action,
        'no reason code, or one of a list that is not known: not stored' AS reason,
        r AS r, CAST(concat_ws(' ', system, given) AS VARCHAR) AS content
    FROM fhir_reasons
    WHERE coalesce(carc, rarc, group_code, indicator) IS NULL AND system IS DISTINCT FROM
        'https://bluebutton.cms.gov/resources/variables/carr_line_rdcd_pmt_phys_astn_c'
    UNION ALL
    SELECT 'adjudications' AS table_name, 'note' AS severity, 'noted' AS action,
        'amounts of a kind that no table holds' AS reason,
        a.r AS r, CAST(a.key || ' ' || a.amount AS VARCHAR) AS content
    FROM fhir_amounts a LEFT JOIN fhir_keys k ON k.key = a.key JOIN fhir_headers h ON h.r = a.r
    WHERE (k.key IS NULL OR k.meaning = 'nothing') AND CAST(a.amount AS DECIMAL(18,2)) <> 0
)
SELECT e.table_name, e.severity, e.action, e.reason || ': ' || format('{:,}', count(*)) AS reason, c.source, min(e.content) AS content,
    arg_min(c.place, c.r) AS place
FROM every e JOIN fhir_resources c ON c.r = e.r
GROUP BY e.table_name, e.severity, e.action, e.reason, c.source
ORDER BY c.source, e.table_name, e.reason
