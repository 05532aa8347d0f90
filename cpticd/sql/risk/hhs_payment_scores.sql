-- One row per person who is scored: the parts of his score, and the score as a cost-sharing reduction raises it.
SELECT s.person, s.segment,
       CAST(s.demographic AS DOUBLE) AS demographic_score, CAST(s.disease AS DOUBLE) AS disease_score,
       CAST(s.drug AS DOUBLE) AS drug_score, CAST(s.interaction AS DOUBLE) AS interaction_score,
       CAST(s.counted AS DOUBLE) AS count_score, s.raw AS raw_score, s.raw AS normalized_score, p.csr_factor,
       s.raw * p.csr_factor AS payment_score, s.hccs AS payment_hcc_count
FROM scores AS s
JOIN scored AS p ON p.person = s.person
ORDER BY s.person
