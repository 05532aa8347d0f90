-- One row per person, step and day from a first denial to the step; day is null where there is none yet.
SELECT DISTINCT o.person_id, 'resubmission' AS step, o.days_to_resubmission AS day
FROM services o WHERE o.initial_outcome = 'denied' AND o.final_outcome <> 'void' AND {kept}
UNION ALL
SELECT DISTINCT o.person_id, 'resolution' AS step, o.days_to_resolution AS day
FROM services o WHERE o.initial_outcome = 'denied' AND o.final_outcome <> 'void' AND {kept}
