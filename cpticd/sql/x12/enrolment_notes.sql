-- What was rejected of enrolment sets, entry by entry, and what was assumed or left out of them, file by file.
WITH said AS (
    SELECT * FROM x12_said_coverages UNION ALL SELECT * FROM x12_said_medicare
),
lost AS (
    SELECT e.number, count(*) AS n, min(e.person) AS content
    FROM x12_entries e
    JOIN x12_numbers p ON p.person = e.person
    LEFT JOIN (SELECT DISTINCT person_id FROM x12_enrolled WHERE kind <> 'part b') y ON y.person_id = p.person_id
    WHERE e.problem IS NULL AND y.person_id IS NULL GROUP BY e.number
),
found AS (
    SELECT number, 'no medical coverage of these persons on any day: left out' AS what, n, content, 'warning' AS severity FROM lost
    UNION ALL
    SELECT number, 'BGN08 is ' || coalesce(action, 'empty') || ': taken for ' || CASE WHEN is_full THEN 'a full file, for all members stand in it as they are'
        ELSE 'changes' END, 1, strftime(day, '%Y-%m-%d'), 'warning' FROM x12_turns WHERE meant IS NULL
    UNION ALL
    SELECT number, 'neither a day on which the set was made nor one from which it holds: applied after the others', 1, '', 'warning'
    FROM x12_turns WHERE sent_date IS NULL
    UNION ALL
    SELECT c.key >> 32, 'insurance line ' || c.line || ' (HD03) is not known: no medical coverage', count(*), min(c.plan), 'warning'
    FROM x12_coverages c
    LEFT JOIN x12_enrolment_codes l ON l.field = 'line' AND l.code = c.line
    WHERE c.line IS NOT NULL AND l.code IS NULL GROUP BY ALL
    UNION ALL
    SELECT c.key >> 32, 'insurance line ' || c.line || ' (HD03) is no medical coverage: left out', count(*), min(c.plan), 'note'
    FROM x12_coverages c JOIN x12_enrolment_codes l ON l.field = 'line' AND l.code = c.line
    WHERE l.meaning = 'other' GROUP BY ALL
    UNION ALL
    SELECT number, 'coverage without a first day: counted from the day of its change or of the file', count(*), min(person), 'warning'
    FROM said WHERE begin_assumed AND kind NOT IN ('part b', 'part d') GROUP BY number
    UNION ALL
    SELECT number, 'Medicare without a first day: counted from the first day of coverage', count(*), min(person), 'note'
    FROM said WHERE begin_assumed AND kind = 'part b' GROUP BY number
    UNION ALL
    SELECT number, 'coverage that is ended without a last day: the day of its change or of the file', count(*), min(person), 'warning'
    FROM said WHERE end_assumed AND kind <> 'part d' GROUP BY number
    UNION ALL
    SELECT number, 'coverage that ends on the day on which it begins, or before: counted as none (cancelled)', count(*), min(person), 'note'
    FROM said WHERE is_none AND kind <> 'part d' GROUP BY number
    UNION ALL
    SELECT t.number, 'not in this full file, and in an earlier one of its sponsor and payer: covered until the day before it',
        count(DISTINCT a.person), min(a.person), 'note'
    FROM x12_assertions a JOIN x12_turns t ON t.set_turn = a.set_turn
    WHERE a.is_absent GROUP BY t.number
    UNION ALL
    SELECT number, 'coverage without an end: counted until ' || max(horizon) || ', the last day that sets and claims name',
        count(DISTINCT person), min(person), 'note'
    FROM x12_spans WHERE is_open AND kind NOT IN ('part b', 'part d') GROUP BY number
    UNION ALL
    SELECT number, 'Medicare without saying which parts (INS06): months of Part B are not known', count(*), min(person), 'note'
    FROM x12_entries WHERE problem IS NULL AND medicare = 'unknown' GROUP BY number
    UNION ALL
    SELECT number, 'INS06: no such code of parts of Medicare: ' || medicare_plan, count(*), min(person), 'warning'
    FROM x12_entries WHERE problem IS NULL AND medicare IS NULL AND medicare_plan IS NOT NULL GROUP BY number, medicare_plan
    UNION ALL
    SELECT number, 'original reason for entitlement: the first reason for Medicare that a set gives (INS06)', count(*), min(person), 'note'
    FROM x12_entries WHERE problem IS NULL AND medicare_reason IS NOT NULL GROUP BY number
    UNION ALL
    SELECT e.number, 'persons named by another number than the subscriber''s, by which claims name them', count(DISTINCT e.person),
        min(e.person || ' is ' || p.person_id), 'note'
    FROM x12_entries e JOIN x12_numbers p ON p.person = e.person
    WHERE p.person_id <> e.person GROUP BY e.number
)
SELECT s.name AS source, 'segment ' || (e.key & 4294967295) AS location, 'enrolments' AS table_name, 'rejected' AS action,
    'grave' AS severity, e.problem AS reason, coalesce(e.person, '') AS content, CAST(NULL AS DECIMAL(18,2)) AS amount
FROM x12_entries e JOIN x12_sources s ON s.number = e.number
WHERE e.problem IS NOT NULL
UNION ALL
SELECT s.name, 'file', 'members', 'noted', f.severity, f.what || ': ' || f.n, coalesce(f.content, ''), NULL
FROM found f JOIN x12_sources s ON s.number = f.number
ORDER BY 1, 2, 6
