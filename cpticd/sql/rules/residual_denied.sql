-- One row per service and CARC of its denials that no rule explains.
SELECT service, carc, min(category) AS category, count(*) AS lines, sum(amount) AS amount
FROM residual_lines WHERE denied = 1 AND explained = 0 GROUP BY service, carc
