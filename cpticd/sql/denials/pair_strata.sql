-- One row per procedure, payer, place, quarter and group: the like with which a pair's lines are compared.
-- A line without a service date is in quarter 1900-01-01, so that it is compared with its like too.
WITH used AS (
    SELECT {select} o.hcpcs_code, o.payer, o.place, {hit} AS is_denied,
        coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS stratum_quarter
    FROM line_outcomes o {joins}
    WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
),
counted AS (
    SELECT {keys} hcpcs_code, payer, place, stratum_quarter, count(*) AS lines,
        count(CASE WHEN is_denied THEN 1 END) AS denied_lines
    FROM used
    GROUP BY {keys} hcpcs_code, payer, place, stratum_quarter
)
SELECT
    CAST(row_number() OVER (ORDER BY {keys} hcpcs_code, payer, place, stratum_quarter) AS INTEGER) AS stratum_id,
    CAST(dense_rank() OVER (ORDER BY {keys} hcpcs_code, payer) AS INTEGER) AS procedure_id,
    CAST(dense_rank() OVER (ORDER BY {keys} payer) AS INTEGER) AS payer_id,
    CAST(dense_rank() OVER ({order_keys}) AS INTEGER) AS group_id,
    *
FROM counted
