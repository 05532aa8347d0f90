-- One row per condition and code of the data that is a service one would expect with it.
SELECT x.condition, x.basis, x.kind, d.code
FROM (
    SELECT DISTINCT 'procedure' AS basis, hcpcs_code AS code FROM lines WHERE hcpcs_code IS NOT NULL
    UNION ALL
    SELECT DISTINCT 'diagnosis', diagnosis_code FROM encounters
) d
JOIN (SELECT DISTINCT condition, basis, first, last, kind FROM expected) x
  ON x.basis = d.basis AND substr(d.code, 1, length(x.first)) BETWEEN x.first AND x.last
