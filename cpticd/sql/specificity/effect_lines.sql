-- One row per adjudicated line and category, with the stratum in which it is compared; null where that has one kind.
SELECT l.*, x.stratum
FROM exposed_lines l
LEFT JOIN effect_strata x ON {same}
