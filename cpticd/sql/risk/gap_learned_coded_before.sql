-- One row per person and lasting HCC coded in a year before: the last such year.
SELECT h.person_id, h.hcc, f.fold, max(h.year) AS last_year
FROM gap_hits h
JOIN asked s ON h.year <= s.base_year
JOIN courses c ON c.diagnosis_code = h.diagnosis_code AND c.hcc = h.hcc
JOIN learned_folds f ON f.digit = substr(md5(h.person_id), 1, 2)
WHERE c.course <> 'acute'
GROUP BY h.person_id, h.hcc, f.fold
