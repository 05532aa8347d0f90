-- One row per person, HCC, claim and code of the last earlier year in which the HCC was coded.
SELECT person_id, hcc, claim_id, claim_date, code FROM (
    SELECT h.person_id, h.hcc, h.claim_id, h.claim_date, h.diagnosis_code AS code, h.year,
           max(h.year) OVER (PARTITION BY h.person_id, h.hcc) AS last_year
    FROM gap_hits h
    JOIN asked s ON h.year <= s.base_year
    JOIN courses c ON c.diagnosis_code = h.diagnosis_code AND c.hcc = h.hcc
    WHERE c.course <> 'acute'
) AS earlier
WHERE year = last_year
