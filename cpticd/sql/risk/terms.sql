-- One row per kind of person and demographic term of his segment.
WITH named AS (
    SELECT kind, segment, cell AS term FROM profiles
    UNION ALL
    SELECT kind, segment, 'OriginallyDisabled_' || word FROM profiles WHERE originally_disabled AND NOT is_new
    UNION ALL
    SELECT kind, segment, 'ORIGDS' FROM profiles WHERE originally_disabled AND NOT is_new
    UNION ALL
    SELECT kind, segment, letter || '65OD' FROM profiles WHERE originally_disabled AND NOT is_new
    UNION ALL
    SELECT kind, segment, 'OD65' FROM profiles WHERE originally_disabled AND NOT is_new
    UNION ALL
    SELECT kind, segment, 'LTIMCAID' FROM profiles WHERE institutional AND medicaid_institutional
    UNION ALL
    SELECT kind, segment, 'Originally_ESRD_' || word FROM profiles WHERE orec IN ('2', '3') AND NOT nonaged
    UNION ALL
    SELECT kind, segment, CASE WHEN nonaged THEN 'LTI_NonAged' ELSE 'LTI_Aged' END FROM profiles WHERE institutional
    UNION ALL
    SELECT kind, segment, CASE WHEN nonaged THEN 'LTI_LT65' ELSE 'LTI_GE65' END FROM profiles WHERE institutional
    UNION ALL
    SELECT kind, segment,
           (CASE benefit WHEN 'full' THEN 'FBDual_' ELSE 'PBDual_' END) || word || (CASE WHEN nonaged THEN '_NonAged' ELSE '_Aged' END)
    FROM profiles WHERE benefit IN ('full', 'partial')
    UNION ALL
    SELECT kind, segment,
           (CASE WHEN (CASE WHEN is_new THEN new_age ELSE age END) >= 65 THEN 'GE65_' ELSE 'LT65_' END) || duration
           || (CASE WHEN benefit = 'full' THEN '_FBD' ELSE '_ND_PBD' END)
    FROM profiles WHERE is_graft
    UNION ALL
    SELECT kind, segment, CASE WHEN nonaged THEN 'PBD_LT65_flag' ELSE 'PBD_GE65_flag' END
    FROM profiles WHERE is_graft AND benefit = 'partial'
),
valued AS (
    SELECT n.kind, n.segment, n.term, CAST(c.value AS DECIMAL(18,12)) AS value
    FROM named AS n JOIN coefficients AS c ON c.segment = n.segment AND c.term = n.term
)
SELECT kind, segment, term, value FROM valued
UNION ALL
-- New enrollees with a graft: CMS divides the whole by an actuarial factor.
SELECT v.kind, v.segment, a.term,
       CAST(CAST(sum(v.value) AS DOUBLE) / max(a.value) - CAST(sum(v.value) AS DOUBLE) AS DECIMAL(18,12))
FROM valued AS v
JOIN profiles AS p ON p.kind = v.kind
JOIN coefficients AS a ON a.segment = v.segment AND a.term = 'ActAdj_' || p.duration
GROUP BY v.kind, v.segment, a.term
