-- One row per enrolled person, service year and HCC on a claim that counts; edits by age and sex hold.
SELECT DISTINCT e.person_id, e.year, m.hcc
FROM encounters e
JOIN members p ON p.person_id = e.person_id AND p.year = e.year
JOIN years y ON y.year = e.year
JOIN hcc_map m ON m.diagnosis_code = e.diagnosis_code
WHERE e.counted AND (m.sex = '' OR m.sex = p.sex)
  AND NOT EXISTS (SELECT 1 FROM outsiders o WHERE o.person_id = e.person_id AND o.year = e.year)
  AND coalesce(
      y.age_year - year(p.birth_date)
      - CASE WHEN month(p.birth_date) * 100 + day(p.birth_date) > y.age_day THEN 1 ELSE 0 END,
      200
  ) BETWEEN m.age_from AND m.age_to
