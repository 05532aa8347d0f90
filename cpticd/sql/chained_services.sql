-- Of services that are billed on chains of claims: on which line they stand, and how often and when they were sent.
last_versions AS (  -- the last version of each chain's claim to its first payer
    SELECT chain_id, max(version) AS version FROM chains WHERE relation <> 'other payer' GROUP BY chain_id
),
replaced AS (  -- a line of such a claim that is on no later one was left out
    SELECT DISTINCT parent_claim_id AS claim_id FROM chains WHERE relation = 'replacement'
),
sent AS (
    SELECT
        v.service_claim_id, v.service_line_number, v.claim_id, v.claim_line_number, v.version, v.relation,
        c.received_date, z.version AS last_version,
        row_number() OVER (
            PARTITION BY v.service_claim_id, v.service_line_number
            ORDER BY CASE WHEN v.relation IN ('void', 'other payer') THEN 1 ELSE 0 END, v.version DESC
        ) AS place
    FROM versions v
    JOIN claims c ON c.claim_id = v.claim_id
    LEFT JOIN last_versions z ON z.chain_id = v.chain_id
),
chained AS MATERIALIZED (
    SELECT
        s.service_claim_id, s.service_line_number,
        coalesce(max(d.claim_id), max(CASE WHEN s.place = 1 THEN s.claim_id END)) AS claim_id,
        coalesce(max(d.claim_line_number), max(CASE WHEN s.place = 1 THEN s.claim_line_number END)) AS line,
        max(CASE WHEN s.place = 1 THEN s.claim_id END) AS last_claim_id,
        max(CASE WHEN s.place = 1 THEN s.claim_line_number END) AS last_line,
        count(CASE WHEN s.relation NOT IN ('void', 'other payer') THEN 1 END) AS submissions,
        min(s.received_date) AS submitted_date,
        coalesce(  -- since the first decision; what was returned as unprocessable was sent again before there was one
            min(CASE WHEN s.relation IN ('replacement', 'resubmission') AND s.received_date >= d.first_paid_date
                THEN s.received_date END),
            min(CASE WHEN s.relation IN ('replacement', 'resubmission') THEN s.received_date END)
        ) AS resubmitted_date,
        max(CASE WHEN s.version = s.last_version AND s.relation = 'void' THEN 1 ELSE 0 END) AS is_void,
        max(CASE WHEN s.place = 1 AND r.claim_id IS NOT NULL THEN 1 ELSE 0 END) = 1 AS is_dropped
    FROM sent s
    LEFT JOIN replaced r ON r.claim_id = s.claim_id
    LEFT JOIN decisions d
        ON d.service_claim_id = s.service_claim_id AND d.service_line_number = s.service_line_number
    GROUP BY s.service_claim_id, s.service_line_number
)
