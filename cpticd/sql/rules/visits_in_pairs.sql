-- One row per visit that is column 2 of a pair, and column 1 code.
SELECT claim_id, claim_line_number, column_1, column_2,
    'modifier indicator ' || modifier_indicator
        || CASE WHEN other_line IS NOT NULL THEN '; column 1 on line ' || other_line
                ELSE '; column 1 on claim ' || other_claim END
        || CASE WHEN is_certain THEN '' ELSE '; whether the two clinicians of the group have one specialty is not known' END AS evidence,
    'NCCI pairs ' || release AS release, effective_date, modifier_indicator = '0' AS never, is_certain
FROM rule_ptp
WHERE is_visit
