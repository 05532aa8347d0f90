-- One row per submitted line; line 0: a claim without lines.
    SELECT claim_id, claim_line_number AS line, claim_line_start_date, hcpcs_code, place_of_service_code, charge_amount,
        processing_indicator_code
    FROM lines
    UNION ALL
    SELECT c.claim_id, 0, CAST(NULL AS DATE), NULL, NULL, c.charge_amount, NULL
    FROM claims c
    WHERE c.claim_id NOT IN (SELECT claim_id FROM lines WHERE claim_id IS NOT NULL)
