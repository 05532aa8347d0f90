-- One row per person who is scored: the parts of his score, and the score as a cost-sharing reduction raises it.
WITH paid AS (
    SELECT k.person, list(k.hcc ORDER BY CAST(k.hcc AS DOUBLE)) AS hccs
    FROM scores_kept AS k
    JOIN scored AS p ON p.person = k.person
    JOIN hhs_hccs AS h ON h.segment = p.segment AND h.hcc = k.hcc
    GROUP BY k.person
),
taken AS (
    SELECT person, list(term ORDER BY term) AS drugs FROM scores_terms WHERE part = 3 GROUP BY person
)
SELECT s.person, s.segment,
       CAST(s.demographic AS DOUBLE) AS demographic_score, CAST(s.disease AS DOUBLE) AS disease_score,
       CAST(s.drug AS DOUBLE) AS drug_score, CAST(s.interaction AS DOUBLE) AS interaction_score,
       CAST(s.counted AS DOUBLE) AS count_score, s.raw AS raw_score, s.raw AS normalized_score, p.csr_factor,
       s.raw * p.csr_factor AS payment_score, coalesce(h.hccs, CAST([] AS VARCHAR[])) AS hccs, s.hccs AS payment_hcc_count,
       coalesce(t.drugs, CAST([] AS VARCHAR[])) AS drugs
FROM scores AS s
JOIN scored AS p ON p.person = s.person
LEFT JOIN paid AS h ON h.person = s.person
LEFT JOIN taken AS t ON t.person = s.person
ORDER BY s.person
