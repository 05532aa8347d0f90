-- One row per person with HCCs: how many are paid, what they weigh, and which interactions they open.
SELECT
    h.person,
    CAST(sum(s.hccs) AS INTEGER) AS hccs,
    CAST(sum(s.value) AS DECIMAL(18,3)) AS disease,
    bit_or(s.factors) AS factors
FROM {held} AS h
JOIN hcc_sets AS s ON s.key = h.base + h.mask
GROUP BY h.person
