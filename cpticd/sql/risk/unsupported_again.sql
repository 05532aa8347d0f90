-- One row per thin person and HCC that is borne out elsewhere. same_hcc: the HCC, or one above or below it in the
-- hierarchy, on a claim that counts, in a year beside the service year or on another day of it. Else only another
-- code of the same three characters (with or without an HCC) stands on such a claim.
WITH category AS (
    SELECT DISTINCT c.person_id, c.hcc, substr(c.diagnosis_code, 1, 3) AS category
    FROM coded c CROSS JOIN asked y
    WHERE c.year = y.year
),
found AS (
    SELECT t.person_id, t.hcc, 1 AS same_hcc
    FROM thin t
    CROSS JOIN asked y
    JOIN hcc_kin k ON k.hcc = t.hcc
    JOIN coded c ON c.person_id = t.person_id AND c.hcc = k.kin AND c.counted
    WHERE c.year <> y.year
       OR (k.kin <> t.hcc AND (c.claim_date < t.first_date OR c.claim_date > t.last_date))
    UNION ALL
    SELECT t.person_id, t.hcc, 0
    FROM thin t
    JOIN category g ON g.person_id = t.person_id AND g.hcc = t.hcc
    JOIN encounters e
      ON e.person_id = t.person_id AND e.counted AND substr(e.diagnosis_code, 1, 3) = g.category
    WHERE e.claim_date < t.first_date OR e.claim_date > t.last_date
)
SELECT person_id, hcc, max(same_hcc) AS same_hcc FROM found GROUP BY person_id, hcc
