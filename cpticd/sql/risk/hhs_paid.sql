-- One row per person and HCC that is paid in his segment.
SELECT k.person, k.hcc AS value
FROM scores_kept AS k
JOIN scored AS p ON p.person = k.person
JOIN hhs_hccs AS h ON h.segment = p.segment AND h.hcc = k.hcc
