-- One row per procedure that is for both sides, or for one or both at the same price, and stretch of days.
SELECT procedure_code, sides, effective_from, effective_to, {release} AS release
FROM table_bilateral_services
