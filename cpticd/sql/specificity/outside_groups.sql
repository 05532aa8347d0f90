-- One row per boundary and group: lines in its window that bear a code of the group on a day on which it was none.
WITH hit AS (
    SELECT g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number,
        max(CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied,
        sum(CASE WHEN o.initial_outcome IN ('denied', 'partly denied') THEN CAST(c.share * o.denied_amount AS DECIMAL(18,8)) ELSE 0 END)
            AS amount
    FROM borne_codes c
    JOIN code_groups g ON g.system = c.system AND g.code = c.code
    JOIN boundaries b ON b.boundary = g.boundary
    JOIN code_dates d ON d.system = c.system AND d.code = c.code
    JOIN standing_lines o ON o.claim_id = c.claim_id AND o.claim_line_number = c.claim_line_number
    WHERE o.month >= b.first AND o.month <= b.last
      AND o.service_date >= d.outside_from AND o.service_date <= d.outside_to
    GROUP BY g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number
)
SELECT boundary, system, code_group, count(*) AS outside_lines, CAST(sum(denied) AS BIGINT) AS outside_denied,
    CAST(sum(amount) AS DOUBLE) AS outside_denied_amount
FROM hit GROUP BY boundary, system, code_group
