-- One row: what a data set holds, for the line that ends its loading. Denied are the amounts that denial codes took at
-- the first decision of each line; a line without a code of its own is denied as its claim is.
WITH firsts AS (
    SELECT claim_id, coalesce(claim_line_number, 0) AS line, min(adjudication_number) AS adjudication_number
    FROM adjustments GROUP BY claim_id, coalesce(claim_line_number, 0)
),
denials AS (
    SELECT a.claim_id, a.amount
    FROM adjustments a
    JOIN firsts f ON f.claim_id = a.claim_id AND f.line = coalesce(a.claim_line_number, 0)
        AND f.adjudication_number = a.adjudication_number
    LEFT JOIN carc_categories c ON c.carc = a.carc
    WHERE coalesce(a.amount, 1) > 0 AND coalesce(c.is_denial, a.carc IS NOT NULL OR coalesce(a.group_code, '') <> 'PR')
)
SELECT
    (SELECT count(*) FROM claims) AS claims,
    (SELECT count(*) FROM lines) AS lines,
    (SELECT count(charge_amount) FROM lines) + (SELECT count(charge_amount) FROM claims) AS charged,
    coalesce((SELECT sum(charge_amount) FROM lines), (SELECT sum(charge_amount) FROM claims)) AS charge,
    (SELECT count(paid_amount) FROM adjudications) + (SELECT count(paid_amount) FROM line_payments) AS payments,
    coalesce((SELECT sum(paid_amount) FROM adjudications), (SELECT sum(paid_amount) FROM line_payments)) AS paid,
    (SELECT sum(amount) FROM denials) AS denied,
    (SELECT count(*) FROM denials) AS denials,
    (SELECT count(carc) FROM adjustments) + (SELECT count(*) FROM remarks) AS reasons,
    (SELECT count(*) FROM adjudications) AS decisions,
    (SELECT count(*) FROM claims WHERE payer IS NOT NULL AND payer <> '(unknown)')
        + (SELECT count(*) FROM adjudications WHERE payer IS NOT NULL AND payer <> '(unknown)') AS payers,
    (SELECT count(person_id) FROM claims) AS persons,
    (SELECT count(claim_line_start_date) FROM lines) + (SELECT count(claim_start_date) FROM claims) AS dates,
    (SELECT count(hcpcs_code) + count(revenue_center_code) FROM lines) AS procedures,
    (SELECT count(*) FROM diagnoses) AS diagnoses
