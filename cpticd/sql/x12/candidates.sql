-- Pairs of remittance and claim of one control number, with a score for each: the higher, the surer.
-- A number that stands for very many pairs names nobody: person and charge must agree.
-- Person weighs more than the days, these more than charge and payer; a payer's frequency code 7 or 8 says plainly which
-- of the claims of one number was answered, his 1 is often only a habit. A claim that names the payer's number as its
-- original replaces the claim that was answered. Of equals, claims of an 837 go before those of other files.
CREATE TEMP TABLE x12_crowded AS
SELECT number
FROM (SELECT source_claim_id AS number, count(*) AS n FROM x12_every_claim GROUP BY 1) c
JOIN (SELECT source_claim_id AS number, count(*) AS n FROM x12_remits GROUP BY 1) r USING (number)
WHERE c.n * r.n > 100000;
CREATE TEMP TABLE x12_candidate AS
WITH facts AS (
    SELECT
        r.key AS remit, c.key AS claim, c.is_own, rd.is_reversal,
        r.person_id = c.person_id OR coalesce(r.member_id = c.member_id, false) AS same_person,
        abs(r.charge_amount) = abs(c.charge_amount) AS same_charge,
        rd.day BETWEEN cd.first_day AND cd.last_day AS same_days,
        CASE WHEN r.payer_id = c.payer_id OR r.payer = c.payer THEN 12
             WHEN rd.payer IS NULL OR cd.payer IS NULL THEN 0
             ELSE x12_alike(rd.payer, cd.payer) END AS payer,
        x12_agree(r.billing_npi, c.billing_npi, 4) + CASE
            WHEN r.payer_sequence IS NULL AND rd.is_after THEN x12_says(c.payer_sequence > 1, 6)
            ELSE x12_agree(r.payer_sequence, c.payer_sequence, 6) END AS beside,
        r.frequency_code AS answered, coalesce(c.frequency_code, '1') AS sent,
        c.original_payer_claim_id = r.payer_claim_id AS names_it, c.sent_date > r.paid_date AS is_later
    FROM x12_remits r
    JOIN x12_every_claim c ON c.source_claim_id = r.source_claim_id
    JOIN x12_claim_days cd ON cd.key = c.key
    JOIN x12_remit_days rd ON rd.key = r.key
    WHERE r.source_claim_id NOT IN (SELECT number FROM x12_crowded)
        OR (r.person_id = c.person_id AND r.charge_amount = c.charge_amount)
)
SELECT
    remit, claim, is_reversal,
    x12_says(same_person, 64) + x12_says(same_days, 16) + x12_says(same_charge, 12) + payer + beside
    + CASE WHEN is_reversal OR answered IS NULL THEN 0
           WHEN answered IN ('7', '8') THEN CASE WHEN sent = answered THEN 20 ELSE -20 END
           WHEN sent = answered THEN 6 ELSE -6 END
    + CASE WHEN names_it THEN -30 WHEN names_it IS NULL OR answered IS NOT NULL OR is_reversal THEN 0 ELSE 3 END
    + CASE WHEN is_later THEN -10 ELSE 0 END + CASE WHEN is_own THEN 1 ELSE 0 END AS score
FROM facts
-- A number alone is not enough where all else is known and differs.
WHERE same_person OR same_charge OR same_days OR coalesce(same_person, same_charge, same_days) IS NULL;
