"""Classes of drugs of a user's own: which drugs speak for which conditions, beyond those that the package knows.

Layout: CSV, tabs or Excel with headings in any order: drug_class (or class), and ndc_code (or ndc; eleven digits, or
nine for every package of a product, dashes dropped), rxnorm_code (or rxcui), or code beside code_system (ndc, rxnorm).
The package's own table comes from CMS's crosswalk of National Drug Codes to prescription drug categories; what it lacks
may come from RxClass of the National Library of Medicine, or a formulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, heading, named, only, table

KEY: Final = ("code_system", "code")
_HEADINGS: Final = {
    "drug_class": ("drug_class", "class"), "ndc": ("ndc_code", "ndc", "product_ndc"),
    "rxnorm": ("rxnorm_code", "rxcui"), "code": ("code",), "code_system": ("code_system",),
}  # fmt: skip
_COLUMNS: Final = dict.fromkeys(("code_system", "code", "drug_class"), pa.string())
_FORMS: Final = {"ndc": "[0-9]{9}|[0-9]{11}", "rxnorm": "[0-9]{1,8}"}


def tells(file: Source) -> bool:
    """Whether one of the first rows has the headings of such a table."""
    codes = {*_HEADINGS["ndc"], *_HEADINGS["rxnorm"], "code"}
    rows = ({heading(cell) for cell in cells} for _, cells in file.head())
    return any("drug_class" in names and names & codes for names in rows)


def read(files: Sequence[Source]) -> Reading:
    """One row per code of a drug: with its class."""
    file = only(files, (".csv", ".txt", ".tsv", ".xlsx"), "drug classes")
    where, first, there, rows = named(file, _HEADINGS)
    if "drug_class" not in there or not there & {"ndc", "rxnorm", "code"}:
        raise InputError(f"{where}: found {first}; drug_class, and ndc_code, rxnorm_code or code are needed")
    found = [code for place, row in rows for code in _codes(row, place)]
    return Reading(table(found, _COLUMNS, name=file.name), "", None)


def _codes(row: dict[str, str], where: str) -> list[tuple[str, str, str]]:
    """The codes of one row with their system and class; InputError where one is not of its system's form."""
    given = {"ndc": row["ndc"], "rxnorm": row["rxnorm"]}
    if row["code"]:
        system = row["code_system"].lower() or "ndc"
        if system not in _FORMS:
            raise InputError(f"{where}: found code_system {system!r}; give one of {', '.join(_FORMS)}")
        given[system] = given[system] or row["code"]
    codes = {system: code.replace("-", "") for system, code in given.items() if code}
    if not codes or not row["drug_class"]:
        raise InputError(f"{where}: found no {'class' if codes else 'code'}; give both on every row")
    for system, code in codes.items():
        if not re.fullmatch(_FORMS[system], code):
            raise InputError(
                f"{where}: found {code!r}, no code of {system}; National Drug Codes have 11 digits, or their first 9"
            )
    return [(system, code, row["drug_class"]) for system, code in codes.items()]
