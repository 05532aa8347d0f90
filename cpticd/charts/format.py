"""How numbers and labels are written for people: units from column names, blanks for what is missing."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from cpticd.core import words as written

MISSING: Final = "–"


def _missing(value: Any) -> bool:
    return (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
    )


def count(value: Any) -> str:
    """A number of things: ``12,345``; small fractions, as in expected denials, get one decimal."""
    if _missing(value):
        return MISSING
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:,.1f}"


def expectation(value: Any) -> str:
    """A count that is expected: as ``count``, and two digits that matter below one: ``0.043``."""
    return f"{float(value):.2g}" if not _missing(value) and 0 < float(value) < 1 else count(value)


def dollars(value: Any) -> str:
    """US dollars: ``$1,234``, with cents below 100."""
    if _missing(value):
        return MISSING
    number = float(value)
    digits = 2 if 0 < abs(number) < 100 else 0
    return f"{'-' if number < 0 else ''}${abs(number):,.{digits}f}"


def percent(value: Any) -> str:
    """A share of one as per cent: ``11.6 %``."""
    return MISSING if _missing(value) else written.percent(float(value))


def points(value: Any) -> str:
    """A difference of two shares, in percentage points: ``+4.2 pp``."""
    return MISSING if _missing(value) else f"{100 * float(value):+,.1f} pp"


def probability(value: Any) -> str:
    """A p or q value: ``0.031``, ``<0.001``."""
    if _missing(value):
        return MISSING
    return "<0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def ratio(value: Any) -> str:
    """A ratio of two rates: ``2.31×``."""
    return MISSING if _missing(value) else f"{float(value):,.2f}×"


def measured(value: Any) -> str:
    """A value whose unit stands beside it: ``12,345``, ``0.045``; a text or day as it is."""
    return expectation(value) if isinstance(value, int | float) else text(value)


def decimal(value: Any) -> str:
    """A number of two decimals, such as a mean level or a distance: ``3.44``."""
    return MISSING if _missing(value) else f"{float(value):,.2f}"


def interval(low: Any, high: Any) -> str:
    """An interval of a rate: ``8.1–12.3 %``."""
    if _missing(low) or _missing(high):
        return MISSING
    return written.interval(float(low), float(high))


def score(value: Any) -> str:
    """Risk score: ``0.302`` of one person, ``1,234.5`` of many; digits that matter, no more."""
    if _missing(value):
        return MISSING
    number = float(value)
    digits = 3 if abs(number) < 10 else 2 if abs(number) < 100 else 1
    return f"{number:,.{digits}f}"


def released_score(value: Any) -> str:
    """A score as it leaves, of two digits and hundredths at most: ``55``, ``3.7``, ``0.30``; a sum of some as it is."""
    if _missing(value):
        return MISSING
    number = round(float(value), 2) + 0.0
    digits = 0 if not number else min(max(1 - math.floor(math.log10(abs(number))), 0), 2)
    own = next(places for places in range(3) if round(number, places) == number)
    return f"{number:,.{max(digits, own)}f}"


def released_dollars(value: Any) -> str:
    """US dollars as they leave, in tens: ``$90``, ``$1,200``."""
    return MISSING if _missing(value) else f"{'-' if float(value) < 0 else ''}${abs(float(value)):,.0f}"


def chance(value: Any) -> str:
    """How sure something is, in whole per cent: ``80 %``, ``>99 %``."""
    if _missing(value):
        return MISSING
    share = float(value)
    return ">99 %" if 0.995 <= share < 1 else "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def signed(write: Callable[[Any], str], value: Any) -> str:
    """A change in the unit of ``write``: ``+$1,234``, ``-0.302``."""
    written = write(value)
    return written if _missing(value) or float(value) <= 0 else f"+{written}"


def span(write: Callable[[Any], str], low: Any, high: Any) -> str:
    """An interval in the unit of ``write``: ``$1,200 to $3,400``."""
    return MISSING if _missing(low) or _missing(high) else f"{write(low)} to {write(high)}"


def year(value: Any) -> str:
    """A calendar year, no thousands separator: ``2026``."""
    return MISSING if _missing(value) else f"{int(value)}"


def words(values: Any) -> str:
    """Several texts, such as the codes behind a gap: ``E11.9, N18.4``."""
    return ", ".join(map(str, values)) or MISSING


def date(value: Any) -> str:
    """A day: ``2024-03-01``."""
    return MISSING if _missing(value) else f"{pd.Timestamp(value):%Y-%m-%d}"


def month(value: Any) -> str:
    """A month: ``June 2025``."""
    return MISSING if _missing(value) else f"{pd.Timestamp(value):%B %Y}"


def flag(value: Any) -> str:
    """``yes``, ``no``, or the text that a reference table gives, such as ``partly``."""
    if _missing(value):
        return MISSING
    return value if isinstance(value, str) else ("yes" if value else "no")


def text(value: Any) -> str:
    """Any text, a dash where it is missing or empty."""
    return MISSING if _missing(value) or str(value) == "" else str(value)


def plain(value: Any) -> str:
    """Any text, nothing where it is missing."""
    return "" if _missing(value) else str(value)


#: Writers by what a column's name ends with, the first that fits; columns are named by their unit.
_BY_ENDING: Final[tuple[tuple[tuple[str, ...], Callable[[Any], str]], ...]] = (
    (("p_value", "q_value"), probability),
    (("lift", "odds_ratio"), ratio),
    (("amount", "dollars", "amount_read", "amount_loaded", "amount_rejected"), dollars),
    (("score",), score),
    (("year",), year),
    (("rate", "share", "low", "high", "survival", "center", "lower", "upper"), percent),
    (("prevalence", "incidence", "persistence", "precision", "recall", "probability"), percent),
    (("confidence",), chance),
    (("coding_related", "diagnosis_related", "preventable", "mature"), flag),
    (("date", "period"), date),
)
#: Columns whose name is their measure.
_BY_NAME: Final[dict[str, Callable[[Any], str]]] = {
    **dict.fromkeys(
        ("coded", "expected", "share_before", "share_after", "share_with", "share_without"), percent
    ),
    **dict.fromkeys(("expected_allowed", "expected_recovery"), dollars),
    **{f"{name}_per_rvu{end}": dollars for name in ("allowed", "paid") for end in ("", "_low", "_high")},
    **dict.fromkeys((f"{name}_rvu" for name in ("work", "practice", "malpractice", "total")), expectation),
    **{f"{name}{end}": decimal for name in ("rvu_per_line", "charlson") for end in ("", "_low", "_high")},
    **dict.fromkeys(("rvu_per_person", "national_mean_level", "mean_difference"), decimal),
    **dict.fromkeys(("share_difference",), points),
    **dict.fromkeys(("maturity",), percent),
    **dict.fromkeys(("value",), measured),
    **dict.fromkeys(("rate_before", "rate_after", "rate_elsewhere"), percent),
    **dict.fromkeys(("ebgm", "eb05", "eb95", "ratio", "times"), ratio),
    **dict.fromkeys(("lift_low", "lift_high", "odds_low", "odds_high"), ratio),
    **dict.fromkeys(
        ("pmi", "z", "z_adjusted", "mean_level", "mean_low", "mean_high", "entropy", "evenness"), decimal
    ),
    **dict.fromkeys(("change_from", "change_to"), date),
    **dict.fromkeys(("since",), month),
    **{
        f"{name}{end}": points
        for name in ("rate_change", "year_rate_change")
        for end in ("", "_low", "_high")
    },
}
#: Headings that do not follow from the column's name.
_HEADINGS: Final[dict[str, str]] = {
    "person_id": "Person", "hcc": "HCC", "hccs": "HCCs", "hcpcs_code": "Procedure", "diagnosis_code": "Diagnosis",
    "hcpcs_family": "Procedure family", "diagnosis_family": "Diagnosis family",
    "submitted_hcpcs_code": "Submitted procedure", "claim_line_number": "Line", "low": "Low (95 %)",
    "high": "High (95 %)", "ebgm": "EBGM", "eb05": "EB05", "eb95": "EB95", "pmi": "PMI (bits)", "p_value": "p",
    "q_value": "q", "top_carc": "Top CARC", "carc": "CARC", "denial_carc": "Denial CARC", "rarc": "RARC", "n": "n",
    "overturn_probability": "Chance of overturn", "rarcs": "RARCs", "became": "What became of it",
    "work_rvu": "Work RVU", "practice_rvu": "Practice RVU", "malpractice_rvu": "Malpractice RVU",
    "total_rvu": "Total RVU", "rvu_per_line": "RVU per line", "rvu_per_person": "RVU per person",
    "allowed_per_rvu": "Allowed per RVU", "paid_per_rvu": "Paid per RVU", "charlson": "Charlson's index",
    "table_name": "Table", "denied_amount": "Denied $",
}  # fmt: skip


def writer(column: str) -> Callable[[Any], str] | None:
    """The function that writes a column's cells, by its name; None where the name tells no unit."""
    named = _BY_NAME.get(column)
    return named or next((write for endings, write in _BY_ENDING if column.endswith(endings)), None)


def cell(column: str, value: Any) -> str:
    """One cell of a table for people, with its unit."""
    if isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1):
        return words(value)
    write = writer(column)
    if write is not None:
        return write(value)
    if isinstance(value, bool):
        return flag(value)
    if isinstance(value, (int, float)) or (hasattr(value, "dtype") and not isinstance(value, str)):
        return count(value)
    return text(value)


def heading(column: str) -> str:
    """A column's heading for people: ``denied_lines`` becomes ``Denied lines``."""
    return _HEADINGS.get(column, column.replace("_", " ").capitalize())


def sentence(text: str) -> str:
    """The text with a capital at its start; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def short(value: Any, width: int = 26) -> str:
    """A label that fits an axis: cut with an ellipsis and safe to show; hover carries the full text."""
    label = text(value)
    return safe(label if len(label) <= width else label[: width - 1].rstrip() + "…")


def safe(value: Any) -> str:
    """Text without markup: plotly reads ``<b>`` and ``<a>`` in labels, claims may hold anything."""
    return html.escape(text(value), quote=False)
