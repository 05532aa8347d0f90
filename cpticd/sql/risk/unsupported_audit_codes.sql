-- One row per diagnosis code of the data that an audit group names: a range names the first characters of a code.
SELECT d.diagnosis_code, min(r.audit_group) AS audit_group
FROM (SELECT DISTINCT diagnosis_code FROM encounters) d
JOIN audit_rules r ON substr(d.diagnosis_code, 1, length(r.first)) BETWEEN r.first AND r.last
GROUP BY d.diagnosis_code
