-- One row per person, year and kind of coverage: its months as bits (1 January, 2 February, 4 March, …).
CREATE TEMP TABLE x12_enrolled AS
WITH yearly AS (
    SELECT n.person_id, s.*, CAST(unnest(range(year(s.first_day), year(s.last_day) + 1)) AS INTEGER) AS year
    FROM x12_spans s
    JOIN x12_numbers n ON n.person = s.person
)
SELECT
    person_id, year, kind,
    bit_or((1 << (CASE WHEN year(last_day) > year THEN 12 ELSE month(last_day) END))
        - (1 << (CASE WHEN year(first_day) < year THEN 0 ELSE month(first_day) - 1 END))) AS months
FROM yearly
GROUP BY person_id, year, kind
