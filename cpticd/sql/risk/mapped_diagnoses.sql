-- One number: how often a diagnosis as given has an HCC; each should meet its person once per row of the map.
SELECT sum(c.diagnoses) FROM mapped AS m JOIN codes_in AS c ON c.given = m.diagnosis_code
