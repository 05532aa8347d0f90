-- One row per group, period and claim and person: its decided lines, and those of them denied.
SELECT {columns} period, claim_id, coalesce(person_id, claim_id) AS person_id, count(*) AS n,
    sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied
FROM (
    SELECT {select} CAST(date_trunc('{period}', {day}) AS DATE) AS period, o.claim_id, o.person_id, o.initial_outcome
    FROM {source} o {joins}
    WHERE {day} IS NOT NULL AND {decided}
) x
GROUP BY {columns} period, claim_id, coalesce(person_id, claim_id)
