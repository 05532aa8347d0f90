-- One row per pair and group: lines, dollars and distinct persons; for all pointers and for primary ones.
WITH summed AS (
    SELECT h, d, group_id, sum(lines) AS lines, sum(denied_lines) AS denied_lines, CAST(sum(denied_amount) AS DOUBLE) AS denied_amount,
        count(CASE WHEN whose > 0 THEN 1 END) AS persons, sum(share) AS share, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, CAST(sum(primary_denied_amount) AS DOUBLE) AS primary_denied_amount,
        count(CASE WHEN whose > 0 AND primary_lines > 0 THEN 1 END) AS primary_persons
    FROM {seen}
    GROUP BY h, d, group_id
)
SELECT CAST(row_number() OVER (ORDER BY lines DESC, h, d, group_id) AS INTEGER) AS pair_id, *
FROM summed
