-- One row per person and lasting HCC coded in the measurement year, with the fold that the person belongs to.
SELECT DISTINCT h.person_id, h.hcc, f.fold
FROM gap_hits h
JOIN asked s ON s.year = h.year
JOIN courses c ON c.diagnosis_code = h.diagnosis_code AND c.hcc = h.hcc
JOIN learned_folds f ON f.digit = substr(md5(h.person_id), 1, 2)
WHERE c.course <> 'acute'
