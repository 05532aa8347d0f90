-- One row per person and diagnosis code of one service year: on how many claims it stands that count, and where.
-- Providers, days, dates and settings are of the claims that count, or of all where none does.
SELECT
    person_id,
    diagnosis_code,
    bool_or(counted) AS counted,
    count(CASE WHEN counted THEN claim_id END) AS claims,
    count(CASE WHEN NOT counted THEN claim_id END) AS claims_not_counted,
    count(CASE WHEN face_to_face THEN claim_id END) AS claims_face_to_face,
    CASE WHEN bool_or(counted) THEN count(DISTINCT CASE WHEN counted THEN provider END)
         ELSE count(DISTINCT provider) END AS providers,
    CASE WHEN bool_or(counted) THEN count(DISTINCT CASE WHEN counted THEN claim_date END)
         ELSE count(DISTINCT claim_date) END AS service_days,
    coalesce(min(CASE WHEN counted THEN claim_date END), min(claim_date)) AS first_date,
    coalesce(max(CASE WHEN counted THEN claim_date END), max(claim_date)) AS last_date,
    CASE WHEN bool_or(counted) THEN list_sort(array_agg(DISTINCT setting) FILTER (WHERE counted))
         ELSE list_sort(array_agg(DISTINCT setting)) END AS settings,
    list_sort(array_agg(DISTINCT reason) FILTER (WHERE NOT counted)) AS not_counted_reasons
FROM encounters
WHERE year = $year AND person_id IS NOT NULL
GROUP BY person_id, diagnosis_code
ORDER BY person_id, diagnosis_code
