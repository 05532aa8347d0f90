-- One row per resource: the facts that it states beside its elements.
SELECT
    r,
    arg_min(value, rank) FILTER (WHERE meaning = 'received date') AS received,
    arg_min(value, rank) FILTER (WHERE meaning = 'process date') AS processed,
    arg_min(value, rank) FILTER (WHERE meaning = 'bill type') AS bill_type,
    arg_min(value, rank) FILTER (WHERE meaning = 'frequency') AS frequency,
    arg_min(value, rank) FILTER (WHERE meaning = 'facility type') AS facility_type,
    arg_min(value, rank) FILTER (WHERE meaning = 'service class') AS service_class,
    arg_min(value, rank) FILTER (WHERE meaning = 'discharge status') AS discharge,
    arg_min(value, rank) FILTER (WHERE meaning = 'drg') AS drg,
    arg_min(value, rank) FILTER (WHERE meaning = 'account number') AS account_number,
    arg_min(value, rank) FILTER (WHERE meaning = 'days supply') AS days,
    arg_min(value, rank) FILTER (WHERE meaning = 'control number') AS control_number,
    arg_min(value, rank) FILTER (WHERE meaning = 'original number') AS original_number,
    arg_min(value, rank) FILTER (WHERE meaning = 'adjustment type') AS adjustment_type,
    upper(arg_min(value, rank) FILTER (WHERE meaning = 'deletion')) AS deletion,
    upper(arg_min(value, rank) FILTER (WHERE meaning = 'carrier denial')) AS carrier_denial,
    upper(arg_min(value, rank) FILTER (WHERE meaning = 'non-payment reason')) AS non_payment,
    arg_min(value, rank) FILTER (WHERE meaning = 'payer name') AS payer_name,
    upper(arg_min(value, rank) FILTER (WHERE meaning = 'claim status')) AS claim_status
FROM fhir_facts
GROUP BY r
