-- One row per group, root cause, whether the service was billed again, and what became of it: services denied at first.
SELECT {select} o.denial_category AS category,
    CASE WHEN o.days_to_resubmission IS NOT NULL THEN 'billed again' ELSE 'not billed again' END AS sent_again,
    CASE WHEN o.final_outcome = 'paid' THEN 'paid'
         WHEN o.final_outcome = 'partly denied' THEN 'paid in part'
         WHEN o.final_outcome = 'denied' AND o.state = 'open' THEN 'open'
         WHEN o.final_outcome = 'denied' THEN 'denied for good'
         ELSE 'taken back or undecided' END AS became,
    count(*) AS lines, sum(CAST(coalesce(o.denied_amount, 0) AS DOUBLE)) AS denied_amount
FROM {source} o
{joins}
WHERE o.initial_outcome = 'denied' AND {kept}
GROUP BY {plain} o.denial_category,
    CASE WHEN o.days_to_resubmission IS NOT NULL THEN 'billed again' ELSE 'not billed again' END,
    CASE WHEN o.final_outcome = 'paid' THEN 'paid'
         WHEN o.final_outcome = 'partly denied' THEN 'paid in part'
         WHEN o.final_outcome = 'denied' AND o.state = 'open' THEN 'open'
         WHEN o.final_outcome = 'denied' THEN 'denied for good'
         ELSE 'taken back or undecided' END
