-- One row per category of amounts that occurs: what it means. Of its codes the most specific decides.
SELECT k.key, arg_min(f.meaning, f.rank) AS meaning
FROM (SELECT key, unnest(string_split(key, '|')) AS code FROM (SELECT DISTINCT key FROM fhir_amounts WHERE key IS NOT NULL)) k
JOIN fhir_codes f ON f.element = 'amount' AND f.code = k.code
GROUP BY k.key
