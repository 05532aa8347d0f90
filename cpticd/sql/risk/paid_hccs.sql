-- One row per person and HCC that is paid: person * 1000 + HCC.
SELECT CAST(h.person AS BIGINT) * 1000 + CAST(m.hcc AS INTEGER) AS key
FROM held AS h JOIN set_members AS m ON m.key = h.base % {segment} + h.mask
WHERE m.kept
