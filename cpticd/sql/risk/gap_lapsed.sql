-- One row per person and lasting HCC coded in an earlier year: how well it was coded in the last such year, and what
-- the measurement year says. A lower HCC coded beside a higher one of its hierarchy is no condition of its own.
WITH coded_hccs AS (
    SELECT DISTINCT h.person_id, h.year, h.hcc
    FROM gap_hits h
    JOIN asked s ON h.year <= s.base_year
),
below AS (
    SELECT DISTINCT c.person_id, c.year, r.child AS hcc
    FROM coded_hccs c
    JOIN hcc_parents r ON r.parent = c.hcc
),
earlier AS (
    SELECT h.person_id, h.hcc, h.claim_id, h.claim_date, h.diagnosis_code, h.year, c.course,
           max(h.year) OVER (PARTITION BY h.person_id, h.hcc) AS last_year
    FROM gap_hits h
    JOIN asked s ON h.year <= s.base_year
    JOIN courses c ON c.diagnosis_code = h.diagnosis_code AND c.hcc = h.hcc
    LEFT JOIN below b ON b.person_id = h.person_id AND b.year = h.year AND b.hcc = h.hcc
    WHERE c.course <> 'acute' AND b.person_id IS NULL
),
base AS (
    SELECT person_id, hcc, claim_id, claim_date, diagnosis_code, year, course,
           row_number() OVER (
               PARTITION BY person_id, hcc ORDER BY claim_date DESC, diagnosis_code, claim_id
           ) AS place
    FROM earlier
    WHERE year = last_year
),
coded AS (
    SELECT person_id, hcc, count(DISTINCT claim_id) AS claims, max(year) AS last_year,
           min(claim_date) AS first_date, max(claim_date) AS last_date,
           max(CASE WHEN place = 1 THEN diagnosis_code END) AS diagnosis_code,
           max(CASE WHEN place = 1 THEN course END) AS course
    FROM base GROUP BY person_id, hcc
),
years AS (
    SELECT h.person_id, h.hcc, count(DISTINCT h.year) AS coded_years
    FROM gap_hits h
    JOIN asked s ON h.year <= s.base_year
    GROUP BY h.person_id, h.hcc
),
-- A history code of a later year, which says that one of the codes is over.
over AS (
    SELECT DISTINCT b.person_id, b.hcc
    FROM base b
    JOIN history_pairs r ON r.diagnosis_code = b.diagnosis_code
    JOIN encounters e
      ON e.person_id = b.person_id AND e.diagnosis_code = r.history_code AND e.year > b.year
)
SELECT c.person_id, c.hcc, c.diagnosis_code, c.course, c.claims, c.last_year, c.first_date, c.last_date, y.coded_years,
       o.person_id IS NOT NULL AS over, coalesce(n.days, 0) AS days, p.died, t.place,
       k.years
FROM coded c
JOIN gap_persons p ON p.person_id = c.person_id
CROSS JOIN (
    SELECT count(DISTINCT h.year) AS years FROM gap_hits h JOIN asked s ON h.year <= s.base_year
) AS k
JOIN years y ON y.person_id = c.person_id AND y.hcc = c.hcc
LEFT JOIN over o ON o.person_id = c.person_id AND o.hcc = c.hcc
LEFT JOIN gap_seen n ON n.person_id = c.person_id
LEFT JOIN gap_states t ON t.person_id = c.person_id AND t.hcc = c.hcc
CROSS JOIN asked s
WHERE c.last_year = s.base_year OR t.place IS NULL
