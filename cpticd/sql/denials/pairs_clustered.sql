-- One row per pair of enough lines and kind of clusters of which one has several of its lines.
SELECT c.id, c.kind, c.{p}clusters AS clusters, c.{p}uu AS uu, c.{p}un AS un, c.{p}nn AS nn, c.{p}largest AS largest
FROM {clusters} c
JOIN (SELECT {key} FROM {totals} WHERE {p}lines >= $min_lines) e ON e.{key} = c.id
