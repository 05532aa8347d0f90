SELECT i.claim_id, t.line AS claim_line_number, t.pointer_position, t.diagnosis_position, s._source
FROM x12_pointers t JOIN x12_id i ON i.key = t.key JOIN x12_sources s ON s.number = t.key >> 32
