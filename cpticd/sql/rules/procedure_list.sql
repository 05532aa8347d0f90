-- One row per code of a list that was added or passed, and stretch of days on which it holds.
SELECT code, '{system}' AS system, '{system} ' || release AS release,
    coalesce(effective_from, DATE '0001-01-01') AS first_day,
    coalesce(effective_to, DATE '9999-12-31') AS last_day
FROM {release} WHERE length(code) = 5
