-- One row per procedure that a fee schedule alone says to be for one or both sides: the schedule has the indicator, not
-- the wording.
SELECT f.code, 'one or both', f.effective_from, f.effective_to, 'fee schedule ' || f.release
FROM release_fee_schedule f
ANTI JOIN table_bilateral_services b ON b.procedure_code = f.code
WHERE f.bilateral = '2' AND f.modifier = ''
