-- One row per file of claims: its rows, those that are totals, and those of claims that a later action has replaced.
SELECT
    r.src, s.name, r.rows, r.total_lines,
    (SELECT sum(coalesce(line_charge, allowed)) FROM cms_own_lines l WHERE l.src = r.src AND l.sign = 1) AS amount,
    (SELECT count(*) FROM cms_parts p JOIN cms_claims c ON c.number = p.number AND c.pk = p.pk
        WHERE p.src = r.src AND c.state = 'not final') AS old_claims,
    CASE WHEN r.lines_of THEN (
        SELECT count(*) FROM cms_others l JOIN cms_claims c ON c.number = l.number AND c.pk = l.pk
        WHERE l.src = r.src AND c.state = 'not final'
    ) ELSE (
        SELECT count(*) FROM cms_parts p JOIN cms_claims c ON c.number = p.number AND c.pk = p.pk
        WHERE p.src = r.src AND c.state = 'not final'
    ) END AS old_rows
FROM cms_rows r JOIN cms_sources s ON s.src = r.src
ORDER BY r.src
