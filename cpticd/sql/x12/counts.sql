-- How many remittance claims and lines of each source found a claim, and those that did not.
SELECT l.remit >> 32 AS number, 'claims' AS what, l.matched, k.key IS NOT NULL AS known, count(*) AS n
FROM x12_link l LEFT JOIN x12_known k ON k.key = l.claim
GROUP BY ALL
UNION ALL
SELECT n.remit >> 32, 'lines', l.matched AND n.matched, k.key IS NOT NULL, count(*)
FROM x12_line_number n JOIN x12_link l ON l.remit = n.remit LEFT JOIN x12_known k ON k.key = l.claim
GROUP BY ALL
ORDER BY ALL
