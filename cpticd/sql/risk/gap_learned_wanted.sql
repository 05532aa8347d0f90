-- One row per person and HCC in a stratum that is listed.
SELECT s.person_id, s.fold, s.hcc, s.share, s.odds, s.known, e.bin
FROM learned_scores s
JOIN learned_bins e ON e.known = s.known AND s.odds >= e.low AND s.odds < e.high
WHERE s.told = 1 AND e.listed
