-- One row per person with HCCs of his segment: how many are counted (a group is one), and what they make of him.
SELECT
    p.person,
    CAST(count(DISTINCT CASE WHEN h.counted AND h.term <> '' THEN h.term END) AS INTEGER) AS hccs,
    bool_or(h.severe) AS severe, bool_or(h.transplant) AS transplant,
    max(h.severity) AS severity, min(h.maturity) AS maturity, bool_or(h.hcc = '1') AS has_hiv
FROM {people} AS p
JOIN {kept} AS k ON k.person = p.person
JOIN hhs_hccs AS h ON h.segment = p.segment AND h.hcc = k.hcc
GROUP BY p.person
