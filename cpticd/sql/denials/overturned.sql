-- One row per group: lines denied at first of which the last word is in, those paid since, and their dollars.
SELECT {columns} count(*) AS denied_lines, count(DISTINCT person_id) AS persons,
    sum(CASE WHEN is_overturned THEN 1 ELSE 0 END) AS overturned_lines,
    sum(amount) AS denied_amount, sum(CASE WHEN is_overturned THEN amount ELSE 0 END) AS overturned_amount
FROM (
    SELECT {select} o.person_id, o.final_outcome IN ('paid', 'partly denied') AS is_overturned,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS amount
    FROM {relation} o {joins}
    WHERE o.initial_outcome = 'denied' AND {mature}
) denied
{group}
