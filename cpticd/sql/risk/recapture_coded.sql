-- One row per enrolled person, service year and HCC on a claim that counts; edits by age and sex hold. lasting: by a code that is chronic.
SELECT e.person_id, e.year, m.hcc, max(CASE WHEN k.hcc IS NOT NULL THEN 1 ELSE 0 END) AS lasting
FROM encounters e
JOIN members p ON p.person_id = e.person_id AND p.year = e.year
JOIN years y ON y.year = e.year
JOIN hcc_map m ON m.diagnosis_code = e.diagnosis_code
LEFT JOIN chronic_codes k ON k.diagnosis_code = m.diagnosis_code AND k.hcc = m.hcc
WHERE e.counted AND (m.sex = '' OR m.sex = p.sex)
  AND NOT EXISTS (SELECT 1 FROM outsiders o WHERE o.person_id = e.person_id AND o.year = e.year)
  AND coalesce(
      y.age_year - year(p.birth_date)
      - CASE WHEN month(p.birth_date) * 100 + day(p.birth_date) > y.age_day THEN 1 ELSE 0 END,
      200
  ) BETWEEN m.age_from AND m.age_to
GROUP BY e.person_id, e.year, m.hcc
