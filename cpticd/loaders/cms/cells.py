"""How cells of Medicare files are read: SQL of each field in its type, and what makes a row unreadable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from cpticd.loaders import code_cells, repair
from cpticd.loaders.cms.layouts import Fields
from cpticd.loaders.repair import Cell

_FORMATS: Final = (
    "['%d-%b-%Y', '%d%b%Y', '%d-%b-%y', '%m/%d/%Y', '%Y/%m/%d', '%d%b%Y:%H:%M:%S', '%d%b%Y:%H:%M:%S.%f']"
)
#: Days that stand for none.
_NO_DAY: Final = (
    "('1000-01-01', '0001-01-01', '9999-12-31', '10000101', '00010101', '99991231', '00000000', '0')"
)


def date(x: str) -> Cell:
    """Dates as 20150530, 2015-05-30, 30-May-2015, 30MAY2015, 05/30/2015, with or without a time.

    A bare number of another length is refused: SAS counts days from 1960, spreadsheets from 1900.
    """
    value = (
        f"CASE WHEN {x} IN {_NO_DAY} THEN NULL "
        f"WHEN length({x}) = 8 AND TRY_CAST({x} AS INTEGER) IS NOT NULL "
        f"THEN CAST(try_strptime({x}, '%Y%m%d') AS DATE) "
        f"WHEN {x} LIKE '____-__-__%' THEN CAST(TRY_CAST({x} AS TIMESTAMP) AS DATE) "
        f"WHEN TRY_CAST({x} AS BIGINT) IS NULL THEN CAST(try_strptime({x}, {_FORMATS}) AS DATE) END"
    )
    bad = f"({x} IS NOT NULL AND {x} NOT IN {_NO_DAY} AND coalesce(year({value}) NOT BETWEEN 1850 AND 2200, true))"
    return Cell(value, bad, "not a date")


def npi(x: str) -> Cell:
    """NPIs; a row of zeros is none."""
    value = repair.identifier(x).value
    return Cell(f"nullif({value}, '0000000000')")


def procedure(x: str) -> Cell:
    """CPT and HCPCS codes, and HIPPS codes of home health, which end in a letter (``1AFKS``)."""
    read = repair.procedure(x)
    alone = f"regexp_full_match({x}, '[0-9A-Za-z]{{5}}')"
    repairs = {what: f"(NOT {alone} AND {test})" for what, test in read.repairs.items()}
    return Cell(
        f"CASE WHEN {alone} THEN upper({x}) ELSE {read.value} END", read.bad, read.why, repairs, "[0-9A-Z]{5}"
    )


def ndc(x: str) -> Cell:
    """National Drug Codes: eleven digits, whose leading zeros spreadsheets take; anything else is none.

    The column of outpatient lines holds other numbers too, and zeros where there is none.
    """
    bare = f"regexp_replace({x}, '[.]0$', '')"
    padded = f"CASE WHEN regexp_full_match({bare}, '[0-9]{{9,11}}') THEN lpad({bare}, 11, '0') END"
    return Cell(f"nullif({padded}, '00000000000')")


def drug(x: str) -> Cell:
    """National Drug Codes in a column that holds nothing else: up to four leading zeros may be lost."""
    short = f"regexp_replace({x}, '[.]0$', '')"
    return Cell(
        f"CASE WHEN regexp_full_match({short}, '[0-9]{{7,11}}') THEN nullif(lpad({short}, 11, '0'), '00000000000') END"
    )


def _padded(width: int) -> Callable[[str], Cell]:
    return lambda x: repair.padded(x, width, 1)


def code(x: str) -> Cell:
    """Other codes, in upper case."""
    return Cell(f"upper({x})")


def bare(x: str) -> Cell:
    """Codes of digits whose leading zeros mean nothing: 01 is 1, 1.0 too."""
    short = f"regexp_replace({x}, '[.]0$', '')"
    return Cell(f"CASE WHEN regexp_full_match({short}, '0+') THEN '0' ELSE ltrim(upper({short}), '0') END")


Reader = Callable[[str], Cell]
_MONEY: Final = "paid charge primary_paid deductible coinsurance blood"
#: Fields of a claim, which stand on each of its rows.
CLAIM: Final[dict[str, Reader]] = {
    "start": date, "finish": date, "processed": date, "type_code": repair.identifier,
    "facility_type": code, "classification": code, "frequency": code, "drg": code_cells.drg,
    "discharge": code_cells.discharge_status,
    "billing_npi": npi, "facility_npi": npi, "provider": code, "control": repair.text,
    "original_control": repair.text, **dict.fromkeys(_MONEY.split(), repair.money),
    "denial": code, "nonpayment": code, "adjustment_type": bare, "entry_code": bare, "disposition": code,
    "action_code": bare, "query_code": bare, "final_action": code, "latest": code, "plan_paid": bare,
    "shown_number": repair.identifier,
    "prescriber": npi, "pharmacy": npi,
}  # fmt: skip
_LINE_MONEY: Final = (
    "line_charge allowed line_paid line_deductible line_coinsurance line_reduced_coinsurance line_blood "
    "line_primary_paid line_primary_paid_2 noncovered"
)
#: Fields of a line.
LINE: Final[dict[str, Reader]] = {
    "line_number": repair.whole, "line_start": date, "line_end": date, "hcpcs": procedure,
    **{f"modifier_{n}": code_cells.modifier for n in range(1, 5)}, "revenue": code_cells.revenue_center,
    "units": repair.number,
    "mtus_count": repair.number, "mtus_code": bare, "ndc": ndc, "ndc_quantity": repair.number,
    "place_of_service": code_cells.place_of_service, "rendering_npi": npi, "specialty": _padded(2),
    **dict.fromkeys(_LINE_MONEY.split(), repair.money), "indicator": code,
    "line_diagnosis": code, "line_version": code,
    **{f"ansi_{n}": code for n in range(1, 5)}, "signature": repair.identifier,
}  # fmt: skip
#: Fields of drugs.
DRUG: Final[dict[str, Reader]] = {
    "fill": repair.identifier, "person": repair.text, "fill_date": date, "ndc": drug, "quantity": repair.number,
    "days": repair.whole, "prescriber": npi, "prescriber_qualifier": _padded(2), "pharmacy": npi,
    "pharmacy_qualifier": _padded(2), "paid_date": date, "cost": repair.money, "patient_paid": repair.money,
    "deletion": code, "adjustment_type": bare, "final_action": code, "prescription": repair.identifier,
    "fill_number": bare,
}  # fmt: skip


#: Readers of text, whose plain cells are their values.
_CODES: Final = frozenset(
    {code_cells.drg, code_cells.discharge_status, code_cells.modifier, code_cells.revenue_center,
     code_cells.place_of_service}
)  # fmt: skip


def raw(places: Iterable[int]) -> str:
    """SQL of a cell: the first of its columns that holds something. ``~`` and ``.`` stand for nothing."""
    cells = [f"nullif(nullif(c{place}, '~'), '.')" for place in places]
    return cells[0] if len(cells) == 1 else f"coalesce({', '.join(cells)})"


def readers(fields: Fields, wanted: Mapping[str, Reader]) -> dict[str, Cell]:
    """How the fields that a file has are read; a cell that is its value as it stands needs no more than a look."""
    found = {}
    for name, reader in wanted.items():
        if name in fields.single:
            x = raw(fields.single[name])
            cell = found[name] = reader(x)
            if cell.plain and reader in _CODES:
                value = f"CASE WHEN regexp_full_match({x}, '{cell.plain}') THEN {x} ELSE {cell.value} END"
                found[name] = replace(cell, value=value)
    return found


def bad(fields: Fields, cells: Mapping[str, Cell], columns: list[str]) -> str:
    """SQL of WHEN clauses: why a row cannot be read, by the name of its column and what stands there."""
    return " ".join(
        f"WHEN {cell.bad} THEN '{columns[fields.single[name][0]].upper()}: {cell.why}: ' || "
        f"left({raw(fields.single[name])}, 60)"
        for name, cell in cells.items()
        if cell.bad != "false"
    )
