-- One row per person and term of his raw score, or HCC that a hierarchy removed (part 5).
WITH everybody AS (
    SELECT s.person, s.kind, s.segment, g.segment_name
    FROM scored AS s JOIN segment_names AS g ON g.segment = s.segment
),
had AS (
    SELECT w.person, w.segment_name, m.hcc, m.kept, m.removed_by
    FROM everybody AS w
    JOIN held AS h ON h.person = w.person
    JOIN set_members AS m ON m.key = h.base % {segment} + h.mask
)
SELECT w.person, 1 AS part, t.term, '' AS hcc, CAST(t.value AS DOUBLE) AS value, '' AS removed_by
FROM everybody AS w JOIN terms AS t ON t.kind = w.kind
UNION ALL
SELECT h.person, CASE WHEN h.kept THEN 2 ELSE 5 END, '{prefix}' || h.hcc, h.hcc,
       CASE WHEN h.kept THEN coalesce(CAST(c.value AS DOUBLE), 0) ELSE 0 END, h.removed_by
FROM had AS h
LEFT JOIN coefficients AS c ON c.segment = h.segment_name AND c.term = '{prefix}' || h.hcc
UNION ALL
SELECT p.person, 3, o.term, '', CAST(o.value AS DOUBLE), ''
FROM scores_parts AS p
JOIN scores_opened AS o ON o.segment = p.segment AND o.factors = p.factors
UNION ALL
SELECT p.person, 4, c.term, '', CAST(c.value AS DOUBLE), ''
FROM scores_parts AS p
JOIN hcc_counts AS c ON c.segment = p.segment AND c.hccs = p.hccs
