-- One row per procedure code of the data that a rule names: its family. CPT's letter-ended series lie apart from numbers.
SELECT d.hcpcs_code, x.family, x.counts, x.face_to_face, x.service_from, x.service_to
FROM (SELECT DISTINCT hcpcs_code FROM lines WHERE length(hcpcs_code) = 5) d
JOIN line_rules x
  ON x.basis = 'procedure' AND d.hcpcs_code BETWEEN x.first AND x.last
 AND CASE WHEN substr(d.hcpcs_code, 5, 1) >= 'A' THEN substr(d.hcpcs_code, 5, 1) ELSE '' END
   = CASE WHEN substr(x.first, 5, 1) >= 'A' THEN substr(x.first, 5, 1) ELSE '' END
