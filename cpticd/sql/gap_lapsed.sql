-- One row per person and lasting HCC coded in the base year: how well it was coded, and what the measurement year says.
WITH base AS (
    SELECT h.person_id, h.hcc, h.claim_id, h.claim_date, h.diagnosis_code, c.course,
           row_number() OVER (
               PARTITION BY h.person_id, h.hcc ORDER BY h.claim_date DESC, h.diagnosis_code, h.claim_id
           ) AS place
    FROM risk_gap_hits h
    JOIN risk_gap_settings s ON h.year = s.base_year
    JOIN risk_gap_courses c ON c.diagnosis_code = h.diagnosis_code AND c.hcc = h.hcc
    WHERE c.course <> 'acute'
),
coded AS (
    SELECT person_id, hcc, count(DISTINCT claim_id) AS claims,
           min(claim_date) AS first_date, max(claim_date) AS last_date,
           max(CASE WHEN place = 1 THEN diagnosis_code END) AS diagnosis_code,
           max(CASE WHEN place = 1 THEN course END) AS course
    FROM base GROUP BY person_id, hcc
),
years AS (
    SELECT h.person_id, h.hcc, count(DISTINCT h.year) AS coded_years
    FROM risk_gap_hits h
    JOIN risk_gap_settings s ON h.year <= s.base_year
    GROUP BY h.person_id, h.hcc
),
-- A history code on a claim of the measurement year, which says that one of the base year's codes is over.
over AS (
    SELECT DISTINCT b.person_id, b.hcc
    FROM base b
    JOIN risk_gap_history r ON r.diagnosis_code = b.diagnosis_code
    JOIN risk_gap_encounters e ON e.person_id = b.person_id AND e.diagnosis_code = r.history_code
    JOIN risk_gap_settings s ON s.year = e.year
)
SELECT c.person_id, c.hcc, c.diagnosis_code, c.course, c.claims, c.first_date, c.last_date, y.coded_years,
       o.person_id IS NOT NULL AS over, coalesce(n.days, 0) AS days, p.died, t.place,
       k.years
FROM coded c
JOIN risk_gap_persons p ON p.person_id = c.person_id
CROSS JOIN (
    SELECT count(DISTINCT h.year) AS years FROM risk_gap_hits h JOIN risk_gap_settings s ON h.year <= s.base_year
) AS k
JOIN years y ON y.person_id = c.person_id AND y.hcc = c.hcc
LEFT JOIN over o ON o.person_id = c.person_id AND o.hcc = c.hcc
LEFT JOIN risk_gap_seen n ON n.person_id = c.person_id
LEFT JOIN risk_gap_states t ON t.person_id = c.person_id AND t.hcc = c.hcc
