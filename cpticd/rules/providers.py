"""Providers' numbers: an NPI has ten digits, the first of them 1 or 2, the last a check digit.

Source: 45 CFR 162.406 (ISO standard check digit: the Luhn formula, with the prefix 80840). Where most numbers of a
source fail, they are pseudonyms of a research file, and none of it is judged.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import sql
from cpticd.core.apart import whole
from cpticd.core.session import Session
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run

#: What the prefix 80840 adds to the sum of digits.
_PREFIX: Final = 24


def _luhn() -> str:
    """SQL: sum of the digits of ``npi``, every second one doubled, the first among them."""
    digits = [f"CAST(substr(npi, {place}, 1) AS INTEGER)" for place in range(1, 11)]
    doubled = [f"2 * {d} - CASE WHEN {d} > 4 THEN 9 ELSE 0 END" for d in digits[0::2]]
    return " + ".join([str(_PREFIX), *doubled, *digits[1::2]])


def numbers(s: Session) -> pa.Table:
    """Numbers that are no NPI: whether a source's are pseudonyms, all of its claims say together."""
    return s.fetch(sql.text("rules/provider_numbers"), luhn=_luhn())


def npi_check_digit(run: Run) -> str:
    """A billing, facility or rendering provider whose number is no NPI."""
    if (known := whole("provider_numbers")) is None:
        run.once("provider_numbers", luhn=_luhn())
    else:
        run.load("rule_provider_numbers", lambda: known)
    return sql.text("rules/npi_check_digit")


RULES: Final[tuple[Rule, ...]] = (Rule("npi_check_digit", npi_check_digit),)
