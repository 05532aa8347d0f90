-- One row per person of whom CMS pays no month of the payment year by a risk score, with the reason.
WITH known AS (
    SELECT
        person_id,
        min(CASE WHEN death_date < make_date({payment_year}, 1, 1) THEN death_date END) AS death_date,
        max(CASE WHEN year = {payment_year} AND hospice_months >= 12 THEN 12 END) AS later_hospice_months
    FROM members
    WHERE year BETWEEN {payment_year} - 1 AND {payment_year}
    GROUP BY person_id
)
SELECT person_id, reason FROM (SELECT person_id, {reason} AS reason FROM known) judged
WHERE reason IS NOT NULL
