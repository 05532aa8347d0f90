-- One row per adjudicated line, with what the payer first decided ({hit} is what is counted); codes, payers, claims, persons and providers are
-- numbered here, since everything that is added up next goes by them.
-- residual: denied (1 or 0) less the rate of the line's stratum; lines of one claim, person or provider tend to agree in it.
-- A person that is not known is one of the claim's own.
WITH person_ids AS (
    SELECT person_id AS person, CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) AS person_id
    FROM (SELECT DISTINCT person_id FROM claims WHERE person_id IS NOT NULL) persons
),
numbered AS (
    SELECT c.claim_id, CAST(row_number() OVER (ORDER BY c.claim_id) AS INTEGER) AS claim_number, p.person_id, c.billing_npi
    FROM claims c
    LEFT JOIN person_ids p ON p.person = c.person_id
),
provided AS (
    SELECT {select} o.claim_id, o.claim_line_number, n.claim_number, n.person_id,
        {provider} AS npi,
        o.hcpcs_code, o.payer, o.place, coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS stratum_quarter,
        {hit} AS is_denied, CAST(coalesce({amount}, 0) AS DOUBLE) AS denied_amount, o.denial_category, o.denial_carc
    FROM line_outcomes o
    JOIN numbered n ON n.claim_id = o.claim_id
    CROSS JOIN {billers}
    LEFT JOIN lines ln ON ln.claim_id = o.claim_id AND ln.claim_line_number = o.claim_line_number
    {joins}
    WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
),
provider_ids AS (
    SELECT npi, CAST(row_number() OVER (ORDER BY npi) AS INTEGER) AS provider_id
    FROM (SELECT DISTINCT npi FROM provided WHERE npi IS NOT NULL) providers
)
SELECT
    CAST(row_number() OVER (ORDER BY NULL) AS INTEGER) AS line_id, o.claim_id, o.claim_line_number, o.claim_number,
    o.person_id, coalesce(o.person_id, -o.claim_number) AS whose, coalesce(v.provider_id, 0) AS provider_id,
    {group} o.hcpcs_code, s.procedure_id, s.payer_id, s.stratum_id, o.is_denied, o.denied_amount,
    CASE WHEN o.is_denied THEN o.denial_category END AS denial_category,
    CASE WHEN o.is_denied THEN o.denial_carc END AS denial_carc,
    CASE WHEN o.is_denied THEN 1 ELSE 0 END - CAST(s.denied_lines AS DOUBLE) / s.lines AS residual
FROM provided o
JOIN {strata} s ON s.hcpcs_code = o.hcpcs_code AND s.payer = o.payer AND s.place = o.place
    AND s.{quarter} = o.stratum_quarter {same}
LEFT JOIN provider_ids v ON v.npi = o.npi
