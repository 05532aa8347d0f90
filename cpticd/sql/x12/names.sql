-- Macros that the other statements use; gone with the join.
-- A control number without capitals, punctuation and leading zeros.
CREATE OR REPLACE TEMP MACRO x12_number(number) AS
    nullif(ltrim(regexp_replace(upper(number), '[^A-Z0-9]', '', 'g'), '0'), '');
-- How much keys of payers' names speak for one payer: equal, one the beginning of the other, spelled nearly so, or not.
CREATE OR REPLACE TEMP MACRO x12_alike(one, other) AS
    CASE WHEN one = other THEN 12
         WHEN least(length(one), length(other)) >= 5 AND (starts_with(one, other) OR starts_with(other, one)) THEN 10
         WHEN jaro_winkler_similarity(one, other) >= 0.9 THEN -4
         ELSE -12 END;
-- For and against a pair of claim and remittance; nothing where one side is unknown.
CREATE OR REPLACE TEMP MACRO x12_agree(one, other, weight) AS
    CASE WHEN one IS NULL OR other IS NULL THEN 0 WHEN one = other THEN weight ELSE -weight END;
CREATE OR REPLACE TEMP MACRO x12_says(fact, weight) AS
    CASE WHEN fact IS NULL THEN 0 WHEN fact THEN weight ELSE -weight END;
-- Modifiers in one order: payers change it.
CREATE OR REPLACE TEMP MACRO x12_modifiers(a, b, c, d) AS
    CASE WHEN b IS NULL THEN coalesce(a, '') ELSE array_to_string(list_sort([a, b, c, d]), ' ') END;
