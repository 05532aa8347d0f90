-- One row per person and term of his score: demographic (1), disease (2), drug (3), interaction (4), count (5).
WITH whole AS (
    SELECT p.person, p.segment, p.flags, f.population, f.cell, f.age, f.sex,
           a.hccs, a.severe, a.transplant, a.severity, a.maturity, a.has_hiv
    FROM {people} AS p
    JOIN hhs_kinds AS f ON f.kind = p.kind
    LEFT JOIN {had} AS a ON a.person = p.person
),
infants AS (
    SELECT person, segment, sex, age, coalesce(severity, 1) AS severity,
           CASE WHEN age >= 1 OR maturity IS NULL THEN 'AGE1'
                WHEN maturity = 1 THEN 'EXTREMELY_IMMATURE' WHEN maturity = 2 THEN 'IMMATURE'
                WHEN maturity = 3 THEN 'PREMATURE_MULTIPLES' ELSE 'TERM' END AS maturity
    FROM whole WHERE population = 'infant'
),
named AS (
    SELECT person, segment, 1 AS part, cell AS term FROM whole WHERE cell <> ''
    UNION ALL
    -- Without a diagnosis of birth a boy counts as one year old, like his maturity.
    SELECT person, segment, 1, CASE WHEN maturity = 'AGE1' THEN 'AGE1_MALE' ELSE 'AGE0_MALE' END
    FROM infants WHERE sex = 'male'
    UNION ALL
    SELECT DISTINCT p.person, p.segment, 2, h.term
    FROM {people} AS p
    JOIN {kept} AS k ON k.person = p.person
    JOIN hhs_hccs AS h ON h.segment = p.segment AND h.hcc = k.hcc
    WHERE h.term <> ''
    UNION ALL
    SELECT w.person, w.segment, 3, d.term
    FROM whole AS w JOIN hhs_drug_terms AS d ON (w.flags & d.bit) <> 0
    UNION ALL
    SELECT person, segment, 3, CASE population WHEN 'adult' THEN 'ACF_PrEP' ELSE 'ACF_PrEP_Child' END
    FROM whole WHERE (flags & {prep}) <> 0 AND NOT (population = 'child' AND coalesce(has_hiv, FALSE))
    UNION ALL
    SELECT p.person, p.segment, 4, i.term
    FROM {people} AS p
    JOIN {kept} AS k ON k.person = p.person
    JOIN hhs_interactions AS i ON i.hcc = k.hcc AND (p.flags & i.bit) <> 0
    GROUP BY p.person, p.segment, i.term
    HAVING count(DISTINCT i.factor) = max(i.factors)
    UNION ALL
    SELECT person, segment, 4, maturity || '_X_SEVERITY' || CAST(severity AS VARCHAR) FROM infants
    UNION ALL
    SELECT w.person, w.segment, 5, c.term
    FROM whole AS w
    JOIN hhs_counts AS c ON c.population = w.population AND w.hccs BETWEEN c.hccs_from AND c.hccs_to
    WHERE (c.role = 'any' OR (c.role = 'severe' AND w.severe) OR (c.role = 'transplant' AND w.transplant))
        AND (c.months IS NULL OR c.months = w.flags // {months})
)
SELECT n.person, n.segment, n.part, n.term, v.value
FROM named AS n
JOIN hhs_values AS v ON v.segment = n.segment AND v.term = n.term
