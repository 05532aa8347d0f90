-- The last day that coverage, claims and fills name.
SELECT greatest(
    (SELECT max(start_date) FROM tuva_spans),
    (SELECT max(end_date) FROM tuva_spans WHERE NOT is_open),
    (SELECT max(coalesce(claim_end_date, claim_start_date)) FROM {claims}),
    (SELECT max(fill_date) FROM {drugs})
) AS day
