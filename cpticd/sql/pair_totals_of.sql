-- One row per pair and group: lines, dollars and distinct persons; for all pointers and for primary ones.
WITH seen AS MATERIALIZED (
    SELECT h, d, {group} AS group_id, person_id, count(*) AS lines, count(CASE WHEN is_denied THEN 1 END) AS denied_lines,
        sum(denied_amount) AS denied_amount, sum(share) AS share, count(CASE WHEN is_primary THEN 1 END) AS primary_lines,
        count(CASE WHEN is_primary AND is_denied THEN 1 END) AS primary_denied_lines,
        sum(CASE WHEN is_primary THEN denied_amount ELSE 0 END) AS primary_denied_amount
    FROM {bridge}
    GROUP BY h, d, {group}, person_id
),
summed AS (
    SELECT h, d, group_id, sum(lines) AS lines, sum(denied_lines) AS denied_lines, sum(denied_amount) AS denied_amount,
        count(person_id) AS persons, sum(share) AS share, sum(primary_lines) AS primary_lines,
        sum(primary_denied_lines) AS primary_denied_lines, sum(primary_denied_amount) AS primary_denied_amount,
        count(CASE WHEN person_id IS NOT NULL AND primary_lines > 0 THEN 1 END) AS primary_persons
    FROM seen
    GROUP BY h, d, group_id
)
SELECT CAST(row_number() OVER (ORDER BY lines DESC, h, d, group_id) AS INTEGER) AS pair_id, *
FROM summed
