-- One row per HCC and stratum: pairs of person and HCC that is not coded.
SELECT s.hcc, s.known, s.told, e.bin, count(*) AS pairs
FROM learned_scores s
JOIN learned_bins e ON e.known = s.known AND s.odds >= e.low AND s.odds < e.high
GROUP BY s.hcc, s.known, s.told, e.bin
