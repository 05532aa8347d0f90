-- One row per line that stands and group of the diagnoses that it points to.
SELECT DISTINCT o.*, {select}
FROM standing_lines o
{joins}
