-- A decision whose rows differ in remarks or diagnoses repeats its reasons on each of them: each is one, unless only
-- all of them together explain what was not paid.
DELETE FROM flat_reasons
USING (
    SELECT r.rid, r.n, r.item, row_number() OVER (
        PARTITION BY r.rid, r.group_code, r.carc, r.amount ORDER BY r.n, r.item
    ) AS nth
    FROM flat_reasons r
    SEMI JOIN (SELECT head FROM flat_parts WHERE NOT is_sum) p ON p.head = r.rid
) again
WHERE flat_reasons.rid = again.rid AND flat_reasons.n = again.n AND flat_reasons.item = again.item AND again.nth > 1
