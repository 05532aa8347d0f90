-- One row per kind of person: what turns a raw score into a payment score.
SELECT p.kind, p.population, f.share, f.normalization, f.coding_adjustment
FROM profiles AS p LEFT JOIN factor_rates AS f ON f.population = p.population
