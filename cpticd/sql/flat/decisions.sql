-- flat_parts: which rows are one decision on one line: service (of several alike), part (in order), is_copy.
-- Without a line number equal rows are services of their own, unless only all of them together explain what was not
-- paid; rows that each explain it, in other words, are services of their own too. With a line number equal rows are copies,
-- with the same exception.
CREATE OR REPLACE TABLE flat_parts AS
WITH explained AS (
    SELECT *, amount IN (owed, owed - shares, owed - patient) AS alone FROM flat_shape
),
grouped AS (
    SELECT
        core, count(*) AS n, count(DISTINCT whole) AS wholes, count(DISTINCT adj) AS adjs, count(DISTINCT dx) AS dxs,
        coalesce(bool_and(complete), false) AS complete, coalesce(bool_and(alone), false) AS each_alone,
        coalesce(sum(amount) IN (min(owed), min(owed) - min(shares), min(owed) - min(patient)), false) AS together
    FROM explained
    GROUP BY core
),
judged AS (
    SELECT *,
        complete AND together AND NOT each_alone AS is_sum,
        complete AND each_alone AND (wholes = 1 OR adjs = n) AS is_each
    FROM grouped
),
served AS (
    SELECT
        e.rid, e.core, e.is_open, e.rank, e._source, e._place, g.is_sum,
        NOT e.is_open AND e.nth > 1 AND NOT g.is_sum AS is_copy,
        CASE WHEN NOT e.is_open OR g.is_sum THEN 1 WHEN g.is_each THEN e.rank ELSE e.nth END AS service,
        e.is_open AND g.wholes = 1 AS is_alike
    FROM explained e JOIN judged g USING (core)
)
SELECT
    rid, core, is_open, is_sum, is_copy, is_alike, service, _source, _place,
    first_value(rid) OVER same AS head,
    CAST(row_number() OVER same AS INTEGER) AS part, count(*) OVER (PARTITION BY core, service, is_copy) AS parts
FROM served
WINDOW same AS (PARTITION BY core, service ORDER BY is_copy, rank)
