-- One row per person, day and clinician who saw him, face to face, on a claim that counts, of the persons asked about.
SELECT DISTINCT e.person_id, e.claim_id, e.claim_date, e.provider
FROM encounters AS e
JOIN asked_persons AS a ON a.person_id = e.person_id
WHERE e.face_to_face AND e.provider IS NOT NULL AND e.claim_date <= DATE '{as_of}'
