-- The names under which payers stand in the data, and what each is to be called: a row per name and payer id.
-- An alias of the user's goes before all else, be it of a name or of a payer id. Names of one id are one payer: the most
-- frequent (of equals the first) names it. A name without an id is that of the only payer whose ids have it. Ids of one
-- repeated character stand for nobody.
CREATE OR REPLACE TEMP TABLE payer_named AS
WITH said AS (SELECT * FROM payer_said),
known AS (
    SELECT
        s.*, CASE WHEN replace(payer_id, left(payer_id, 1), '') <> '' THEN upper(trim(payer_id)) END AS id,
        coalesce(a.payer, b.payer) AS alias
    FROM said s
    LEFT JOIN payer_alias a ON a.alias = lower(trim(s.payer))
    LEFT JOIN payer_alias b ON b.alias = lower(trim(s.payer_id))
),
counted AS (
    SELECT id, coalesce(alias, payer) AS name, alias IS NOT NULL AS is_alias, payer = payer_id AS is_id, sum(n) AS n
    FROM known WHERE id IS NOT NULL AND coalesce(alias, payer) IS NOT NULL GROUP BY ALL
),
ranked AS (
    SELECT
        id, name, row_number() OVER (
            PARTITION BY id ORDER BY is_alias DESC, coalesce(is_id, false), n DESC, name) AS place
    FROM counted
),
of_id AS (SELECT id, name FROM ranked WHERE place = 1),
of_name AS (
    SELECT k.payer, min(o.name) AS name
    FROM known k JOIN of_id o ON o.id = k.id
    WHERE k.payer IS NOT NULL GROUP BY k.payer HAVING count(DISTINCT o.name) = 1
)
SELECT
    k.payer, k.payer_id, k.id, k.n, k._source, k.alias, coalesce(k.alias, o.name, CASE WHEN k.id IS NULL THEN m.name END, k.payer)
        AS name
FROM known k LEFT JOIN of_id o ON o.id = k.id LEFT JOIN of_name m ON m.payer = k.payer;
