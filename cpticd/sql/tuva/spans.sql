-- The spans of eligibility with what codes of Medicare say beside the flags (status 11, 21 and 31: with end-stage renal
-- disease, 10 and 20: without), which have no end, and of which files a column gives months of coverage.
SELECT * REPLACE (
    coalesce(esrd, CASE WHEN medicare_status_code IN ('11', '21', '31') OR lower(enrollment_status) = 'esrd' THEN true
                        WHEN medicare_status_code IN ('10', '20') THEN false END) AS esrd,
    coalesce(new_enrollee, CASE lower(enrollment_status) WHEN 'new' THEN true WHEN 'continuing' THEN false END)
        AS new_enrollee,
    coalesce(long_term_institutional, CASE WHEN lower(enrollment_status) = 'institutional' THEN true END)
        AS long_term_institutional
),
end_date IS NULL OR year(end_date) >= {no_end} AS is_open,
_source IN ({given}) AS months_are_given
FROM tuva_spans
