-- One row: the last days of the data set, whatever is chosen of it, by which lines and months are young.
SELECT
    (SELECT max(greatest(first_paid_date, service_date)) FROM main.line_outcomes) AS day,
    (SELECT max(paid_date) FROM main.adjudications) AS paid
