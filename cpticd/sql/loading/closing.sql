-- One row: what a data set holds, for the line that ends its loading.
SELECT
    (SELECT count(*) FROM claims) AS claims,
    (SELECT count(*) FROM lines) AS lines,
    (SELECT count(charge_amount) FROM lines) + (SELECT count(charge_amount) FROM claims) AS charged,
    coalesce((SELECT sum(charge_amount) FROM lines), (SELECT sum(charge_amount) FROM claims)) AS charge,
    (SELECT count(paid_amount) FROM adjudications) + (SELECT count(paid_amount) FROM line_payments) AS payments,
    coalesce((SELECT sum(paid_amount) FROM adjudications), (SELECT sum(paid_amount) FROM line_payments)) AS paid,
    (SELECT count(carc) FROM adjustments) + (SELECT count(*) FROM remarks) AS reasons,
    (SELECT count(*) FROM adjudications) AS decisions,
    (SELECT count(*) FROM claims WHERE payer IS NOT NULL AND payer <> '(unknown)')
        + (SELECT count(*) FROM adjudications WHERE payer IS NOT NULL AND payer <> '(unknown)') AS payers,
    (SELECT count(person_id) FROM claims) AS persons,
    (SELECT count(claim_line_start_date) FROM lines) + (SELECT count(claim_start_date) FROM claims) AS dates,
    (SELECT count(hcpcs_code) + count(revenue_center_code) FROM lines) AS procedures,
    (SELECT count(*) FROM diagnoses) AS diagnoses
