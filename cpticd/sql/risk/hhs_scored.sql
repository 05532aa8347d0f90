-- One row per person who is scored, with his months and, as bits, the drug categories that count for him: RXCs for adults,
-- PrEP for adults without a drug against HIV, and for children of 12 years and more.
WITH bits AS (
    SELECT person_id, bit_or(CASE WHEN category <> 'PrEP' THEN bit ELSE 0 END) AS rxcs,
           bit_or(CASE WHEN category = 'PrEP' THEN bit ELSE 0 END) AS prep,
           bool_or(category = 'RXC 1') AS against_hiv
    FROM person_drugs GROUP BY person_id
)
SELECT p.*,
       p.months * {months}
       + CASE WHEN p.population = 'adult' THEN coalesce(b.rxcs, 0) ELSE 0 END
       + CASE WHEN (p.population = 'adult' AND NOT b.against_hiv) OR (p.population = 'child' AND p.age >= 12)
              THEN coalesce(b.prep, 0) ELSE 0 END AS flags
FROM people_in AS p
LEFT JOIN bits AS b ON b.person_id = p.person_id
