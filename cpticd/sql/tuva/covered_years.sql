-- One row per span of coverage and year that it touches: which months of the year it covers, as bits (1 January, 2
-- February, 4 March, …), so that months that two spans cover count once. `place` is the order of a person's spans, the
-- latest last. A span ends with the person's death; one without an end lasts until the last day that is known.
WITH lasting AS (
    SELECT
        *, greatest(start_date, DATE '{earliest}') AS first_day,
        CASE WHEN least(effective_end, death_date) >= start_date THEN least(effective_end, death_date)
             ELSE effective_end END AS last_day
    FROM (SELECT *, CASE WHEN is_open THEN greatest(start_date, DATE '{horizon}') ELSE end_date END AS effective_end
          FROM tuva_spans)
    WHERE effective_end >= DATE '{earliest}'
),
ordered AS (
    SELECT *, row_number() OVER (
        PARTITION BY person_id ORDER BY last_day, first_day, {order}, _source, _place
    ) AS place
    FROM lasting
),
yearly AS (
    SELECT *, CAST(unnest(range(year(first_day), year(last_day) + 1)) AS INTEGER) AS year
    FROM ordered
)
SELECT
    *, (1 << (CASE WHEN year(last_day) > year THEN 12 ELSE month(last_day) END))
        - (1 << (CASE WHEN year(first_day) < year THEN 0 ELSE month(first_day) - 1 END)) AS months,
    year(first_day) = year AND year(last_day) = year AS is_within
FROM yearly
