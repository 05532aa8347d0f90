-- One row per person, diagnosis code and day of service on claims that count.
SELECT DISTINCT person_id, diagnosis_code, claim_date AS service_date FROM encounters WHERE counted
