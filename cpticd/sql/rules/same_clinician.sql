CASE
    WHEN {one}.clinician = {other}.clinician THEN 2
    WHEN {one}.setting <> 'practitioner' OR {other}.setting <> 'practitioner' THEN 0
    WHEN {one}.billing_npi IS NULL OR {other}.billing_npi IS NULL OR {one}.billing_npi <> {other}.billing_npi THEN 0
    WHEN {one}.specialty IS NULL OR {other}.specialty IS NULL THEN 1
    WHEN {one}.specialty = {other}.specialty THEN 2
    ELSE 0 END