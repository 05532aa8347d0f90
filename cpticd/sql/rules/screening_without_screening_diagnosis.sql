-- One row per line with a screening service of its day that points to diagnoses, none of which makes it one.
WITH wanted AS MATERIALIZED (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date, min(s.source) AS source,
        max(s.effective_from) AS effective_from
    FROM rule_lines l
    JOIN table_screening_services s ON s.procedure_code = l.hcpcs_code AND {on_line}
    GROUP BY l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date
),
judged AS (
    SELECT w.claim_id, w.claim_line_number, w.hcpcs_code, w.source, w.effective_from, c.diagnosis_code,
        c.written, count(s.procedure_code) AS fitting
    FROM wanted w
    JOIN rule_pointed p ON p.claim_id = w.claim_id AND p.claim_line_number = w.claim_line_number
    JOIN rule_codes c ON c.diagnosis_code = p.diagnosis_code
    LEFT JOIN table_screening_services s ON s.procedure_code = w.hcpcs_code AND {on_wanted}
        AND starts_with(p.diagnosis_code, s.diagnosis_prefix)
    GROUP BY w.claim_id, w.claim_line_number, w.hcpcs_code, w.source, w.effective_from, c.diagnosis_code,
        c.written
),
unfitting AS (
    SELECT claim_id, claim_line_number, hcpcs_code, source, effective_from,
        string_agg(diagnosis_code, ' ' ORDER BY diagnosis_code) AS diagnoses,
        string_agg(written, ', ' ORDER BY written) AS written
    FROM judged
    GROUP BY claim_id, claim_line_number, hcpcs_code, source, effective_from
    HAVING max(fitting) = 0
)
SELECT claim_id, claim_line_number, hcpcs_code || ' ' || diagnoses AS codes,
    hcpcs_code || ' is a screening; none of the diagnoses that the line points to is one for which it is done: '
        || written || '.' AS message,
    'diagnoses ' || written || '; ' || source AS evidence,
    {release} AS release, effective_from AS effective_date
FROM unfitting
