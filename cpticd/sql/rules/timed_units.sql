-- One row per line of timed therapy on a day whose units are more than {most} minutes of one person and clinician.
WITH days AS (
    SELECT person, clinician, service_date, sum(units * minutes) AS minutes
    FROM rule_therapy
    WHERE minutes > 0 AND NOT is_superseded
    GROUP BY person, clinician, service_date
    HAVING sum(units * minutes) > {most}
)
SELECT t.claim_id, t.claim_line_number, t.hcpcs_code AS codes,
    printf('the timed units of the day are %g minutes of one patient and clinician', d.minutes) AS message,
    printf('units %g of %d minutes; %g minutes in the day', t.units, t.minutes, d.minutes) AS evidence,
    'therapy_services, ' || t.source AS release, t.effective_from AS effective_date
FROM rule_therapy t
JOIN days d ON d.person = t.person AND d.clinician = t.clinician AND d.service_date = t.service_date
WHERE t.minutes > 0 AND t.units > 0 AND NOT t.is_superseded
