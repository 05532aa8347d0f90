"""Results of laboratories and measurements: a number, a bound (``> 90``), or words, out of one text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BOUND: Final = "^ *(<=|>=|=<|=>|<|>|≤|≥)"
_NUMBER: Final = "[+-]?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3})+)?([.][0-9]+)? *%?"
_WRITTEN: Final = {"≤": "<=", "=<": "<=", "≥": ">=", "=>": ">="}
#: Names of code systems as sources write them, and as the column has them.
_SYSTEMS: Final = {
    "loinc": ("loinc", "ln", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1", "2.16.840.1.113883.6.1"),
    "snomed-ct": ("snomed-ct", "snomed", "snomedct", "snomed ct", "sct", "http://snomed.info/sct"),
}


def number(x: str) -> str:
    """SQL of the number in a result, as text without a bound, thousands separators and a percent sign; else null."""
    bare = f"trim(regexp_replace({x}, '{_BOUND}', ''))"
    return (
        f"CASE WHEN regexp_matches({bare}, '[0-9]') AND regexp_full_match({bare}, '{_NUMBER}') "
        f"THEN replace(trim(replace({bare}, '%', '')), ',', '') END"
    )


def comparator(x: str) -> str:
    """SQL of the bound before the number of a result: <, <=, > or >=; null where it is none."""
    cases = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _WRITTEN.items())
    found = f"nullif(regexp_extract({x}, '{_BOUND}', 1), '')"
    return f"CASE WHEN ({number(x)}) IS NOT NULL THEN CASE {found} {cases} ELSE {found} END END"


def words(x: str) -> str:
    """SQL of a result that is no number."""
    return f"CASE WHEN ({number(x)}) IS NULL THEN {x} END"


def system(x: str) -> str:
    """SQL of a code system in the words of the column: loinc, snomed-ct, else in lower case as it stands."""
    cases = " ".join(
        f"WHEN lower({x}) IN ({', '.join(repr(each) for each in theirs)}) THEN '{ours}'"
        for ours, theirs in _SYSTEMS.items()
    )
    return f"CASE {cases} ELSE lower({x}) END"


def cells(x: str) -> dict[str, str]:
    """SQL of each part of a result, by the name that statements have for it."""
    return {"number": number(x), "comparator": comparator(x), "words": words(x)}


def split(columns: Mapping[str, str]) -> dict[str, str]:
    """Canonical column → SQL of its cell, for ``observations``: what one column ``value`` says is divided.

    Columns of their own for the bound and for words go before what stands in ``value``.
    """
    found = dict(columns)
    if system_cell := found.get("code_system"):
        found["code_system"] = system(system_cell)
    if value := found.get("value"):
        found["value"] = number(value)
        for name, made in (("comparator", comparator(value)), ("value_text", words(value))):
            found[name] = f"coalesce({found[name]}, {made})" if name in found else made
    return found
