-- One row per claim: its service year and date, where it took place, and whether its diagnoses count.
-- The date is the claim's last day where the bill is for a stay, else the last day of a line that counts.
WITH typed AS (
    SELECT
        c.*,
        CASE WHEN coalesce(c.claim_type, '') = 'institutional'
                  OR (c.claim_type IS NULL AND c.bill_type_code IS NOT NULL) THEN 'institutional'
             ELSE 'professional' END AS form,
        coalesce(c.claim_end_date, l.last_date, c.claim_start_date) AS through_date,
        l.eligible_date, l.face_to_face, l.has_procedure, l.first_family, l.last_family, l.rendering_npi,
        coalesce(c.place_of_service_code, l.place_of_service_code) AS place
    FROM claims c
    LEFT JOIN encounter_lines l ON l.claim_id = c.claim_id
),
judged AS (
    SELECT
        t.*,
        b.kind,
        coalesce(CASE WHEN t.form = 'institutional' THEN b.needs_procedure END, TRUE) AS needs_procedure,
        CASE
            WHEN t.person_id IS NULL THEN 'no person'
            WHEN t.through_date IS NULL AND t.eligible_date IS NULL THEN 'no service date'
            WHEN coalesce(t.frequency_code, substr(t.bill_type_code, 3, 1)) = '8' THEN 'void'
            WHEN t.deletes_diagnoses THEN 'chart review that deletes'
            WHEN t.is_chart_review AND t.original_payer_claim_id IS NULL AND EXISTS (
                SELECT 1 FROM line_rules x WHERE x.basis = 'claim' AND x.service_from <= coalesce(t.through_date, t.eligible_date)
            ) THEN 'unlinked chart review'
            WHEN s.claim_id IS NOT NULL THEN 'replaced or voided by a later claim'
            WHEN t.form = 'institutional' AND t.bill_type_code IS NULL THEN 'no bill type'
            WHEN t.form = 'institutional' AND NOT coalesce(b.counts, FALSE) THEN 'bill type does not count'
            WHEN t.form = 'institutional' AND NOT b.needs_procedure THEN NULL
            WHEN t.eligible_date IS NOT NULL THEN NULL
            WHEN coalesce(t.has_procedure, 0) = 0 THEN 'no procedure'
            WHEN t.first_family = t.last_family AND t.first_family <> '' THEN t.first_family
            ELSE 'no eligible procedure'
        END AS reason
    FROM typed t
    LEFT JOIN bill_rules b ON b.prefix = substr(t.bill_type_code, 1, 2)
    LEFT JOIN superseded s ON s.claim_id = t.claim_id
)
SELECT
    j.claim_id,
    j.person_id,
    CASE WHEN j.needs_procedure THEN coalesce(j.eligible_date, j.through_date) ELSE j.through_date END AS claim_date,
    j.form AS claim_type,
    CASE WHEN j.form = 'institutional' THEN coalesce(j.kind, '(unknown)') ELSE 'professional' END AS kind,
    j.place AS place_of_service_code,
    CASE WHEN j.form = 'institutional' THEN coalesce(n.name, '(unknown)') ELSE coalesce(p.name, '(unknown)') END
        AS setting,
    CASE WHEN j.form = 'institutional' THEN coalesce(j.billing_npi, j.rendering_npi)
         ELSE coalesce(j.rendering_npi, j.billing_npi) END AS provider,
    j.reason,
    j.reason IS NULL AND (NOT j.needs_procedure OR j.face_to_face = 1) AS face_to_face
FROM judged j
LEFT JOIN bill_names n ON n.prefix = substr(j.bill_type_code, 1, 2)
LEFT JOIN place_names p ON p.code = j.place
