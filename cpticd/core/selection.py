"""Which lines, and by what they are divided: one table of dimensions, and one selection that every analysis takes.

A dimension is written over ``o``, a relation of service lines with the columns of ``line_outcomes`` (of claims, with
those of ``claim_outcomes``), and over the joins that it names. ``by=`` of every analysis and the keywords of
``Claims.where`` are names of this table; columns that a user brought along (table ``attributes``) join it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import pandas as pd

from cpticd.core.code_form import normal_text
from cpticd.core.errors import ArgumentError

Level = Literal["claim", "line", "diagnosis"]
By = str | Sequence[str] | None

#: Joins by alias, in the order in which they build on each other.
JOINS: Final = {
    "c": "LEFT JOIN claims c ON c.claim_id = o.claim_id",
    "l": "LEFT JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number",
    "b": "LEFT JOIN bill_types b ON b.prefix = substr(c.bill_type_code, 1, 2)",
    "h": "LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code",
    "p": "LEFT JOIN pairs p ON p.claim_id = o.claim_id AND p.claim_line_number = o.claim_line_number",
    "f": "LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code",
    "dg": "LEFT JOIN diagnosis_groups dg ON dg.diagnosis_code = p.diagnosis_code",
    "g": "LEFT JOIN procedure_groups g ON g.hcpcs_code = o.hcpcs_code "
    "AND o.service_date >= g.effective_from AND o.service_date <= g.effective_to",
}


@dataclass(frozen=True)
class Dimension:
    """One thing that lines can be divided and chosen by."""

    name: str
    sql: str
    label: str
    level: Level = "line"
    unit: str = ""
    joins: tuple[str, ...] = ()


_INSTITUTIONAL: Final = (
    "(coalesce(c.claim_type, '') = 'institutional' "
    "OR (c.claim_type IS NULL AND c.bill_type_code IS NOT NULL))"
)


def _period(name: str, day: str, label: str, level: Level = "line") -> Dimension:
    step = name.rpartition("_")[2]
    return Dimension(name, f"CAST(date_trunc('{step}', {day}) AS DATE)", label, level, "first day")


_TABLE: Final = (
    Dimension("payer", "o.payer", "payer", "claim"),
    Dimension("payer_kind", "coalesce(c.payer_kind, '(unknown)')", "kind of payer", "claim", joins=("c",)),
    Dimension(
        "claim_type",
        f"CASE WHEN {_INSTITUTIONAL} THEN 'institutional' ELSE 'professional' END",
        "professional or institutional",
        "claim",
        joins=("c",),
    ),
    # Part B bills of inpatients (12X, 22X) are of the outpatient setting, as where rules are judged.
    Dimension(
        "setting",
        f"CASE WHEN NOT {_INSTITUTIONAL} THEN 'practitioner' "
        "WHEN substr(c.bill_type_code, 1, 2) IN ('12', '22') THEN 'outpatient' "
        "ELSE coalesce(b.setting, '(unknown)') END",
        "setting",
        "claim",
        joins=("c", "b"),
    ),
    Dimension("place", "o.place", "place of service, or type of bill"),
    Dimension("facility", "coalesce(c.facility_npi, '(unknown)')", "facility", "claim", "NPI", ("c",)),
    Dimension("provider", "coalesce(c.billing_npi, '(unknown)')", "billing provider", "claim", "NPI", ("c",)),
    Dimension(
        "billing_npi", "coalesce(c.billing_npi, '(unknown)')", "billing provider", "claim", "NPI", ("c",)
    ),
    Dimension(
        "rendering_npi",
        "coalesce(l.rendering_npi, c.billing_npi, '(unknown)')",
        "rendering provider",
        unit="NPI",
        joins=("c", "l"),
    ),
    Dimension(
        "specialty",
        "coalesce(l.rendering_taxonomy, c.billing_taxonomy, '(unknown)')",
        "specialty",
        unit="taxonomy code",
        joins=("c", "l"),
    ),
    Dimension("data_source", "coalesce(c.data_source, '(unknown)')", "file", "claim", joins=("c",)),
    Dimension("hcpcs_code", "coalesce(o.hcpcs_code, '(none)')", "procedure"),
    Dimension("hcpcs_family", "coalesce(h.hcpcs_family, '(none)')", "procedure family", joins=("h",)),
    Dimension(
        "revenue_center_code", "coalesce(l.revenue_center_code, '(none)')", "revenue center", joins=("l",)
    ),
    Dimension(
        "diagnosis_code", "coalesce(p.diagnosis_code, '(none)')", "diagnosis", "diagnosis", joins=("p",)
    ),
    Dimension(
        "diagnosis_category",
        "coalesce(substr(p.diagnosis_code, 1, 3), '(none)')",
        "diagnosis category",
        "diagnosis",
        joins=("p",),
    ),
    Dimension(
        "diagnosis_family",
        "coalesce(f.diagnosis_family, '(none)')",
        "diagnosis family",
        "diagnosis",
        joins=("p", "f"),
    ),
    # A diagnosis of several CCSR categories stands in its first one alone, so that no line counts twice for it.
    *(
        Dimension(name, f"coalesce(nullif(dg.{column}, ''), '(none)')", label, "diagnosis", joins=("p", "dg"))
        for name, column, label in (
            ("ccsr", "ccsr", "CCSR category of the diagnosis (its first)"),
            ("ccsr_body_system", "body_system", "body system of the diagnosis (CCSR)"),
            ("chronic", "chronic", "whether the diagnosis is chronic (AHRQ's indicator)"),
        )
    ),
    *(
        Dimension(name, f"coalesce(g.{column}, '(none)')", label, joins=("g",))
        for name, column, label in (
            ("rbcs", "subcategory", "procedure group (RBCS subcategory)"),
            ("rbcs_category", "category", "procedure group (RBCS category)"),
            ("rbcs_family", "family", "procedure group (RBCS family)"),
        )
    ),
    Dimension(
        "denial_category", "coalesce(o.denial_category, '(not denied)')", "root cause of the first denial"
    ),
    *(_period(step, "o.service_date", f"{step} of service") for step in ("week", "month", "quarter", "year")),
    *(
        _period(f"paid_{step}", "o.first_paid_date", f"{step} of the first adjudication")
        for step in ("week", "month", "quarter", "year")
    ),
)
#: Every dimension by name.
DIMENSIONS: Final[dict[str, Dimension]] = {each.name: each for each in _TABLE}
#: Shorter names of ``Claims.where`` and the dimensions that they choose by.
SHORT: Final = {"hcpcs": "hcpcs_code", "diagnosis": "diagnosis_code"}
#: What ``Claims.where`` takes beside dimensions.
OTHERS: Final = ("dates", "persons")
#: Values that stand for none.
_NAMELESS: Final = ("(none)", "(unknown)")
#: Values that an error lists.
_SHOWN: Final = 12
_ATTRIBUTE: Final = re.compile(r"[a-z_][a-z0-9_]*")


def attribute(name: str) -> Dimension:
    """The dimension of a column that a user brought along; of a line, else of its claim."""
    if not _ATTRIBUTE.fullmatch(name):
        raise ArgumentError(f"attribute {name!r}: expected lower-case letters, digits and _ alone")
    return Dimension(
        name, f"coalesce(al_{name}.value, ac_{name}.value, '(none)')", name, joins=(f"a:{name}",)
    )


def _join(key: str) -> str:
    """SQL of a join by its key."""
    if not key.startswith("a:"):
        return JOINS[key]
    name = key[2:]
    values = f"SELECT {{}}, min(value) AS value FROM attributes WHERE name = '{name}' AND claim_line_number IS {{}}"
    lines = values.format("claim_id, claim_line_number", "NOT NULL") + " GROUP BY claim_id, claim_line_number"
    claims = values.format("claim_id", "NULL") + " GROUP BY claim_id"
    return (
        f"LEFT JOIN ({lines}) al_{name} ON al_{name}.claim_id = o.claim_id "
        f"AND al_{name}.claim_line_number = o.claim_line_number "
        f"LEFT JOIN ({claims}) ac_{name} ON ac_{name}.claim_id = o.claim_id"
    )


def joined(dimensions: Iterable[Dimension], *, but: Iterable[str] = ()) -> str:
    """SQL of the joins that dimensions need, each once, in order; ``but``: those that the query has already."""
    needed = {key for each in dimensions for key in each.joins} - {*but}
    ordered = [key for key in JOINS if key in needed] + sorted(key for key in needed if key not in JOINS)
    return " ".join(_join(key) for key in ordered)


@dataclass(frozen=True)
class Grouping:
    """The dimensions of one ``by=``, as pieces of a query over a relation ``o`` of lines."""

    dimensions: tuple[Dimension, ...]

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.dimensions]

    @property
    def select(self) -> str:
        """``expression AS name, …,`` or nothing."""
        return "".join(f"{each.sql} AS {each.name}, " for each in self.dimensions)

    @property
    def columns(self) -> str:
        """``name, …,`` or nothing."""
        return "".join(f"{name}, " for name in self.names)

    @property
    def group(self) -> str:
        """``GROUP BY name, …`` or nothing."""
        return f"GROUP BY {', '.join(self.names)}" if self.dimensions else ""

    @property
    def joins(self) -> str:
        return joined(self.dimensions)

    def joins_but(self, *had: str) -> str:
        """The joins beside those that the query has already, by alias."""
        return joined(self.dimensions, but=had)

    @property
    def level(self) -> Level:
        """The finest level of the dimensions: of claims, of lines, or of the diagnoses that a line points to."""
        levels: tuple[Level, ...] = ("diagnosis", "line", "claim")
        return next(
            (level for level in levels if any(each.level == level for each in self.dimensions)), "claim"
        )


def grouping(by: By, known: Mapping[str, Dimension], *, argument: str = "by") -> Grouping:
    """The dimensions that a user named, each once; ArgumentError for one that is not known or named twice."""
    wanted = names(by)
    if any(name not in known for name in wanted) or len({*wanted}) < len(wanted):
        raise ArgumentError(f"{argument}={by!r}: expected distinct names out of {list(known)}")
    return Grouping(tuple(known[name] for name in wanted))


def names(by: str | Iterable[str] | None) -> tuple[str, ...]:
    """The names that a ``by=``, or another argument of one or several, was given."""
    return (by,) if isinstance(by, str) else tuple(by or ())


# -- choosing --------------------------------------------------------------------------------------


def days(value: Any) -> tuple[date | None, date | None]:
    """First and last day of ``dates=``; ArgumentError for what is no pair of days in order.

    A month (``"2024-06"``) or a year (``"2024"``) stands for its first day at the beginning, its last at the end.
    """
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != len(("first", "last")):
        raise ArgumentError(f"dates={value!r}: give (first, last), such as ('2024-01-01', '2024-12-31')")
    first, last = _day(value[0]), _day(value[1], last=True)
    if first is not None and last is not None and first > last:
        raise ArgumentError(f"dates: the first day {first} is after the last, {last}")
    return first, last


_SPAN: Final = re.compile(r"\d{4}(-\d{2})?")


def _day(value: Any, *, last: bool = False) -> date | None:
    try:
        if isinstance(value, str) and _SPAN.fullmatch(value):
            span = pd.Period(value)
            return (span.end_time if last else span.start_time).date()
        found = None if value is None else pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"dates: {value!r} is not a date; write it as YYYY-MM-DD") from error
    if found is pd.NaT:
        raise ArgumentError(f"dates: {value!r} is not a date; pass None where there is no bound")
    return None if found is None else found.date()


def criteria(given: Mapping[str, Any], known: Iterable[str], *, what: str = "where") -> dict[str, Any]:
    """Criteria by the names of their dimensions, those of no restriction left out; ArgumentError for others."""
    allowed = [*known, *SHORT, *OTHERS]
    if unknown := [name for name in given if name not in allowed]:
        raise ArgumentError(f"{what}: no {', '.join(map(repr, unknown))}; there are {', '.join(allowed)}")
    return {SHORT.get(name, name): value for name, value in given.items() if value is not None}


def wanted(name: str, value: Any) -> list[str]:
    """Distinct values of a criterion, sorted; codes in normal form."""
    values = texts(name, value)
    if name in SHORT.values():
        return sorted({each if each in _NAMELESS else normal_text(each) for each in values})
    return values


def meant(name: str, values: Sequence[str], there: Collection[str], *, below: bool = False) -> list[str]:
    """The values of the data that a criterion names; ArgumentError for one that no line has.

    ``below``: a code stands for those that begin with it too.
    """
    known = set(there)
    found = {
        value: [code for code in known if code.startswith(value)] if below else [value] for value in values
    }
    if absent := [value for value in values if known.isdisjoint(found[value])]:
        listed = sorted(known)
        shown = ", ".join(listed[:_SHOWN]) + (" …" if len(listed) > _SHOWN else "")
        raise ArgumentError(
            f"{name}: no lines of {', '.join(map(repr, absent))}; there are {shown or 'none'}"
        )
    return sorted({code for value in values for code in found[value]})


def nobody(values: Sequence[str]) -> ArgumentError:
    """The error for persons of whom none has a claim."""
    return ArgumentError(
        f"persons: none of {len(values)} persons, such as {values[0]!r}, has a claim in these claims; "
        "give person_id as the claims have it"
    )


def texts(name: str, value: Any) -> list[str]:
    """Distinct texts, sorted, of one value or several; ArgumentError where there is none, or one is missing."""
    if isinstance(value, pd.DataFrame):
        if "person_id" not in value.columns:
            raise ArgumentError(
                f"{name}: the DataFrame has no column 'person_id'; found {list(value.columns)}"
            )
        value = value["person_id"]
    try:
        values = [value] if isinstance(value, str | int | date) else list(value)
    except TypeError as error:
        raise ArgumentError(f"{name}={value!r}: give a text or a list of texts") from error
    if not values:
        raise ArgumentError(f"{name}: found an empty list; leave {name} out to choose everything")
    wrong = [item for item in values if pd.isna(item) or isinstance(item, float | bool)]
    if wrong:
        raise ArgumentError(f"{name}: found {wrong[0]!r}; every value is a text, and none is missing")
    return sorted({str(item.date() if isinstance(item, pd.Timestamp) else item) for item in values})
