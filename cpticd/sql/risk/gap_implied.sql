-- One row per person, rule whose service, drug or result the person had in the year, and condition that the rule names:
-- whether a code of that condition stands on the claims of the year or of years before, and its HCC.
WITH told AS (
    SELECT v.person_id, a.rule, a.diagnosis_code,
           max(CASE WHEN c.year = s.year THEN 1 ELSE 0 END) AS now,
           max(CASE WHEN c.year <= s.base_year THEN 1 ELSE 0 END) AS before
    FROM gap_served v
    JOIN gap_alternative_codes a ON a.rule = v.rule
    JOIN gap_codes c ON c.person_id = v.person_id AND c.diagnosis_code = a.code
    CROSS JOIN asked s
    GROUP BY v.person_id, a.rule, a.diagnosis_code
),
-- The HCC under which years before tell the condition: it is what the service bears out.
before AS (
    SELECT v.person_id, a.rule, a.diagnosis_code, min(h.hcc) AS hcc
    FROM gap_served v
    JOIN gap_alternative_codes a ON a.rule = v.rule
    JOIN gap_hits h ON h.person_id = v.person_id AND h.diagnosis_code = a.code
    JOIN asked s ON h.year <= s.base_year
    GROUP BY v.person_id, a.rule, a.diagnosis_code
)
SELECT v.person_id, v.rule, v.claims, v.days, v.code, v.first_date, v.last_date,
       a.diagnosis_code, a.share, a.strength, coalesce(b.hcc, m.hcc) AS hcc,
       coalesce(o.now, 0) AS now, coalesce(o.before, 0) AS before, coalesce(t.place, 0) AS place,
       CASE WHEN t.place = 1 AND t.removed = 0 THEN 1 ELSE 0 END AS exact
FROM gap_served v
JOIN gap_persons p ON p.person_id = v.person_id
JOIN gap_alternatives a ON a.rule = v.rule
LEFT JOIN hcc_map m
  ON m.diagnosis_code = a.diagnosis_code AND (m.sex = '' OR m.sex = p.sex)
 AND coalesce(p.age, m.age_from) BETWEEN m.age_from AND m.age_to
LEFT JOIN told o ON o.person_id = v.person_id AND o.rule = v.rule AND o.diagnosis_code = a.diagnosis_code
LEFT JOIN before b ON b.person_id = v.person_id AND b.rule = v.rule AND b.diagnosis_code = a.diagnosis_code
LEFT JOIN gap_states t ON t.person_id = v.person_id AND t.hcc = coalesce(b.hcc, m.hcc)
