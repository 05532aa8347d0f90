-- One row per place of a first diagnosis: the claim's first one, and the one that a line's first pointer names.
SELECT * FROM rule_placed WHERE diagnosis_position = 1 OR pointer_position = 1
