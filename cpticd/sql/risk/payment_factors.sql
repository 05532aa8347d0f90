-- One row per person who is scored: his segment and population, the model's share in his payment, his raw score, payment
-- score per raw score, and payment score.
SELECT s.person, s.segment, f.population, f.share, s.raw, (1 - f.coding_adjustment) / f.normalization AS factor,
       s.raw * (1 - f.coding_adjustment) / f.normalization AS score
FROM scores AS s JOIN rates AS f ON f.kind = s.kind
ORDER BY s.person
