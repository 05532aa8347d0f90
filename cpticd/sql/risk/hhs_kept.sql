-- One row per person and HCC that no other of his HCCs removes.
WITH had AS (
    SELECT h.person, m.hcc FROM {held} AS h JOIN set_members AS m ON m.key = h.base % {segment} + h.mask
),
removed AS (
    SELECT DISTINCT a.person, r.child AS hcc
    FROM had AS a
    JOIN hhs_parents AS r ON r.parent = a.hcc
    JOIN had AS b ON b.person = a.person AND b.hcc = r.child
)
SELECT h.person, h.hcc
FROM had AS h
LEFT JOIN removed AS r ON r.person = h.person AND r.hcc = h.hcc
WHERE r.person IS NULL
