"""Every table's grain, columns and types, declared once.

Names follow the Tuva input layer where it has one (https://thetuvaproject.com, `medical_claim`);
pointers, adjudications, adjustments and remarks are cpticd's own, because Tuva expects denials to be
resolved and loses the line's diagnosis pointers.
"""

from __future__ import annotations

from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.tables import Table, declare

#: What columns were called before: read as today's, in tables that are given and in data sets that were saved.
FORMER: Final[dict[str, str]] = {
    "claim_frequency_code": "frequency_code",
    "original_reference_number": "original_payer_claim_id",
}


_TABLES = (
    declare(
        "claims",
        "One row per claim.",
        "claim_id",
        """
        claim_id                text!   unique in the data set
        source_claim_id         text    the sender's own claim number, which may repeat
        claim_type              text    professional or institutional
        person_id               text    patient, as the source names him
        payer                   text    payer's name, or identifier where there is no name
        payer_id                text    payer's identifier, as the sender uses it
        payer_kind              text    medicare, medicare advantage, medicaid, commercial, marketplace, …
        payer_sequence          integer 1 where the claim went to the primary payer, 2 to the secondary, 3
        billing_npi             text    National Provider Identifier of the billing provider
        billing_taxonomy        code    Health Care Provider Taxonomy code of the billing provider: his specialty
        facility_npi            text    National Provider Identifier of the place of service
        place_of_service_code   code    two digits, professional claims
        bill_type_code          code    three characters without the leading zero, institutional claims
        frequency_code          code    1 original, 7 replacement, 8 void
        original_payer_claim_id text    the payer's number of the claim that this one replaces or voids
        drg_code                code    diagnosis related group, institutional claims
        discharge_status_code   code    two digits, institutional claims
        is_encounter            flag    reported after adjudication or under capitation (BHT06 RP)
        is_chart_review         flag    from a chart review; linked where original_payer_claim_id is given
        deletes_diagnoses       flag    a chart review that takes its diagnoses away from the claim that it names
        claim_start_date        date    first day of service
        claim_end_date          date    last day of service
        received_date           date    the day that the payer received the claim
        rejected_date           date    the day that it was turned away before adjudication (277CA, 999)
        rejection_code          text    why: status category and code, or the verdict on its transaction set
        charge_amount           money   billed by the provider, US dollars
        data_source             text    file or table that the claim came from
        """,
        "charge_amount",
    ),
    declare(
        "lines",
        "One row per service line of a claim.",
        "claim_id claim_line_number",
        """
        claim_id                text!
        claim_line_number       integer! 1 is the first
        claim_line_start_date   date
        claim_line_end_date     date
        hcpcs_code              code    CPT or HCPCS Level II as submitted
        hcpcs_modifier_1        code
        hcpcs_modifier_2        code
        hcpcs_modifier_3        code
        hcpcs_modifier_4        code
        revenue_center_code     code    four digits, institutional lines
        service_unit_quantity   number  null where it counts no units of service, but minutes or doses
        unit_of_measure         code    UN units, MJ minutes, DA days, …
        ndc_code                code    National Drug Code, eleven digits
        place_of_service_code   code    of the line; the claim's where the line has none
        rendering_npi           text
        rendering_taxonomy      code    Health Care Provider Taxonomy code of the rendering provider
        charge_amount           money   billed, US dollars
        processing_indicator_code code  Medicare line processing indicator (RIF, DE-SynPUF carrier)
        """,
        "charge_amount",
    ),
    declare(
        "diagnoses",
        "One row per diagnosis of a claim.",
        "claim_id diagnosis_position",
        """
        claim_id                text!
        diagnosis_position      integer! 1 is the principal or first-listed diagnosis
        diagnosis_code          code!
        diagnosis_code_type     text    icd-10-cm or icd-9-cm
        diagnosis_kind          text    principal, other, admitting, reason for visit or external cause
        present_on_admission_code code
        """,
    ),
    declare(
        "pointers",
        "One row per diagnosis pointer of a service line.",
        "claim_id claim_line_number pointer_position",
        """
        claim_id                text!
        claim_line_number       integer!
        pointer_position        integer! 1 is the line's primary diagnosis
        diagnosis_position      integer! into diagnoses; may point past them
        """,
    ),
    declare(
        "procedures",
        "One row per inpatient (ICD) procedure of a claim.",
        "claim_id procedure_position",
        """
        claim_id                text!
        procedure_position      integer!
        procedure_code          code!
        procedure_code_type     text    icd-10-pcs or icd-9-pcs
        procedure_date          date
        """,
    ),
    declare(
        "adjudications",
        "One row per adjudication of a claim by a payer.",
        "claim_id adjudication_number",
        """
        claim_id                text!
        adjudication_number     integer! 1 is the first, by paid date and position
        payer                   text
        payer_id                text
        payer_kind              text    of the payer that decided, where the remittance says so
        payer_sequence          integer 1 where it decided as the primary payer, 2 as the secondary, 3
        payment_id              text    of the remittance, into payments
        paid_date               date    of the remittance
        claim_status_code       code    CLP02: 1-3 processed, 4 denied, 19-21 forwarded, 22 reversal
        is_reversal             flag    takes back an earlier decision; null: the status and the amounts decide
        is_reported             flag    reported by another payer's claim (SVD), not by a remittance
        frequency_code          code    of the claim that is answered, as the payer repeats it (CLP09)
        charge_amount           money
        paid_amount             money
        patient_responsibility_amount money
        payer_claim_id          text    the payer's control number
        data_source             text
        """,
        "charge_amount",
    ),
    declare(
        "line_payments",
        "One row per service row of an adjudication; several may answer one line of the claim.",
        "claim_id adjudication_number service_number",
        """
        claim_id                text!
        adjudication_number     integer!
        service_number          integer within the adjudication; the line's number where a source has none
        claim_line_number       integer the submitted line that it answers; null: none that was found
        hcpcs_code              code    as adjudicated
        submitted_hcpcs_code    code    as submitted, where the payer says that it changed it
        hcpcs_modifier_1        code
        hcpcs_modifier_2        code
        hcpcs_modifier_3        code
        hcpcs_modifier_4        code
        revenue_center_code     code
        charge_amount           money
        allowed_amount          money
        paid_amount             money
        service_unit_quantity   number
        service_date            date
        """,
        "charge_amount",
    ),
    declare(
        "adjustments",
        "One row per adjustment (group, CARC, amount) of an adjudication.",
        "claim_id adjudication_number service_number adjustment_position",
        """
        claim_id                text!
        adjudication_number     integer!
        service_number          integer of line_payments; null: of the claim as a whole
        claim_line_number       integer null: of the claim as a whole, or of a row that answers no line
        adjustment_position     integer! 1 is the first of its line or claim
        group_code              code    CO, PR, OA, PI; CR in 4010
        carc                    code    claim adjustment reason code
        amount                  money
        quantity                number
        """,
        "amount",
    ),
    declare(
        "remarks",
        "One row per remark code of an adjudication.",
        "claim_id adjudication_number service_number remark_position",
        """
        claim_id                text!
        adjudication_number     integer!
        service_number          integer of line_payments; null: of the claim as a whole
        claim_line_number       integer null: of the claim as a whole, or of a row that answers no line
        remark_position         integer!
        rarc                    code!   remittance advice remark code
        """,
    ),
    declare(
        "payments",
        "One row per remittance.",
        "payment_id",
        """
        payment_id              text!   unique in the data set
        payer                   text
        payer_id                text
        trace_number            text    of the check or transfer (TRN02)
        method_code             code    ACH, CHK, NON, …
        paid_date               date
        amount                  money   that was paid (BPR02)
        imbalance_amount        money   amount less what its claims and provider adjustments come to
        data_source             text
        """,
        "amount",
    ),
    declare(
        "provider_adjustments",
        "One row per adjustment of a remittance that belongs to no claim (PLB).",
        "data_source adjustment_number",
        """
        data_source             text!
        adjustment_number       integer! within the source
        payment_id              text    of the remittance, into payments
        payer                   text
        paid_date               date
        provider_id             text    payee
        fiscal_period_date      date
        adjustment_reason_code  code
        reference_id            text
        amount                  money   positive amounts reduce the payment
        """,
        "amount",
    ),
    declare(
        "attributes",
        "One row per value of a column that the user brought along.",
        "claim_id claim_line_number name",
        """
        claim_id                text!
        claim_line_number       integer null: of the claim as a whole
        name                    text!   of the column: lower case, letters, digits and _
        value                   text
        """,
    ),
    declare(
        "members",
        "One row per person and year.",
        "person_id year",
        """
        person_id               text!
        year                    integer! of coverage
        birth_date              date
        death_date              date
        sex                     text    female, male or unknown
        state                   text
        county_code             code    FIPS, five digits: what base rates by county go by
        dual_status_code        code    00-08 or NA
        original_reason_entitlement_code code 0-3
        long_term_institutional flag
        new_enrollee            flag
        special_needs_plan      flag
        pace                    flag    of a Program of All-Inclusive Care for the Elderly
        esrd                    flag
        esrd_status             text    dialysis, transplant or functioning graft
        graft_date              date    of a kidney transplant
        enrolled_months         integer months of the year with any coverage
        part_b_months           integer
        part_d_months           integer
        medicare_advantage_months integer
        low_income_months       integer months with a low-income subsidy (Part D)
        hospice_months          integer
        metal_level             text    of a marketplace plan: platinum, gold, silver, bronze or catastrophic
        csr_variant             code    of a marketplace plan: last two digits of its HIOS number (reduced cost sharing)
        """,
    ),
    declare(
        "drugs",
        "One row per fill of a prescription.",
        "fill_id",
        """
        fill_id                 text!   unique in the data set
        person_id               text!   as in claims
        fill_date               date    the day that the drug was dispensed
        ndc_code                code    National Drug Code, eleven digits
        rxnorm_code             code    RxNorm concept, where the source has one
        dispensed_quantity      number
        days_supply             integer days
        prescribing_npi         text
        dispensing_npi          text    of the pharmacy
        payer                   text
        paid_date               date
        charge_amount           money   what the fill costs in all, US dollars
        patient_responsibility_amount money
        data_source             text
        """,
        "charge_amount",
    ),
    declare(
        "observations",
        "One row per laboratory result or measurement of a person.",
        "person_id observation_date code_system code value comparator value_text",
        """
        person_id               text!   as in claims
        observation_date        date!   the day that the specimen was taken, or the person measured
        code_system             text    of the code, in lower case: loinc, snomed-ct, …; null: loinc
        code                    text!   4548-4, …
        value                   number  null where the result is no number
        comparator              text    <, <=, > or >= where the value is a bound ("> 90")
        value_text              text    a result that is no number
        unit                    text    as reported: %, kg/m2, …
        data_source             text
        """,
    ),
)
#: Every canonical table by name, in the order in which they are saved.
TABLES: Final[dict[str, Table]] = {table.name: table for table in _TABLES}

#: What could not be read as it stood. ``action`` is ``rejected`` (the row stands here instead of in a
#: table, and counts in accounting), ``repaired`` (it was loaded, changed as ``reason`` says) or ``noted``
#: (it was loaded as it is, and something about it deserves a look).
REJECTS: Final = declare(
    "rejects",
    "One row per thing that a loader rejected, repaired or noted.",
    "source location reason",
    """
    source      text!   file or table
    location    text    row, line, or segment number in the source
    table_name  text    canonical table that it was meant for, or segments
    action      text!   rejected, repaired or noted
    severity    text    grave, warning or note; the gravest stand first
    reason      text!
    content     text    what was found, cut at 500 characters
    amount      money   dollars that the rejected row carried, where they could be read
    """,
)
Severity = Literal["grave", "warning", "note"]
#: How grave an entry of rejects is, the gravest first.
SEVERITIES: Final = ("grave", "warning", "note")
#: How grave an entry is that says no more than what was done: something is lost, changed, or to be known.
SEVERITY: Final[dict[str, Severity]] = {"rejected": "grave", "repaired": "warning", "noted": "note"}


def graded(rows: pa.Table) -> pa.Table:
    """Entries of rejects with a severity: their own, or the one of their action."""
    usual = pa.array([SEVERITY.get(action, "note") for action in rows["action"].to_pylist()], pa.string())
    if "severity" not in rows.column_names:
        return rows.append_column("severity", usual)
    own = pc.coalesce(rows["severity"], usual)
    return rows.set_column(rows.column_names.index("severity"), "severity", own)


#: One row per source and table; read = loaded + rejected + left_out, in rows and in dollars.
ACCOUNTING: Final = pa.schema(
    [
        ("source", pa.string()),
        ("table_name", pa.string()),
        ("read", pa.int64()),
        ("loaded", pa.int64()),
        ("rejected", pa.int64()),
        ("amount_read", pa.decimal128(18, 2)),
        ("amount_loaded", pa.decimal128(18, 2)),
        ("amount_rejected", pa.decimal128(18, 2)),
        ("left_out", pa.int64()),
        ("amount_left_out", pa.decimal128(18, 2)),
    ]
)
