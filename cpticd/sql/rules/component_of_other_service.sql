-- One row per line that is column 2 of a pair and no visit.
SELECT claim_id, claim_line_number, column_1 || ' ' || column_2 AS codes,
    column_2 || ' is part of ' || column_1 || ' on the same day' ||
        CASE WHEN modifier_indicator = '0' THEN '; no modifier makes it payable'
             ELSE ' unless a modifier says that it was separate' END AS message,
    'modifier indicator ' || modifier_indicator
        || CASE WHEN other_line IS NOT NULL THEN '; column 1 on line ' || other_line
                ELSE '; column 1 on claim ' || other_claim END
        || CASE WHEN is_certain THEN '' ELSE '; whether the two clinicians of the group have one specialty is not known' END AS evidence,
    'NCCI pairs ' || release AS release, effective_date, is_certain
FROM rule_ptp
WHERE is_visit IS NULL OR NOT is_visit
