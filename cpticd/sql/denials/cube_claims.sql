-- One row per claim without service lines: by what it can be chosen.
SELECT {select}
FROM claim_outcomes o {joins}
WHERE o.claim_id NOT IN (SELECT claim_id FROM lines WHERE claim_id IS NOT NULL)
