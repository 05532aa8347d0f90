-- One row per line with a service that is paid once in so many months, or once in a lifetime, and the latest service of an
-- earlier day that counts: of another claim that stands, or of the same one. One that was denied in the end does not count.
-- N full months must pass after the month of the last service: after one in March, 11 end with February.
WITH limits AS (
    SELECT f.*, coalesce(effective_from, DATE '0001-01-01') AS first_day,
        coalesce(effective_to, DATE '9999-12-31') AS last_day
    FROM table_frequency_limits f
),
codes AS (SELECT service, unnest(string_split(codes, ' ')) AS code FROM limits),
counted AS (SELECT service, unnest(string_split(counted, ' ')) AS code FROM limits),
prefixes AS (SELECT service, unnest(string_split(diagnoses, ' ')) AS prefix FROM limits WHERE diagnoses <> ''),
others AS (
    SELECT service, unnest(string_split(other_diagnoses, ' ')) AS prefix FROM limits WHERE other_diagnoses <> ''
),
components AS (
    SELECT m.claim_id, m.claim_line_number, max(m.modifier) AS component
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier AND t.family = 'component'
    GROUP BY m.claim_id, m.claim_line_number
),
served AS MATERIALIZED (
    SELECT s.*, k.component
    FROM rule_services s
    LEFT JOIN components k ON k.claim_id = s.claim_id AND k.claim_line_number = s.claim_line_number
    WHERE s.hcpcs_code IN (SELECT code FROM codes UNION SELECT code FROM counted)
),
right_diagnosis AS MATERIALIZED (
    SELECT DISTINCT s.claim_id, s.claim_line_number, p.service
    FROM served s
    JOIN rule_pointed d ON d.claim_id = s.claim_id AND d.claim_line_number = s.claim_line_number
    JOIN prefixes p ON starts_with(d.diagnosis_code, p.prefix)
),
other_diagnosis AS MATERIALIZED (
    SELECT DISTINCT s.claim_id, s.claim_line_number, p.service
    FROM served s
    JOIN rule_pointed d ON d.claim_id = s.claim_id AND d.claim_line_number = s.claim_line_number
    JOIN others p ON starts_with(d.diagnosis_code, p.prefix)
),
asked AS (
    SELECT s.*, l.service, l.source, l.diagnoses, l.effective_from,
        CASE WHEN o.claim_id IS NULL THEN l.months ELSE l.other_months END AS months
    FROM served s
    JOIN codes c ON c.code = s.hcpcs_code
    JOIN limits l ON l.service = c.service AND s.service_date BETWEEN l.first_day AND l.last_day
    LEFT JOIN right_diagnosis r ON r.claim_id = s.claim_id AND r.claim_line_number = s.claim_line_number
        AND r.service = l.service
    LEFT JOIN other_diagnosis o ON o.claim_id = s.claim_id AND o.claim_line_number = s.claim_line_number
        AND o.service = l.service
    WHERE (l.diagnoses = '' OR r.claim_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = s.claim_id
                        AND m.claim_line_number = s.claim_line_number
                        AND contains(' ' || l.exempt_modifiers || ' ', ' ' || m.modifier || ' '))
),
earlier AS (
    SELECT a.claim_id, a.claim_line_number, a.hcpcs_code, a.service, a.source, a.months, a.effective_from,
        e.service_date AS last_date, e.hcpcs_code AS last_code, e.claim_id AS last_claim,
        row_number() OVER (PARTITION BY a.claim_id, a.claim_line_number, a.service
                           ORDER BY e.service_date DESC, e.claim_id, e.claim_line_number) AS place
    FROM asked a
    JOIN counted c ON c.service = a.service
    JOIN served e ON e.hcpcs_code = c.code AND e.person = a.person AND e.service_date < a.service_date
        AND (e.claim_id = a.claim_id OR (e.claim_group <> a.claim_group AND NOT e.is_superseded))
        -- The interpretation (26) of a picture (TC) that was taken the day before is no second service.
        AND coalesce(e.component, '') = coalesce(a.component, '')
    LEFT JOIN line_outcomes w ON w.claim_id = e.claim_id AND w.claim_line_number = e.claim_line_number
    LEFT JOIN right_diagnosis r ON r.claim_id = e.claim_id AND r.claim_line_number = e.claim_line_number
        AND r.service = a.service
    WHERE coalesce(w.final_outcome, '') <> 'denied'
        AND (a.diagnoses = '' OR r.claim_id IS NOT NULL)
        AND (a.months IS NULL
             OR (a.months > 0 AND year(a.service_date) * 12 + month(a.service_date)
                 <= year(e.service_date) * 12 + month(e.service_date) + CAST(a.months AS INTEGER)))
),
latest AS (  -- months since the year 0 of the first one in which it is covered again
    SELECT *, year(last_date) * 12 + month(last_date) + CAST(months AS INTEGER) AS again FROM earlier WHERE place = 1
),
named AS (
    SELECT claim_id, claim_line_number, hcpcs_code, service, source, months, effective_from AS effective_date,
        last_date, last_code, last_claim,
        make_date(CAST(floor(again / 12.0) AS INTEGER), CAST(again - 12 * floor(again / 12.0) AS INTEGER) + 1, 1) AS covered_from
    FROM latest
)
SELECT claim_id, claim_line_number,
    CASE WHEN last_code = hcpcs_code THEN hcpcs_code ELSE last_code || ' ' || hcpcs_code END AS codes,
    service || ' again on a date that comes too soon: ' || CASE
        WHEN months IS NULL THEN 'it is covered once in a lifetime'
        ELSE months || ' full months have to pass after the month of the last one' END AS message,
    'last on ' || strftime(last_date, '%Y-%m-%d') || '; code ' || last_code || '; claim ' || last_claim
        || coalesce('; covered again from ' || strftime(covered_from, '%Y-%m-%d'), '') AS evidence,
    'frequency limits, ' || source AS release, effective_date
FROM named
