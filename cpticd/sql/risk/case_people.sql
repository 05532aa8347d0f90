-- One row per case (a person as he would be coded): his facts under the case's number.
SELECT c.case_id AS person, p.kind, p.segment, p.segment_key, p.without_hccs, p.flags
FROM cases AS c
JOIN scored AS p ON p.person = c.person
