-- One row per person, index and condition that counts: enough speaks for it, and no graver one takes its place.
WITH enough AS MATERIALIZED (SELECT person_id, index_name, condition FROM comorbid_evidence WHERE {enough})
SELECT e.person_id, e.index_name, e.condition, w.place, w.weight_1987, w.weight_2011, w.weight_van_walraven
FROM enough e
JOIN comorbid_weights w ON w.index_name = e.index_name AND w.condition = e.condition
LEFT JOIN enough g ON g.person_id = e.person_id AND g.index_name = e.index_name AND g.condition = w.replaced_by
WHERE g.person_id IS NULL
