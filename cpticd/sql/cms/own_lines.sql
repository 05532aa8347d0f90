-- One row per line of a claim that is loaded, or of a cancellation (sign -1), which answers the claim that it cancels.
SELECT
    c.claim_id, 1 AS adjudication_number, 1 AS sign, c.claim_type, c.by_line, c.first AS claim_day, l.line_number AS answered,
    l.* EXCLUDE (number, pk, place, signature, ndc_quantity)
FROM cms_lines l JOIN cms_claims c ON c.number = l.number AND c.pk = l.pk
WHERE c.state = 'claim'
UNION ALL BY NAME
SELECT
    f.earlier_claim_id AS claim_id, f.adjudication_number, -1 AS sign, c.claim_type, c.by_line, c.first AS claim_day,
    o.line_number AS answered,
    l.* EXCLUDE (number, pk, place, signature, ndc_quantity)
FROM cms_lines l
JOIN cms_claims c ON c.number = l.number AND c.pk = l.pk
JOIN cms_families f ON f.claim_id = c.claim_id
JOIN cms_claims e ON e.claim_id = f.earlier_claim_id
LEFT JOIN (SELECT DISTINCT number, pk, line_number FROM cms_lines) o
    ON o.number = e.number AND o.pk = e.pk AND o.line_number = l.line_number
WHERE c.state = 'cancellation'
