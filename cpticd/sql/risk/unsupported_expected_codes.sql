-- One row per diagnosis code of the data and condition: a range names the first characters of a code.
SELECT DISTINCT d.diagnosis_code, x.condition
FROM (SELECT DISTINCT diagnosis_code FROM encounters) d
JOIN (SELECT DISTINCT condition, diagnosis_first, diagnosis_last FROM expected) x
  ON substr(d.diagnosis_code, 1, length(x.diagnosis_first)) BETWEEN x.diagnosis_first AND x.diagnosis_last
