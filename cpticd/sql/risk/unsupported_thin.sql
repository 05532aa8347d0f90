-- One row per person and HCC coded in the service year on so little that it deserves a look: on at most two days,
-- by no encounter that counts and saw the patient, by assessments of health risks alone, by a code of an audit group, or
-- against what was measured, or beside codes that do not go with it. Who is paid for no month of the payment year is left out.
SELECT
    c.person_id, c.hcc,
    count(DISTINCT CASE WHEN c.counted THEN c.claim_id END) AS claims,
    count(DISTINCT CASE WHEN NOT c.counted THEN c.claim_id END) AS claims_not_counted,
    count(DISTINCT CASE WHEN c.face_to_face THEN c.claim_id END) AS claims_face_to_face,
    count(DISTINCT CASE WHEN c.counted AND r.claim_id IS NULL THEN c.claim_id END) AS claims_not_assessing,
    count(DISTINCT CASE WHEN c.counted THEN c.claim_date END) AS service_days,
    count(DISTINCT CASE WHEN c.counted THEN c.provider END) AS providers,
    min(c.claim_date) AS first_date,
    max(c.claim_date) AS last_date,
    min(a.audit_group) AS audit_group,
    list_sort(array_agg(DISTINCT c.diagnosis_code)) AS diagnosis_codes,
    list_sort(array_agg(DISTINCT c.claim_id)) AS evidence_claims,
    list_sort(array_agg(DISTINCT CAST(c.claim_date AS VARCHAR))) AS evidence_dates,
    coalesce(min(CASE WHEN c.counted THEN c.claim_date END), min(c.claim_date)) AS told_date,
    CASE WHEN bool_or(c.counted) THEN list_sort(array_agg(DISTINCT c.setting) FILTER (WHERE c.counted))
         ELSE list_sort(array_agg(DISTINCT c.setting)) END AS settings,
    list_sort(array_agg(DISTINCT c.reason) FILTER (WHERE NOT c.counted)) AS not_counted_reasons
FROM coded c
CROSS JOIN asked y
LEFT JOIN assessed r ON r.claim_id = c.claim_id
LEFT JOIN audit_codes a
    ON a.diagnosis_code = c.diagnosis_code AND c.claim_date BETWEEN a.effective_from AND a.effective_to
LEFT JOIN contradicted k ON k.person_id = c.person_id AND k.hcc = c.hcc
LEFT JOIN companions w ON w.person_id = c.person_id AND w.hcc = c.hcc
WHERE c.year = y.year AND NOT EXISTS (SELECT 1 FROM unpaid u WHERE u.person_id = c.person_id)
GROUP BY c.person_id, c.hcc
HAVING count(DISTINCT CASE WHEN c.counted THEN c.claim_date END) <= 2
    OR count(DISTINCT CASE WHEN c.face_to_face THEN c.claim_id END) = 0
    OR count(DISTINCT CASE WHEN c.counted AND r.claim_id IS NULL THEN c.claim_id END) = 0
    OR count(a.audit_group) > 0
    OR count(k.rule) > 0
    OR count(w.rule) > 0
