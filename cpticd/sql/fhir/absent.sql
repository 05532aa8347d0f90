-- The flat tables of kinds of resources that no file has, empty: as the statements of their names make them.
CREATE TABLE IF NOT EXISTS fhir_resources (
    r BIGINT, source INTEGER, place VARCHAR, kind VARCHAR, id VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_claims (
    r BIGINT, source INTEGER, place VARCHAR, kind VARCHAR, id VARCHAR, status VARCHAR, use VARCHAR,
    outcome VARCHAR, form VARCHAR, is_pharmacy_profile BOOLEAN, is_medicare BOOLEAN, number VARCHAR,
    patient VARCHAR, patient_number VARCHAR, "start" DATE, finish DATE, created DATE, insurer VARCHAR,
    insurer_name VARCHAR, coverage_name VARCHAR, provider VARCHAR, provider_npi VARCHAR, organization VARCHAR,
    organization_npi VARCHAR, facility VARCHAR, facility_npi VARCHAR, about VARCHAR, response VARCHAR,
    request VARCHAR,
    replaced STRUCT(
        claim STRUCT(reference VARCHAR, display VARCHAR,
            identifier STRUCT("system" VARCHAR, "value" VARCHAR,
            "type" STRUCT(coding STRUCT("system" VARCHAR, code VARCHAR)[], "text" VARCHAR))),
        relationship STRUCT(coding STRUCT("system" VARCHAR, code VARCHAR)[], "text" VARCHAR),
        reference STRUCT("system" VARCHAR, "value" VARCHAR,
            "type" STRUCT(coding STRUCT("system" VARCHAR, code VARCHAR)[], "text" VARCHAR))),
    paid_date DATE, payment DECIMAL(18,2), no_date VARCHAR, items BIGINT, added BIGINT,
    updated TIMESTAMP WITH TIME ZONE, content UBIGINT
);
CREATE TABLE IF NOT EXISTS fhir_services (
    r BIGINT, n BIGINT, d BIGINT, s BIGINT, sequence INTEGER, revenue VARCHAR, hcpcs VARCHAR,
    foreign_code STRUCT("system" VARCHAR, code VARCHAR), ndc VARCHAR, modifiers VARCHAR[], quantity DECIMAL(18,3),
    unit VARCHAR, days VARCHAR, net DECIMAL(18,2), "start" DATE, finish DATE, place VARCHAR, team INTEGER[],
    pointers INTEGER[], indicator VARCHAR, units VARCHAR, no_date VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_facts (
    r BIGINT, meaning VARCHAR, rank BIGINT, value VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_diagnoses (
    r BIGINT, n BIGINT, sequence INTEGER, code VARCHAR, code_type VARCHAR,
    foreign_code STRUCT("system" VARCHAR, code VARCHAR), kind VARCHAR, present VARCHAR, drg VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_procedures (
    r BIGINT, n BIGINT, sequence INTEGER, code VARCHAR, code_type VARCHAR,
    foreign_code STRUCT("system" VARCHAR, code VARCHAR), day DATE
);
CREATE TABLE IF NOT EXISTS fhir_team (
    r BIGINT, n BIGINT, sequence BIGINT, role VARCHAR, rank BIGINT, npi VARCHAR, reference VARCHAR, taxonomy VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_parties (
    r BIGINT, id VARCHAR, kind VARCHAR, name VARCHAR, npi VARCHAR, number VARCHAR, gender VARCHAR, birth_date DATE,
    death_date DATE, state VARCHAR, source INTEGER, updated TIMESTAMP WITH TIME ZONE
);
CREATE TABLE IF NOT EXISTS fhir_amounts (
    r BIGINT, n BIGINT, d BIGINT, s BIGINT, k BIGINT, key VARCHAR,
    reasons STRUCT("system" VARCHAR, code VARCHAR)[], amount VARCHAR, currency VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_statuses (
    r BIGINT, source INTEGER, person VARCHAR, updated TIMESTAMP WITH TIME ZONE, year INTEGER, month INTEGER,
    what VARCHAR, code VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_coverages (
    r BIGINT, source INTEGER, place VARCHAR, person VARCHAR, updated TIMESTAMP WITH TIME ZONE, status VARCHAR,
    part VARCHAR, "start" DATE, finish DATE, is_yearly BOOLEAN, year INTEGER, reason VARCHAR, esrd VARCHAR,
    medicare_status VARCHAR, dual VARCHAR, subsidy VARCHAR
);
CREATE TABLE IF NOT EXISTS fhir_observations (
    r BIGINT, source INTEGER, place VARCHAR, id VARCHAR, person VARCHAR, status VARCHAR,
    updated TIMESTAMP WITH TIME ZONE, day DATE, system VARCHAR, code VARCHAR, number VARCHAR, comparator VARCHAR,
    words VARCHAR, unit VARCHAR
);
