SELECT i.claim_id, t.* EXCLUDE (key), s._source
FROM x12_{table} t JOIN x12_id i ON i.key = t.key JOIN x12_sources s ON s.number = t.key >> 32
