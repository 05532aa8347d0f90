-- One row per claim or remittance claim and thing by which another one may have to do with it: a number (the sender's, the
-- payer's, that of a claim replaced); person or member number with day and charge; the beginning of the number with day and
-- charge, by which a number that was changed is found; and of each line its person, day and code, by which a claim bills a
-- service again.
WITH every AS (
    SELECT
        key, source_claim_id, original_payer_claim_id AS other, person_id, member_id, abs(charge_amount) AS charge, start_date
    FROM claims
    UNION ALL
    SELECT key, source_claim_id, payer_claim_id, person_id, member_id, abs(charge_amount), start_date FROM remits
),
rows AS (
    SELECT key, start_date, coalesce(hcpcs_code, revenue_center_code) AS code, NULL AS other_code FROM lines
    UNION ALL
    SELECT
        key, start_date, coalesce(submitted_hcpcs_code, hcpcs_code, revenue_center_code),
        coalesce(hcpcs_code, revenue_center_code)
    FROM services
),
days AS (SELECT key, min(start_date) AS day FROM rows GROUP BY key),
facts AS MATERIALIZED (
    SELECT
        n.*, coalesce(n.start_date, d.day) AS day,
        left(nullif(ltrim(regexp_replace(upper(source_claim_id), '[^A-Z0-9]', '', 'g'), '0'), ''), 8) AS start
    FROM every n LEFT JOIN days d ON d.key = n.key
),
billed AS (
    SELECT f.key, f.person_id, coalesce(r.start_date, f.day) AS day, r.code, r.other_code
    FROM facts f JOIN rows r ON r.key = f.key
    WHERE f.person_id IS NOT NULL
)
SELECT DISTINCT key, node FROM (
    SELECT key, hash('number ' || coalesce(source_claim_id, '')) AS node FROM facts
    UNION ALL
    SELECT key, hash('number ' || other) FROM facts WHERE other IS NOT NULL
    UNION ALL
    SELECT key, hash('number ' || split_part(other, '#', 1)) FROM facts WHERE contains(other, '#')
    UNION ALL
    SELECT key, hash(concat_ws(' ', 'person', person_id, day, charge)) FROM facts WHERE person_id IS NOT NULL
    UNION ALL
    SELECT key, hash(concat_ws(' ', 'person', member_id, day, charge)) FROM facts WHERE member_id IS NOT NULL
    UNION ALL
    SELECT key, hash(concat_ws(' ', 'alike', start, day, charge)) FROM facts
    WHERE start IS NOT NULL AND day IS NOT NULL AND charge IS NOT NULL
    UNION ALL
    SELECT key, hash(concat_ws(' ', 'line', person_id, day, code)) FROM billed WHERE code IS NOT NULL
    UNION ALL
    SELECT key, hash(concat_ws(' ', 'line', person_id, day, other_code)) FROM billed WHERE other_code <> code
)
ORDER BY key
