-- One row per line of a chain of claims: which service it bills. A service is named by the line that billed it first.
-- Lines of a later claim are those of the first one with the same procedure, modifiers, day and charge, then with less
-- in common, equals in order; those that are left are services of their own.
WITH every AS (
    SELECT
        c.chain_id, c.claim_id, c.version, c.relation, coalesce(l.claim_line_number, 0) AS line,
        coalesce(l.hcpcs_code, l.revenue_center_code, '') AS code, coalesce(l.hcpcs_modifier_1, '') || '|'
            || coalesce(l.hcpcs_modifier_2, '') AS modifiers,
        l.claim_line_start_date AS day, l.charge_amount AS charge
    FROM chains c
    LEFT JOIN lines l ON l.claim_id = c.claim_id
),
ordered AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (PARTITION BY claim_id, code, modifiers, day, charge ORDER BY line) AS k1,
        row_number() OVER (PARTITION BY claim_id, code, day ORDER BY line) AS k2,
        row_number() OVER (PARTITION BY claim_id, code ORDER BY line) AS k3
    FROM every
),
first AS (SELECT * FROM ordered WHERE claim_id = chain_id),
other AS (SELECT * FROM ordered WHERE claim_id <> chain_id),
pass_1 AS MATERIALIZED (
    SELECT o.claim_id, o.line, f.line AS first_line
    FROM other o
    JOIN first f ON f.chain_id = o.chain_id AND f.code = o.code AND f.modifiers = o.modifiers AND f.k1 = o.k1
        AND coalesce(f.day, DATE '0001-01-01') = coalesce(o.day, DATE '0001-01-01')
        AND coalesce(f.charge, -1) = coalesce(o.charge, -1)
),
pass_2 AS (
    SELECT o.claim_id, o.line, f.line AS first_line
    FROM other o
    JOIN first f ON f.chain_id = o.chain_id AND f.code = o.code AND f.k2 = o.k2
        AND coalesce(f.day, DATE '0001-01-01') = coalesce(o.day, DATE '0001-01-01')
    LEFT JOIN pass_1 x ON x.claim_id = o.claim_id AND x.line = o.line
    LEFT JOIN pass_1 y ON y.claim_id = o.claim_id AND y.first_line = f.line
    WHERE x.claim_id IS NULL AND y.claim_id IS NULL
),
upto_2 AS MATERIALIZED (SELECT * FROM pass_1 UNION ALL SELECT * FROM pass_2),
pass_3 AS (
    SELECT o.claim_id, o.line, f.line AS first_line
    FROM other o
    JOIN first f ON f.chain_id = o.chain_id AND f.code = o.code AND f.k3 = o.k3
    LEFT JOIN upto_2 x ON x.claim_id = o.claim_id AND x.line = o.line
    LEFT JOIN upto_2 y ON y.claim_id = o.claim_id AND y.first_line = f.line
    WHERE x.claim_id IS NULL AND y.claim_id IS NULL
),
upto_3 AS MATERIALIZED (SELECT * FROM upto_2 UNION ALL SELECT * FROM pass_3),
pass_4 AS (  -- a corrected procedure stands where the wrong one stood
    SELECT o.claim_id, o.line, f.line AS first_line
    FROM other o
    JOIN first f ON f.chain_id = o.chain_id AND f.line = o.line
    LEFT JOIN upto_3 x ON x.claim_id = o.claim_id AND x.line = o.line
    LEFT JOIN upto_3 y ON y.claim_id = o.claim_id AND y.first_line = f.line
    WHERE x.claim_id IS NULL AND y.claim_id IS NULL
),
matched AS MATERIALIZED (SELECT * FROM upto_3 UNION ALL SELECT * FROM pass_4),
alone AS (
    SELECT o.*, row_number() OVER (PARTITION BY o.claim_id, o.code ORDER BY o.line) AS k
    FROM other o
    LEFT JOIN matched m ON m.claim_id = o.claim_id AND m.line = o.line
    WHERE m.claim_id IS NULL
),
anchored AS MATERIALIZED (
    SELECT *, min(version) OVER (PARTITION BY chain_id, code, k) AS first_version FROM alone
)
SELECT
    e.chain_id, e.claim_id, e.line AS claim_line_number, e.version, e.relation,
    CASE WHEN e.claim_id = e.chain_id OR m.claim_id IS NOT NULL THEN e.chain_id ELSE g.claim_id END AS service_claim_id,
    CASE WHEN e.claim_id = e.chain_id THEN e.line WHEN m.claim_id IS NOT NULL THEN m.first_line ELSE g.line END
        AS service_line_number
FROM every e
LEFT JOIN matched m ON m.claim_id = e.claim_id AND m.line = e.line
LEFT JOIN anchored a ON a.claim_id = e.claim_id AND a.line = e.line
LEFT JOIN anchored g ON g.chain_id = a.chain_id AND g.code = a.code AND g.k = a.k AND g.version = a.first_version
