-- One row per kind of person that has a coefficient for his age-sex cell.
SELECT f.kind, f.age, f.sex, f.segment AS segment_name, f.disabled, f.nonaged,
       f.is_new OR f.segment = 'TRANSPLANT' AS without_hccs
FROM profiles AS f
JOIN terms AS t ON t.kind = f.kind AND t.term = f.cell
