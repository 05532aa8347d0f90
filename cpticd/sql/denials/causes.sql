-- One row per group and root cause of initial denials.
SELECT {columns} category, sum(is_denied) AS lines, sum(1 - is_denied) AS partly_denied_lines, sum(denied_amount) AS denied_amount
FROM {rows}
GROUP BY {columns} category
