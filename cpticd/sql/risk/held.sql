-- One row per person and block of HCCs that he may have, as a bit mask; edits by age and sex are in the mapping.
-- base is the key of the person's segment and the block, found how many diagnoses met their person.
SELECT
    p.person, p.segment_key + m.block * {block} AS base, count(*) AS found,
    bit_or(CASE WHEN NOT p.without_hccs AND p.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = p.sex)
                THEN m.bit ELSE 0 END) AS mask
FROM diagnoses_in AS d
JOIN mapped AS m ON m.diagnosis_code = d.diagnosis_code
JOIN scored AS p ON p.person_id = d.person_id
GROUP BY p.person, p.segment_key + m.block * {block}
