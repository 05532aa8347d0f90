-- One number: diagnoses with an HCC that met no person who is scored. Each meets its person once per row of the map.
SELECT (SELECT sum(c.diagnoses) FROM mapped AS m JOIN codes_in AS c ON c.given = m.diagnosis_code)
       - (SELECT coalesce(sum(found), 0) FROM held_all) AS unscored
