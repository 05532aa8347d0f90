-- One row per code and date on the lines that is unknown, was retired or not yet in effect, with what says so.
-- A code is known where the user's list of its system (CPT, HCPCS Level II), the fee schedule or the built-in dates have
-- it. A list knows nothing of dates before its first release, nor of codes that are new after the time of its last one:
-- HCPCS Level II changes by the quarter, CPT by the year. The fee schedule lists numbered CPT codes, and says of the
-- quarter of a release alone that a code is unknown. The built-in dates know nothing of services before 2015-10-01: some
-- numbers had another meaning in an earlier life (G0317).
WITH listed AS MATERIALIZED (
    SELECT * FROM rule_procedure_lists WHERE code IN (SELECT code FROM rule_procedure_forms)
),
codes AS (
    SELECT code, min(first_day) AS first_day, max(last_day) AS last_day, max(release) AS release
    FROM listed
    GROUP BY code
),
covered AS (
    SELECT system, min(starts) AS starts,
        last_day(make_date(year(max(starts)), CASE WHEN system = 'CPT' THEN 12 ELSE 3 * quarter(max(starts)) END, 1)) AS ends,
        min(earliest) AS earliest, max(release) AS release
    FROM (
        SELECT system, release, max(first_day) AS starts, min(first_day) AS earliest
        FROM rule_procedure_lists
        WHERE system <> 'fee schedule'
        GROUP BY system, release
    ) each_release
    GROUP BY system
),
scheduled AS (
    SELECT min(first_day) AS earliest FROM rule_procedure_fees
),
dated AS (
    SELECT DISTINCT hcpcs_code, service_date
    FROM rule_lines
    WHERE hcpcs_code IS NOT NULL AND service_date IS NOT NULL
),
judged AS (
    SELECT d.hcpcs_code, d.service_date, f.system, c.code IS NOT NULL AS on_list, c.release AS code_release,
        coalesce(d.service_date BETWEEN v.starts AND v.ends, FALSE) OR s.release IS NOT NULL AS list_covers,
        CASE WHEN d.service_date BETWEEN v.starts AND v.ends THEN v.release ELSE s.release END AS list_release,
        EXISTS (SELECT 1 FROM listed l WHERE l.code = d.hcpcs_code
                AND d.service_date BETWEEN l.first_day AND l.last_day) AS in_force,
        c.first_day AS list_first, c.last_day AS list_last,
        coalesce(c.first_day > coalesce(v.earliest, e.earliest), FALSE) AS first_is_known,
        b.effective_from AS own_first, b.effective_to AS own_last, b.source AS own_source
    FROM dated d
    JOIN rule_procedure_forms f ON f.code = d.hcpcs_code
    LEFT JOIN codes c ON c.code = d.hcpcs_code
    LEFT JOIN covered v ON v.system = f.system
    CROSS JOIN scheduled e
    -- Numbered: a code without a letter.
    LEFT JOIN rule_procedure_fees s ON d.service_date BETWEEN s.first_day AND s.last_day
        AND f.system = 'CPT' AND upper(d.hcpcs_code) = lower(d.hcpcs_code)
    LEFT JOIN table_procedure_dates b ON b.code = d.hcpcs_code AND d.service_date >= DATE '2015-10-01'
),
settled AS (
    SELECT hcpcs_code, service_date, CASE
            WHEN in_force THEN ''
            WHEN own_last < service_date THEN 'retired, built in'
            WHEN own_first > service_date THEN 'early, built in'
            WHEN on_list AND list_last < service_date THEN 'retired'
            WHEN on_list AND list_first > service_date AND first_is_known THEN 'early'
            WHEN on_list AND list_first <= service_date THEN 'retired'
            WHEN system = 'unknown' THEN 'unknown, by its form'
            WHEN NOT on_list AND list_covers AND own_source IS NULL THEN 'unknown'
            ELSE '' END AS verdict,
        own_first, own_last, own_source, list_first, list_last, code_release, list_release
    FROM judged
)
SELECT hcpcs_code, service_date, split_part(verdict, ',', 1) AS verdict,
    verdict LIKE '%form' AS by_form,
    CASE WHEN verdict LIKE '%built in' THEN own_first ELSE list_first END AS first_day,
    CASE WHEN verdict LIKE '%built in' THEN own_last
         WHEN list_last < DATE '9999-12-31' THEN list_last END AS last_day,
    CASE WHEN verdict LIKE '%built in' THEN own_source || ' (built in)'
         WHEN verdict LIKE '%form' THEN 'forms of CPT and HCPCS Level II codes'
         ELSE coalesce(code_release, list_release) END AS release
FROM settled
WHERE verdict <> ''
