-- One row per person and value of what panels are made by: his services of the year that count once, claims, dollars.
SELECT
    o.person_id, {panel} AS panel, count(DISTINCT o.claim_id) AS claims, count(*) AS services,
    CAST(sum(coalesce(o.allowed_amount, 0)) AS DOUBLE) AS allowed_amount,
    CAST(sum(coalesce(o.charge_amount, 0)) AS DOUBLE) AS charge_amount,
    count(o.allowed_amount) AS priced
FROM line_outcomes AS o
{joins}
WHERE o.person_id IS NOT NULL AND year(o.service_date) = $year
    AND o.initial_outcome NOT IN ('void', 'counted elsewhere')
GROUP BY o.person_id, {panel}
