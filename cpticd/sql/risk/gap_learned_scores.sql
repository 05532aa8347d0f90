-- One row per person and HCC without any code of its hierarchy in the year, nor of the HCC in a year before: the
-- odds that the condition is there although it is not coded, from the model of the other folds.
WITH scored AS (
    SELECT f.person_id, f.fold, w.hcc, sum(w.weight) AS billionths,
           max(CASE WHEN w.procedure_code IS NOT NULL AND w.weight > 0 THEN 1 ELSE 0 END) AS told
    FROM learned_persons f
    JOIN learned_weights w ON w.fold = f.fold AND w.feature = f.feature
    GROUP BY f.person_id, f.fold, w.hcc
),
shares AS (
    SELECT person_id, fold, hcc, told, least(greatest(billionths / 1e9, 0.0), 0.97) AS share FROM scored
)
SELECT x.person_id, x.fold, x.hcc, x.told, x.share,
       (1 - k.completeness) / k.completeness * x.share / (1 - x.share) AS odds,
       CAST(coalesce(b.years, 0) AS INTEGER) AS known
FROM shares x
JOIN learned_completeness k ON k.fold = x.fold AND k.hcc = x.hcc
LEFT JOIN gap_states t ON t.person_id = x.person_id AND t.hcc = x.hcc
LEFT JOIN learned_coded_before c ON c.person_id = x.person_id AND c.hcc = x.hcc
LEFT JOIN learned_known b ON b.person_id = x.person_id
WHERE t.person_id IS NULL AND c.person_id IS NULL
