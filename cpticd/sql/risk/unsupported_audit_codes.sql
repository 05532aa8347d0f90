-- One row per diagnosis code of the data and audit group that names it, with the days between which the group's rule holds:
-- a range names the first characters of a code.
SELECT DISTINCT d.diagnosis_code, r.audit_group, r.effective_from, r.effective_to
FROM (SELECT DISTINCT diagnosis_code FROM encounters) d
JOIN audit_rules r ON substr(d.diagnosis_code, 1, length(r.first)) BETWEEN r.first AND r.last
