-- One row per code of the measurement year that could be evidence.
SELECT DISTINCT system, code FROM gap_services
