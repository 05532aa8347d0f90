-- One row per procedure (and group) and kind of clusters.
SELECT {procedure} AS procedure, {grp} AS grp, kind, n, squares, clusters, uu, un, nn
FROM {procedures}
