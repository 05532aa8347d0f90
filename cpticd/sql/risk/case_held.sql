-- One row per case and block of HCCs: what the person has, with what the case adds and without what it takes away.
WITH had AS (
    SELECT c.case_id, h.base, h.mask FROM cases AS c JOIN held AS h ON h.person = c.person
),
added AS (
    SELECT x.case_id, p.segment_key + x.block * {block} AS base, bit_or(x.bit) AS mask
    FROM changes AS x
    JOIN case_people AS p ON p.person = x.case_id
    WHERE NOT x.removed AND NOT p.without_hccs
    GROUP BY x.case_id, p.segment_key + x.block * {block}
),
lost AS (
    SELECT x.case_id, p.segment_key + x.block * {block} AS base, bit_or(x.bit) AS mask
    FROM changes AS x
    JOIN case_people AS p ON p.person = x.case_id
    WHERE x.removed
    GROUP BY x.case_id, p.segment_key + x.block * {block}
),
combined AS (
    SELECT case_id, base, bit_or(mask) AS mask
    FROM (SELECT * FROM had UNION ALL SELECT * FROM added)
    GROUP BY case_id, base
)
SELECT h.case_id AS person, h.base, h.mask - (h.mask & coalesce(l.mask, 0)) AS mask
FROM combined AS h
LEFT JOIN lost AS l ON l.case_id = h.case_id AND l.base = h.base
WHERE h.mask - (h.mask & coalesce(l.mask, 0)) > 0
