-- One row per code and reason: lines that bear it on a day on which it was not yet, or no more, a code.
SELECT d.system, d.code, d.reason, max(CASE WHEN d.reason = 'retired' THEN d.last_day ELSE d.first_day END) AS code_date,
    min(o.service_date) AS first_date, max(o.service_date) AS last_date, count(*) AS lines,
    count(CASE WHEN o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 END) AS adjudicated,
    count(CASE WHEN o.initial_outcome = 'denied' THEN 1 END) AS denied,
    CAST(sum(CASE WHEN o.initial_outcome IN ('denied', 'partly denied') THEN CAST(b.share * o.denied_amount AS DECIMAL(18,8))
        ELSE 0 END) AS DOUBLE) AS denied_amount
FROM borne_codes b
JOIN code_dates d ON d.system = b.system AND d.code = b.code
JOIN standing_lines o ON o.claim_id = b.claim_id AND o.claim_line_number = b.claim_line_number
WHERE o.service_date >= d.outside_from AND o.service_date <= d.outside_to
GROUP BY d.system, d.code, d.reason
ORDER BY lines DESC, d.system, d.code, d.reason
