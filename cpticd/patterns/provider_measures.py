"""What a provider can be measured by: which lines count, and which of them have what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa

from cpticd import model, sql
from cpticd.core.arguments import one_of
from cpticd.core.code_form import normal
from cpticd.core.contract import CLOCKS
from cpticd.core.errors import ArgumentError
from cpticd.core.outcomes import decided
from cpticd.core.selection import Grouping
from cpticd.core.session import Session
from cpticd.patterns import code_levels, code_pairs
from cpticd.reference import traits

Measure = Literal["denial", "code", "level", "pair", "unspecified"]
#: What each measure takes besides, and by what its case mix is adjusted by default. What is measured is not adjusted
#: away: a pair's diagnosis, a level's code.
TAKES: Final = {
    "denial": (),
    "code": ("code", "among"),
    "level": ("family", "level"),
    "pair": ("code", "diagnosis"),
    "unspecified": (),
}
ADJUST: Final = {
    "denial": ("payer", "place", "hcpcs_family", "diagnosis_family"),
    "code": ("payer", "place", "hcpcs_family", "diagnosis_family"),
    "level": ("payer", "place", "diagnosis_family"),
    "pair": ("payer", "place"),
    "unspecified": ("payer", "place", "hcpcs_family", "diagnosis_family"),
}
#: Names of all that any of them takes.
ARGUMENTS: Final = ("code", "diagnosis", "among", "family", "level")
_NEEDS: Final = {"code": ("code",), "level": ("family", "level"), "pair": ("code", "diagnosis")}


@dataclass(frozen=True)
class Asked:
    """A measure with all that it takes, checked."""

    measure: str
    code: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    family: str = ""
    level: int = 0

    @property
    def title(self) -> str:
        """The measure in words."""
        return {
            "denial": "share of lines denied at first",
            "code": f"share of {' '.join(self.code)}",
            "level": f"share of level {self.level} or higher, {self.family}",
            "pair": f"share of {' '.join(self.code)} that points to {' '.join(self.diagnosis)}",
            "unspecified": "share of lines whose primary diagnosis is unspecified",
        }[self.measure]

    @property
    def numerator(self) -> str:
        """What counts, in words."""
        return {
            "denial": "lines denied at first adjudication",
            "code": f"lines of {' '.join(self.code)}",
            "level": f"lines of level {self.level} or higher",
            "pair": f"lines that point to {' '.join(self.diagnosis)}",
            "unspecified": "lines whose primary diagnosis has an official title that says unspecified (AHIMA)",
        }[self.measure]

    @property
    def denominator(self) -> str:
        """Out of what, in words."""
        return {
            "denial": "adjudicated service lines",
            "code": f"service lines of {' '.join(self.among)}"
            if self.among
            else "service lines with a procedure",
            "level": f"service lines of the family {self.family!r} (code_families)",
            "pair": f"service lines of {' '.join(self.code)} with a diagnosis",
            "unspecified": "service lines with a procedure whose primary diagnosis is an ICD-10-CM code",
        }[self.measure]

    @property
    def clock(self) -> str:
        """When the measure is taken."""
        return CLOCKS["initial"] if self.measure == "denial" else code_pairs.SERVICE_CLOCK


def asked(
    measure: str,
    *,
    code: str | Sequence[str] | None,
    diagnosis: str | Sequence[str] | None,
    among: str | Sequence[str] | None,
    family: str | None,
    level: int | None,
) -> Asked:
    """The measure with its arguments; ArgumentError where one is missing, not taken, or not known."""
    one_of("measure", measure, TAKES)
    given: dict[str, Any] = {
        "code": code,
        "diagnosis": diagnosis,
        "among": among,
        "family": family,
        "level": level,
    }
    extra = [name for name, value in given.items() if value is not None and name not in TAKES[measure]]
    if extra:
        raise ArgumentError(
            f"measure={measure!r} takes {', '.join(TAKES[measure]) or 'nothing more'}; found {extra}"
        )
    absent = [name for name in _NEEDS.get(measure, ()) if given[name] is None]
    if absent:
        raise ArgumentError(f"measure={measure!r} needs {' and '.join(absent)}")
    if measure == "level":
        families = code_levels.families()
        one_of("family", family, families)
        there = sorted({row["level"] for row in families[str(family)]})
        one_of("level", level, there[1:])  # all lines have the lowest
    wanted = {
        name: tuple(_normal(name, given[name])) if given[name] is not None else ()
        for name in ("code", "diagnosis", "among")
    }
    if wanted["among"] and not {*wanted["code"]} <= {*wanted["among"]}:
        raise ArgumentError(
            f"among={among!r} does not hold {code!r}; the codes that are counted belong to those among"
        )
    return Asked(measure, **wanted, family=family or "", level=level or 0)


def _normal(name: str, value: str | Sequence[str] | None) -> list[str]:
    """Codes in normal form, one or several; ArgumentError where there is none."""
    given = [value] if isinstance(value, str) else list(value or [])
    found = [code for code in normal(given).tolist() if isinstance(code, str) and code] if given else []
    if not found or len(found) < len(given):
        raise ArgumentError(f"{name}={value!r}: give one code or a list of codes, such as '99214'")
    return sorted({*found})


#: The primary diagnosis of a line by the dimensions that it has.
_DIAGNOSIS: Final = {
    "diagnosis_code": "coalesce(d.diagnosis_code, '(none)')",
    "diagnosis_category": "coalesce(substr(d.diagnosis_code, 1, 3), '(none)')",
    "diagnosis_family": "coalesce(d.diagnosis_family, '(none)')",
}
#: Of each measure what counts (hit), what it joins, and which lines are of it.
_COUNTED: Final = {
    "denial": (
        "l.initial_outcome = 'denied'",
        "",
        decided("l.initial_outcome"),
    ),
    "code": ("l.hcpcs_code IN (SELECT value FROM code_wanted)", "", "l.hcpcs_code IS NOT NULL"),
    "level": (
        "v.level >= {level}",
        "JOIN code_levels v ON v.code = l.hcpcs_code "
        "AND (v.effective_from IS NULL OR l.service_date >= v.effective_from) "
        "AND (v.effective_to IS NULL OR l.service_date <= v.effective_to)",
        "TRUE",
    ),
    "pair": (
        "m.claim_id IS NOT NULL",
        "LEFT JOIN (SELECT DISTINCT p.claim_id, p.claim_line_number FROM pairs p "
        "JOIN diagnosis_wanted w ON w.value = p.diagnosis_code) m "
        "ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number",
        "l.hcpcs_code IN (SELECT value FROM code_wanted) AND d.diagnosis_code IS NOT NULL",
    ),
    "unspecified": (
        "t.unspecified",
        "JOIN unspecified_codes t ON t.diagnosis_code = d.diagnosis_code",
        "l.hcpcs_code IS NOT NULL",
    ),
}


def lines_of(s: Session, what: Asked, provider: Grouping, adjust: Grouping) -> dict[str, Any]:
    """Make the relation ``provider_rows`` in a session; returns what a contract says of its lines.

    One row per line that counts: provider (or ``(unknown)``), claim_id, person_id, stratum, hit (1 or 0).
    """
    of_lines = {
        each.name: each for each in (*provider.dimensions, *adjust.dimensions) if each.level != "diagnosis"
    }
    # A first denial often stands on a claim that was replaced because of it.
    terms = model.standing_lines(s, Grouping(tuple(of_lines.values())), superseded=what.measure == "denial")
    if what.measure == "level":
        code_levels.load(s, [what.family])
    for name, values in (("code", what.code), ("among", what.among), ("diagnosis", what.diagnosis)):
        s.load(f"{name}_wanted", pa.table({"value": pa.array(values, pa.string())}))
    if what.measure == "unspecified":
        s.load("unspecified_codes", traits.diagnosis().select(["diagnosis_code", "unspecified"]))
    hit, join, where = _COUNTED[what.measure]
    if what.among:
        where = "l.hcpcs_code IN (SELECT value FROM among_wanted)"
    s.create(
        "provider_lines",
        sql.text("patterns/provider_lines"),
        diagnosis="".join(
            f"{text} AS by_{name}, " for name, text in _DIAGNOSIS.items() if name in adjust.names
        ),
        provider=provider.names[0],
        hit=hit.format(level=int(what.level)),
        join=join,
        where=where,
    )
    code_pairs.stratified(s, "provider_lines", [f"by_{name}" for name in adjust.names])
    s.create("provider_rows", "SELECT provider, claim_id, person_id, stratum, hit FROM stratified l")
    return terms
