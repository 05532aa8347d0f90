-- One row per fold and HCC: persons coded in the year before, and those of them whose hierarchy is coded again.
SELECT b.fold, b.hcc, count(*) AS due, count(t.person_id) AS again
FROM learned_coded_before b
JOIN asked s ON s.base_year = b.last_year
LEFT JOIN gap_states t ON t.person_id = b.person_id AND t.hcc = b.hcc
GROUP BY b.fold, b.hcc
