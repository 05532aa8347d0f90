-- Claims and lines that remittances may answer: those of the files, and those of other files (x12_known).
CREATE TEMP VIEW x12_every_claim AS
SELECT
    key, source_claim_id, person_id, member_id, payer, payer_id, payer_sequence, billing_npi, frequency_code,
    original_payer_claim_id, charge_amount, start_date, end_date, sent_date, true AS is_own
FROM x12_claims
UNION ALL BY NAME
SELECT * EXCLUDE (claim_id, decisions), false AS is_own FROM x12_known;
CREATE TEMP VIEW x12_every_line AS
SELECT
    key, line, nullif(control, '') AS control, ltrim(counter, '0') AS counter, hcpcs_code,
    x12_modifiers(hcpcs_modifier_1, hcpcs_modifier_2, hcpcs_modifier_3, hcpcs_modifier_4) AS modifiers,
    revenue_center_code, service_unit_quantity, charge_amount, start_date, end_date
FROM x12_lines
UNION ALL BY NAME
SELECT * FROM x12_known_lines;
CREATE TEMP TABLE x12_payer AS
SELECT payer, payer_key(payer) AS key
FROM (SELECT payer FROM x12_every_claim UNION SELECT payer FROM x12_remits)
WHERE payer IS NOT NULL;
CREATE TEMP TABLE x12_claim_days AS
SELECT
    c.key, coalesce(c.start_date, l.first_day) AS first_day, coalesce(c.end_date, l.last_day, c.start_date) AS last_day,
    p.key AS payer
FROM x12_every_claim c
LEFT JOIN x12_payer p ON p.payer = c.payer
LEFT JOIN (
    SELECT key, min(start_date) AS first_day, max(coalesce(end_date, start_date)) AS last_day
    FROM x12_every_line GROUP BY key
) l ON l.key = c.key;
CREATE TEMP TABLE x12_remit_days AS
SELECT
    r.key, coalesce(r.start_date, s.first_day) AS day,
    coalesce(r.claim_status_code = '22' AND NOT coalesce(r.charge_amount > 0 OR r.paid_amount > 0, false), false)
        AS is_reversal,
    coalesce(r.payer_id, p.key, '') AS who, p.key AS payer, b.key IS NOT NULL AS is_after
FROM x12_remits r
LEFT JOIN x12_payer p ON p.payer = r.payer
LEFT JOIN (SELECT DISTINCT key FROM x12_adjustments WHERE carc = '23') b ON b.key = r.key  -- what a payer before decided
LEFT JOIN (SELECT remit, min(day) AS first_day FROM x12_service GROUP BY remit) s ON s.remit = r.key;
