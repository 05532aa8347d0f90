-- One row per kind of change between two states of a data set: how many services, and what was charged for them.
-- A service is the same before and after if the line that billed it first is.
WITH was AS (
    SELECT
        coalesce(v.service_claim_id, s.claim_id) AS claim_id, coalesce(v.service_line_number, s.claim_line_number) AS line,
        s.charge_amount, s.adjudication_count AS decisions, s.initial_outcome, s.final_outcome, s.paid_amount, s.submissions
    FROM services_before s
    LEFT JOIN versions_before v ON v.claim_id = s.claim_id AND v.claim_line_number = s.claim_line_number
),
now AS (
    SELECT
        coalesce(v.service_claim_id, s.claim_id) AS claim_id, coalesce(v.service_line_number, s.claim_line_number) AS line,
        s.charge_amount, s.adjudication_count AS decisions, s.initial_outcome, s.final_outcome, s.paid_amount, s.submissions
    FROM services_after s
    LEFT JOIN versions_after v ON v.claim_id = s.claim_id AND v.claim_line_number = s.claim_line_number
),
compared AS (
    SELECT
        coalesce(n.charge_amount, w.charge_amount) AS charge,
        w.claim_id IS NULL AS is_new, n.claim_id IS NULL AS is_gone,
        w.decisions = 0 AND n.decisions > 0 AS is_first,
        w.decisions > 0 AND (n.decisions, n.initial_outcome, n.final_outcome, n.paid_amount) IS DISTINCT FROM
            (w.decisions, w.initial_outcome, w.final_outcome, w.paid_amount) AS is_decided_again,
        n.submissions > w.submissions AS is_sent_again
    FROM was w FULL JOIN now n ON n.claim_id = w.claim_id AND n.line = w.line
)
SELECT 1 AS place, 'new services' AS change, count(*) AS n, sum(charge) AS charge FROM compared WHERE is_new
UNION ALL
SELECT 2, 'services decided for the first time', count(*), sum(charge) FROM compared WHERE is_first
UNION ALL
SELECT 3, 'services decided anew', count(*), sum(charge) FROM compared WHERE is_decided_again AND NOT is_gone AND NOT is_new
UNION ALL
SELECT 4, 'services replaced or billed again', count(*), sum(charge) FROM compared WHERE is_sent_again
UNION ALL
SELECT 5, 'services gone', count(*), sum(charge) FROM compared WHERE is_gone
