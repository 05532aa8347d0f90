-- One row per fold and two features: persons who have both.
SELECT a.fold, a.feature AS first, b.feature AS second, count(*) AS persons
FROM learned_persons a JOIN learned_persons b ON b.person_id = a.person_id AND b.feature >= a.feature
GROUP BY a.fold, a.feature, b.feature
