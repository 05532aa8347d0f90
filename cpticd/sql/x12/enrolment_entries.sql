-- One row per member's entry in a set, with what it says and why it says nothing (problem).
CREATE TEMP TABLE x12_entries AS
SELECT
    e.*, t.number, t.scope, t.day, t.is_full, t.set_turn,
    coalesce(m.meaning, CASE WHEN t.is_full THEN 'stands' END) AS what, p.meaning AS medicare,
    CASE
        WHEN e.person IS NULL AND e.is_subscriber = 'N'
            THEN 'a dependent without a name and birth date, who cannot be told from the subscriber'
        WHEN e.person IS NULL THEN 'neither a number of the person (REF*0F) nor a name'
        WHEN m.meaning IS NULL AND NOT t.is_full THEN 'INS03: what is to be done is not known: ' || coalesce(e.maintenance, 'empty')
    END AS problem
FROM x12_enrolments e
JOIN x12_turns t ON t.set_key = e.set_key
LEFT JOIN x12_enrolment_codes m ON m.field = 'maintenance' AND m.code = e.maintenance
LEFT JOIN x12_enrolment_codes p ON p.field = 'medicare plan' AND p.code = e.medicare_plan
