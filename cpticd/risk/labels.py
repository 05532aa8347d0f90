"""Labels of the models' terms and conditions."""

from __future__ import annotations

import re
from functools import cache

from cpticd import reference
from cpticd.risk import hcc_tables

_SEX = {"F": "Female", "M": "Male"}
_CELL = re.compile(r"([FM])(\d+)_(\d+|GT)")
_NEW = re.compile(
    r"(?:(?P<first>\w+?)_)?(?P<second>N?ORIGDIS)_(?:NE|X_)(?P<sex>[FM])(?P<low>\d+)(?:_(?P<high>\d+|GT))?"
)
_FIRST = {
    "MCAID": "with Medicaid",
    "NMCAID": "without Medicaid",
    "FBD": "full Medicaid",
    "ND_PBD": "no or partial Medicaid",
    "ESRD": "kidney failure",
    "NESRD": "no kidney failure",
}
_SECOND = {"ORIGDIS": "originally disabled", "NORIGDIS": "not originally disabled"}


@cache
def _words() -> dict[str, str]:
    return {row["term"]: row["label"] for row in reference.table("hcc_terms").to_pylist()}


@cache
def _hcc_labels(model: str) -> dict[str, str]:
    return {row["hcc"]: row["label"] for row in hcc_tables.labels(model).to_pylist()}


def _ages(low: str, high: str | None) -> str:
    if high is None:
        return f"{low} years"
    return f"{low} years and over" if high == "GT" else f"{low}–{high} years"


def label(model: str, term: str) -> str:
    """A term of ``model`` in words: CMS's label of an HCC, ours of everything else."""
    if match := re.fullmatch(r"(?:RX)?HCC(\d+)", term):
        return _hcc_labels(model).get(match[1], term)
    if term in _words():
        return _words()[term]
    if match := _CELL.fullmatch(term):
        return f"{_SEX[match[1]]}, {_ages(match[2], match[3])}"
    if match := _NEW.fullmatch(term):
        facts = [
            _SEX[match["sex"]].lower(),
            _ages(match["low"], match["high"]),
            _FIRST[match["first"]],
            _SECOND[match["second"]],
        ]
        return f"New enrollee: {', '.join(facts)}"
    if match := re.fullmatch(r"D(\d+)(P?)", term):
        return f"{match[1]}{' or more' if match[2] else ''} payment HCC{'' if match[1] == '1' else 's'}"
    return term


def hcc_label(model: str, hcc: str) -> str:
    """CMS's label of an HCC; the number itself where the model has none such."""
    return _hcc_labels(model).get(hcc, hcc)
