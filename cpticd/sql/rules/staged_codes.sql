-- One row per diagnosis code on the claims that is an injury, a complication or aftercare; an injury with the stage of
-- care that its seventh character says, and the stage that this does not go with.
SELECT DISTINCT c.diagnosis_code, c.written, e.role, c.seventh_character, x.stage, x.not_with, x.meaning
FROM rule_codes c
JOIN table_encounter_codes e ON e.role IN ('injury', 'complication', 'aftercare') AND {within}
LEFT JOIN table_seventh_characters x ON x.seventh_character = c.seventh_character
