-- One row per person with HCCs: how many are paid, what they weigh, and which interactions they open.
SELECT
    h.person,
    max(p.segment) AS segment,
    CAST(sum(s.hccs) AS INTEGER) AS hccs,
    CAST(sum(s.value) AS DECIMAL(18,3)) AS disease,
    bit_or(s.factors | p.flags) AS factors
FROM {held} AS h
JOIN {people} AS p ON p.person = h.person
JOIN risk_sets AS s ON s.key = p.segment_key + h.block * {block} + h.mask
GROUP BY h.person
