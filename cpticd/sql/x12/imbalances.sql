SELECT
    s.name AS source, 'segment ' || (b.key & 4294967295) || ', service row ' || b.ordinal AS location,
    'line_payments' AS table_name, 'noted' AS action, 'warning' AS severity,
    'the service row does not balance: charge less adjustments is not the payment' AS reason,
    'claim ' || coalesce(r.source_claim_id, '') || ': charge ' || b.charge || ', adjusted by ' || b.adjusted || ', paid '
        || b.paid AS content, b.amount, b.key
FROM x12_line_balance b
JOIN x12_remits r ON r.key = b.key
JOIN x12_sources s ON s.number = b.key >> 32
LEFT JOIN x12_claim_balance c ON c.key = b.key
WHERE NOT coalesce(c.explains_lines, false)
UNION ALL
SELECT
    s.name, 'segment ' || (b.key & 4294967295), 'adjudications', 'noted', 'warning',
    'the claim does not balance: charge less adjustments is not the payment',
    'claim ' || coalesce(r.source_claim_id, '') || ': charge ' || b.charge || ', adjusted by ' || b.adjusted || ', paid '
        || b.paid || CASE WHEN b.of_lines <> 0 THEN ', of which its service rows explain ' || b.of_lines ELSE '' END,
    b.amount, b.key
FROM x12_claim_balance b JOIN x12_remits r ON r.key = b.key JOIN x12_sources s ON s.number = b.key >> 32
WHERE b.amount <> 0 AND b.amount <> b.of_lines
UNION ALL
SELECT
    s.name, 'segment ' || (b.key & 4294967295), 'payments', 'noted', 'warning',
    'the payment does not balance: it is not what its claims less its provider adjustments come to',
    'payment ' || i.payment_id || ': ' || b.sent || ', claims ' || b.paid || ', provider adjustments ' || b.adjusted,
    b.amount, b.key
FROM x12_payment_balance b JOIN x12_payment_id i ON i.key = b.key JOIN x12_sources s ON s.number = b.key >> 32
WHERE b.amount <> 0
ORDER BY key, location
