-- One row per visit beside a procedure that includes it, by a pair or by the days of the procedure.
SELECT claim_id, claim_line_number, column_1 || ' ' || column_2 AS codes,
    'visit ' || column_2 || ' on the day of ' || column_1 ||
        CASE WHEN never THEN ', with which it is never paid'
             ELSE ' without a modifier that says that it was a service of its own' END AS message,
    evidence, release, effective_date, is_certain
FROM ({beside}) beside
