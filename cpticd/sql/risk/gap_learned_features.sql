-- One row per person and feature of the measurement year: procedures, settings, and the stratum of age, sex and days
-- seen; with the fold that the person belongs to, told by the person's identifier alone.
WITH had AS (
    SELECT DISTINCT person_id, 'procedure ' || code AS name FROM gap_services WHERE system = 'hcpcs'
    UNION ALL
    SELECT DISTINCT c.person_id,
           CASE WHEN c.place_of_service_code IS NOT NULL THEN 'place ' || c.place_of_service_code
                ELSE 'bill ' || substr(c.bill_type_code, 1, 2) END
    FROM claims c
    JOIN asked s ON s.year = year(c.claim_start_date)
    WHERE c.place_of_service_code IS NOT NULL OR c.bill_type_code IS NOT NULL
    UNION ALL
    SELECT p.person_id,
           'person ' || p.sex || ' '
           || CASE WHEN p.age IS NULL THEN 'age unknown' WHEN p.age < 18 THEN '0-17' WHEN p.age < 45 THEN '18-44'
                   WHEN p.age < 65 THEN '45-64' WHEN p.age < 75 THEN '65-74' WHEN p.age < 85 THEN '75-84'
                   ELSE '85+' END
           || CASE WHEN d.days IS NULL THEN ', not seen' WHEN d.days < 2 THEN ', seen on 1 day'
                   WHEN d.days < 4 THEN ', seen on 2-3 days' WHEN d.days < 7 THEN ', seen on 4-6 days'
                   WHEN d.days < 12 THEN ', seen on 7-11 days' ELSE ', seen on 12+ days' END
    FROM gap_persons p
    LEFT JOIN gap_seen d ON d.person_id = p.person_id
)
SELECT h.person_id, h.name, f.fold
FROM had h
JOIN gap_persons p ON p.person_id = h.person_id
JOIN learned_folds f ON f.digit = substr(md5(h.person_id), 1, 2)
