-- One row per person and term of his score, or HCC that a hierarchy removed (part 6), with the codes and claims behind it;
-- {claim} and {diagnoses} by the source.
WITH had AS (
    SELECT DISTINCT p.person, p.segment, m.hcc
    FROM held AS h
    JOIN set_members AS m ON m.key = h.base % {segment} + h.mask
    JOIN scored AS p ON p.person = h.person
),
removed AS (
    SELECT a.person, a.segment, a.hcc, array_agg(DISTINCT r.parent) AS removed_by
    FROM had AS a
    JOIN hhs_parents AS r ON r.child = a.hcc
    JOIN had AS b ON b.person = a.person AND b.hcc = r.parent
    GROUP BY a.person, a.segment, a.hcc
),
of_terms AS (
    SELECT k.person, h.term, k.hcc
    FROM scores_kept AS k
    JOIN scored AS p ON p.person = k.person
    JOIN hhs_hccs AS h ON h.segment = p.segment AND h.hcc = k.hcc
    WHERE h.term <> ''
    UNION ALL
    -- An infant's HCCs stand behind the one term of his maturity and severity.
    SELECT k.person, t.term, k.hcc
    FROM scores_kept AS k
    JOIN scored AS p ON p.person = k.person
    JOIN scores_terms AS t ON t.person = k.person AND t.part = 4
    WHERE p.population = 'infant'
),
support AS (
    SELECT DISTINCT m.person, m.hcc, c.diagnosis_code, {claim} AS claim_id
    FROM hhs_met AS m
    JOIN scored AS p ON p.person = m.person
    JOIN codes_in AS c ON c.given = m.diagnosis_code
    JOIN {diagnoses} AS d ON d.person_id = p.person_id AND d.diagnosis_code = m.diagnosis_code
),
by_term AS (
    SELECT o.person, o.term, array_agg(DISTINCT o.hcc) AS hccs,
           list_sort(array_agg(DISTINCT s.diagnosis_code)) AS diagnosis_codes,
           list_sort(array_agg(DISTINCT s.claim_id)) AS claims
    FROM of_terms AS o JOIN support AS s ON s.person = o.person AND s.hcc = o.hcc
    GROUP BY o.person, o.term
),
by_drug AS (
    SELECT p.person, n.term, list_sort(array_agg(DISTINCT d.code)) AS codes
    FROM hhs_drug_claims AS d
    JOIN scored AS p ON p.person_id = d.person_id
    JOIN (SELECT bit, term FROM hhs_drug_terms
          UNION ALL SELECT {prep}, 'ACF_PrEP' UNION ALL SELECT {prep}, 'ACF_PrEP_Child') AS n ON n.bit = d.bit
    GROUP BY p.person, n.term
),
by_removed AS (
    SELECT r.person, r.segment, r.hcc, array_agg(DISTINCT r.hcc) AS hccs, r.removed_by,
           list_sort(array_agg(DISTINCT s.diagnosis_code)) AS diagnosis_codes,
           list_sort(array_agg(DISTINCT s.claim_id)) AS claims
    FROM removed AS r JOIN support AS s ON s.person = r.person AND s.hcc = r.hcc
    GROUP BY r.person, r.segment, r.hcc, r.removed_by
)
SELECT t.person, t.segment, t.part, t.term, CAST(t.value AS DOUBLE) AS value, b.hccs,
       coalesce(b.diagnosis_codes, g.codes) AS diagnosis_codes, b.claims, NULL AS removed_by
FROM scores_terms AS t
LEFT JOIN by_term AS b ON b.person = t.person AND b.term = t.term
LEFT JOIN by_drug AS g ON g.person = t.person AND g.term = t.term
UNION ALL
SELECT person, segment, 6, 'HHS_HCC' || CASE WHEN hcc LIKE '%.%'
           THEN lpad(split_part(hcc, '.', 1), 3, '0') || '_' || split_part(hcc, '.', 2) ELSE lpad(hcc, 3, '0') END,
       0, hccs, diagnosis_codes, claims, removed_by
FROM by_removed
ORDER BY 1, 3, 4
