-- One row per rule and adjudicated line (and group) that it flags: whether the denial is of the rule's causes, and what
-- the payer paid at first in spite of the finding.
WITH flagged AS (SELECT DISTINCT claim_id, claim_line_number FROM rule_flags),
numbered AS (
    SELECT a.claim_id, a.claim_line_number, a.paid_amount,
        row_number() OVER (
            PARTITION BY a.claim_id, a.claim_line_number ORDER BY a.payer_sequence, a.adjudication_number
        ) AS place
    FROM ledger a
    JOIN flagged f ON f.claim_id = a.claim_id AND f.claim_line_number = a.claim_line_number
    WHERE a.decision IN ('paid', 'partly denied', 'denied', 'nothing paid')
)
SELECT f.rule, r.scope, s.*, CASE WHEN m.cause IS NOT NULL THEN 1 ELSE 0 END AS related,
    CASE WHEN s.denied = 1 THEN 0 ELSE CAST(coalesce(p.paid_amount, 0) AS DOUBLE) * s.share END AS paid
FROM rule_flags f
JOIN rule_scopes r ON r.rule = f.rule
JOIN score_lines s ON s.claim_id = f.claim_id AND s.claim_line_number = f.claim_line_number
LEFT JOIN score_related m ON m.rule = f.rule AND m.cause = s.cause
LEFT JOIN numbered p ON p.claim_id = s.claim_id AND p.claim_line_number = s.claim_line_number AND p.place = 1
