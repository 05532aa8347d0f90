-- One row per thin person and HCC whose codes stand, in the service year, on a claim of a stay or an emergency room.
WITH acute AS (
    SELECT c.claim_id FROM claims c
    JOIN acute_care a ON a.basis = 'bill type' AND substr(c.bill_type_code, 1, 2) BETWEEN a.first AND a.last
    UNION
    SELECT l.claim_id FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    JOIN acute_care a
      ON (a.basis = 'place' AND coalesce(l.place_of_service_code, c.place_of_service_code) BETWEEN a.first AND a.last)
      OR (a.basis = 'procedure' AND l.hcpcs_code BETWEEN a.first AND a.last)
      OR (a.basis = 'revenue' AND l.revenue_center_code BETWEEN a.first AND a.last)
)
SELECT DISTINCT t.person_id, t.hcc
FROM thin t
CROSS JOIN asked y
JOIN coded c ON c.person_id = t.person_id AND c.hcc = t.hcc AND c.year = y.year
JOIN acute a ON a.claim_id = c.claim_id
