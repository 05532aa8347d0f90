-- What the reasons of a line come to, by what they mean; and the largest denial among them, which a FILTER follows.
sum(CASE WHEN meaning = 'denial' THEN amount END) AS denied,
sum(CASE WHEN group_code = 'PR' THEN amount END) AS patient,
sum(CASE WHEN meaning = 'patient share' THEN amount END) AS share,
sum(CASE WHEN meaning IN ('capitation', 'packaging') THEN amount END) AS covered,
sum(CASE WHEN meaning = 'pended' THEN amount END) AS pended,
arg_min(  -- the largest denial
    struct_pack(group_code := group_code, carc := carc, category := category),
    struct_pack(a := -amount, b := coalesce(carc, '~'), c := coalesce(group_code, '~'))
)
