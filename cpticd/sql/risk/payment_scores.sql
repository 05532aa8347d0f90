-- One row per person who is scored: the parts of the raw score, normalized and adjusted.
SELECT s.person, s.segment,
       CAST(s.demographic AS DOUBLE) AS demographic_score, CAST(s.disease AS DOUBLE) AS disease_score,
       CAST(s.interaction AS DOUBLE) AS interaction_score, CAST(s.counted AS DOUBLE) AS count_score,
       s.raw AS raw_score, s.raw / f.normalization AS normalized_score,
       s.raw / f.normalization * (1 - f.coding_adjustment) AS payment_score, s.hccs AS payment_hcc_count
FROM scores AS s JOIN rates AS f ON f.kind = s.kind
