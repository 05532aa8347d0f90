-- One row per procedure, payer, place and quarter: the like with which a pair's lines are compared.
-- Lines without a procedure stand in rows of their own, which nothing is compared with.
-- A line without a service date is in quarter 1900-01-01, so that it is compared with its like too.
WITH adjudicated AS (
    SELECT
        hcpcs_code, payer, place, initial_outcome,
        coalesce(CAST(date_trunc('quarter', service_date) AS DATE), DATE '1900-01-01') AS quarter
    FROM line_outcomes
    WHERE initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
),
counted AS (
    SELECT
        hcpcs_code, payer, place, quarter,
        count(*) AS lines, count(CASE WHEN initial_outcome = 'denied' THEN 1 END) AS denied_lines
    FROM adjudicated
    GROUP BY hcpcs_code, payer, place, quarter
)
SELECT
    CAST(row_number() OVER (ORDER BY hcpcs_code, payer, place, quarter) AS INTEGER) AS stratum_id,
    CAST(dense_rank() OVER (ORDER BY hcpcs_code) AS INTEGER) AS procedure_id,
    CAST(dense_rank() OVER (ORDER BY payer) AS INTEGER) AS payer_id,
    hcpcs_code, payer, place, quarter, lines, denied_lines
FROM counted
