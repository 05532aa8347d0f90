-- One row per service and group, with its share where it stands in the groups of several diagnoses.
SELECT {select} o.claim_id, o.claim_line_number, o.person_id, o.reason, o.valued, o.decided, {share} AS share,
    o.work_rvu * {share} AS work_rvu, o.practice_rvu * {share} AS practice_rvu,
    o.malpractice_rvu * {share} AS malpractice_rvu, o.total_rvu * {share} AS total_rvu,
    o.units * o.valued AS units, o.paid_amount * o.decided * {share} AS paid_amount,
    CASE WHEN o.decided = 1 AND o.allowed_amount > 0 THEN 1 ELSE 0 END AS allowed,
    o.allowed_amount * o.decided * {share} AS allowed_amount
FROM value_services o
{joins}
{group}
