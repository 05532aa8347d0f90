-- One row per line and group of the diagnoses that it points to; share: the part of its dollars that the group has.
SELECT {select} o.claim_id, o.claim_line_number, sum(coalesce(p.share, 1)) AS share
FROM line_outcomes o {joins}
GROUP BY {groups} o.claim_id, o.claim_line_number
