-- One row per group, root cause, whether the service was billed again, and what became of it: services denied at first.
SELECT {columns} category, sent_again, became, count(*) AS lines, sum(denied_amount) AS denied_amount
FROM (
    SELECT {select} o.denial_category AS category, {sent_again} AS sent_again, {became} AS became,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
    FROM {relation} o
    {joins}
    WHERE o.initial_outcome = 'denied' AND {kept}
) denied
GROUP BY {columns} category, sent_again, became
