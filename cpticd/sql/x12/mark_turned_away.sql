-- Claims keep the day and the reason of the last time that they were turned away.
UPDATE {claims} AS c SET rejected_date = r.day, rejection_code = r.reason
FROM (
    SELECT claim_id, max(day) AS day, arg_max(reason, (coalesce(day, DATE '0001-01-01'), key)) AS reason
    FROM x12_rejected WHERE claim_id IS NOT NULL GROUP BY claim_id
) r
WHERE r.claim_id = c.claim_id
