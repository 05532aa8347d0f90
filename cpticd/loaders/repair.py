"""Cells as spreadsheets and people leave them: SQL that reads them, and says what it mended or left out.

Each function takes the SQL of a trimmed text cell (null where empty) and returns a :class:`Cell`. ``of`` names the one
for a column: every reader of tables reads a column of the same name in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpticd.loaders.cell import SCIENTIFIC, Cell, bare, left_out
from cpticd.loaders.code_cells import (
    bill_type,
    code,
    coded,
    diagnoses,
    diagnosis,
    diagnosis_list,
    discharge_status,
    drg,
    frequency,
    icd_procedure,
    modifier,
    modifiers,
    modifiers_behind,
    ndc,
    place_of_service,
    present_on_admission,
    procedure,
    revenue_center,
    taxonomy,
    unit_of_measure,
)
from cpticd.loaders.date_cells import Order, date, decided, turned

__all__ = [
    "READERS",
    "SCIENTIFIC",
    "Cell",
    "Order",
    "bill_type",
    "code",
    "coded",
    "date",
    "decided",
    "diagnosis",
    "diagnosis_list",
    "identifier",
    "modifiers",
    "modifiers_behind",
    "money",
    "number",
    "of",
    "padded",
    "procedure",
    "text",
    "turned",
    "whole",
]


def text(x: str) -> Cell:
    """Names and identifiers, as they stand."""
    return Cell(x, plain="(?s:.*)")


def identifier(x: str) -> Cell:
    """Identifiers of digits: ``1234567890.0`` loses its ``.0``; ``1.23E+15`` has lost its digits."""
    whole = f"({x} LIKE '%.0' AND regexp_full_match({x}, '[0-9]+[.]0'))"
    return Cell(
        f"CASE WHEN {whole} THEN left({x}, length({x}) - 2) ELSE {x} END",
        f"({x} LIKE '%+%' AND regexp_full_match({x}, '{SCIENTIFIC}'))",
        "in scientific notation: a spreadsheet has lost its digits; export the column as text",
        {"a number's .0 was dropped": whole},
        "[^.+]*",
    )


def npi(x: str) -> Cell:
    """Identifiers of providers: ten digits, or what a source uses instead: one word, or a word and a number."""
    read = identifier(x)
    numbered = f"regexp_full_match({x}, '[A-Za-z]+ [A-Za-z]{{0,2}}[0-9]+')"
    worded = (
        f"((regexp_matches({x}, '[ ,;]') AND NOT {numbered}) OR regexp_full_match({x}, '[A-Za-z.]{{3,}}'))"
    )
    return Cell(
        f"CASE WHEN NOT {worded} THEN {read.value} END",
        read.bad,
        read.why,
        {**read.repairs, left_out("an NPI"): worded},
        "[0-9]{10}|[A-Z]{0,2}[0-9]+",
    )


#: Amounts without currency and blanks: grouped by thousands or not, negative in any of the usual ways.
_AMOUNT: Final = r"[-+(]*(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:[.][0-9]*)?[)-]?"


def money(x: str, scale: int = 2) -> Cell:
    """Dollars: ``$1,200.00``, ``(5.00)``, ``5.00-``, ``5.00 CR``, ``5 USD``; ``$ -`` is 0; ``1.234,50`` is refused."""
    kind = f"DECIMAL(18,{scale})"
    # Accounting formats of spreadsheets write zero as a dash.
    dash = rf"regexp_full_match({x}, '[$ ]*[-–—]+[$ ]*')"
    stripped = (
        rf"replace(replace(regexp_replace(replace(replace(upper({x}), '$', ''), 'USD', ''), "
        rf"' *CR$', '-'), '−', '-'), ' ', '')"
    )
    grouped = rf"NOT regexp_matches({x}, '[0-9] +[0-9]')"
    number = f"regexp_replace({stripped}, '[(),-]', '', 'g')"
    negative = rf"regexp_matches({stripped}, '^[-(]|-$')"
    plain = f"CASE WHEN {x} NOT LIKE '%\\_%' ESCAPE '\\' THEN TRY_CAST({x} AS {kind}) END"
    value = (
        f"coalesce({plain}, CASE WHEN {dash} THEN 0 "
        f"WHEN NOT ({grouped}) OR NOT regexp_full_match({stripped}, '{_AMOUNT}') THEN NULL "
        f"WHEN {negative} THEN -TRY_CAST({number} AS {kind}) ELSE TRY_CAST({number} AS {kind}) END)"
    )
    return Cell(
        value,
        f"({x} IS NOT NULL AND ({value}) IS NULL)",
        "not an amount" if scale == 2 else "not a number",
        {
            "a thousands separator was dropped": f"({x} LIKE '%,%' AND ({value}) IS NOT NULL)",
            "parentheses or a trailing minus were read as a negative amount": (
                f"(({x} LIKE '%)' OR {x} LIKE '%-' OR upper({x}) LIKE '%CR') AND ({value}) IS NOT NULL AND NOT {dash})"
            ),
            "a dash was read as 0": dash,
            "more decimals than the column has were rounded": rf"regexp_matches({x}, '[.][0-9]{{{scale}}}[0-9]*[1-9]')",
        },
        rf"-?[0-9]{{1,15}}(?:[.][0-9]{{1,{scale}}})?",
    )


def number(x: str) -> Cell:
    """Quantities, to a thousandth; a unit behind them (``2 units``) is dropped."""
    unit = rf"regexp_full_match({x}, '[0-9.]+ *[A-Za-z]{{2,7}}')"
    read = money(f"CASE WHEN {unit} THEN regexp_replace({x}, ' *[A-Za-z]+$', '') ELSE {x} END", 3)
    plain = money(x, 3).plain
    return Cell(
        read.value, read.bad, read.why, {**read.repairs, "a unit behind the number was dropped": unit}, plain
    )


def payer_sequence(x: str) -> Cell:
    """1, 2 and 3: also P, S and T (SBR01), ``primary``, ``2nd``; anything else is none."""
    word = f"upper(left(regexp_replace({x}, '^0+', ''), 1))"
    cases = " ".join(
        f"WHEN {word} IN ('{n}', '{letter}') THEN {n}" for n, letter in ((1, "P"), (2, "S"), (3, "T"))
    )
    value = f"CASE {cases} END"
    return Cell(
        value,
        repairs={left_out("an order of payers"): f"({x} IS NOT NULL AND ({value}) IS NULL)"},
        plain="[123]",
    )


def whole(x: str) -> Cell:
    """Whole numbers; ``1.0`` is 1."""
    digits = f"TRY_CAST(CASE WHEN regexp_full_match({x}, '[+-]?[0-9]+') THEN {x} END AS INTEGER)"
    point = f"CASE WHEN regexp_full_match({x}, '[0-9]+[.]0*') THEN TRY_CAST(split_part({x}, '.', 1) AS INTEGER) END"
    value = f"coalesce({digits}, {point})"
    return Cell(
        value,
        f"({x} IS NOT NULL AND ({value}) IS NULL)",
        "not a whole number",
        plain="-?[0-9]{1,9}",
    )


def flag(x: str) -> Cell:
    """Yes or no."""
    word = f"lower({bare(x)})"
    value = (
        f"CASE WHEN {word} IN ('y', 'yes', 'true', 't', '1') THEN true "
        f"WHEN {word} IN ('n', 'no', 'false', 'f', '0') THEN false END"
    )
    return Cell(value, f"({x} IS NOT NULL AND ({value}) IS NULL)", "not a yes or no", plain="true|false")


def padded(x: str, width: int, least: int) -> Cell:
    """Codes of ``width`` digits of which a spreadsheet took the leading zeros; ``11.0`` is 11."""
    shape, digits = f"[0-9A-Z]{{{width}}}", f"[0-9]{{{least},{width - 1}}}"
    return coded(x, shape, f"a code of {width} characters", width=width, digits=digits)


def _modifiers(x: str) -> Cell:
    """A cell of several modifiers, as it stands; :func:`modifiers` takes it apart."""
    return Cell(x, repairs=modifiers(x).repairs, plain=modifiers(x).plain)


def _birth(x: str) -> Cell:
    return date(x, birth=True)


Reader = Callable[[str], Cell]
#: How the cells of a column are read, by its canonical name; ``@`` is the number of a family's member.
READERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(
        ("claim_id", "person_id", "payer_claim_id", "original_payer_claim_id", "source_claim_id", "payment_id",
         "fill_id"), identifier,
    ),
    **dict.fromkeys(("billing_npi", "rendering_npi", "facility_npi", "prescribing_npi", "dispensing_npi"), npi),
    **dict.fromkeys(("billing_taxonomy", "rendering_taxonomy"), taxonomy),
    **dict.fromkeys(("hcpcs_code", "paid_hcpcs_code", "submitted_hcpcs_code"), procedure),
    **dict.fromkeys(("diagnosis_code", "diagnosis_code_@"), diagnosis),
    **dict.fromkeys(("procedure_code", "procedure_code_@"), icd_procedure),
    **dict.fromkeys(("present_on_admission_code", "diagnosis_poa_@"), present_on_admission),
    **dict.fromkeys(("claim_line_number", "service_number"), whole),
    **dict.fromkeys(("birth_date", "death_date"), _birth),
    "diagnosis_codes": diagnoses,
    "hcpcs_modifier_@": modifier,
    "modifiers": _modifiers,
    "place_of_service_code": place_of_service,
    "revenue_center_code": revenue_center,
    "bill_type_code": bill_type,
    "frequency_code": frequency,
    "payer_sequence": payer_sequence,
    "drg_code": drg,
    "discharge_status_code": discharge_status,
    "ndc_code": ndc,
    "unit_of_measure": unit_of_measure,
    "service_unit_quantity": number,
    "adjustment_amount_@": money,
}  # fmt: skip
#: How cells of a kind are read, where the column has no reader of its own.
_KINDS: Final[dict[str, Reader]] = {
    "text": text,
    "code": code,
    "date": date,
    "money": money,
    "number": number,
    "integer": whole,
    "flag": flag,
}


def family(column: str) -> str:
    """``hcpcs_modifier_2`` → ``hcpcs_modifier_@``; other names as they are."""
    head, _, number_ = column.rpartition("_")
    return f"{head}_@" if number_.isdigit() else column


def of(column: str, kind: str = "text") -> Reader:
    """The reader of a column, by its canonical name or else by its kind (text, code, date, money, number, …)."""
    if found := READERS.get(family(column)):
        return found
    if column.endswith("_date") or family(column).endswith("_date_@"):
        return date
    return money if column.endswith("_amount") else _KINDS[kind]
