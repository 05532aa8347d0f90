-- One row per adjudication, or line of one, that a remark returns as unprocessable: to be corrected and
-- sent again, without appeal. It is a state before adjudication, and no denial (RARC MA130).
SELECT DISTINCT r.claim_id, r.adjudication_number, r.claim_line_number
FROM remarks r
JOIN carc_rarc_overrides o ON o.rarc = r.rarc AND o.marker = 'unprocessable'
