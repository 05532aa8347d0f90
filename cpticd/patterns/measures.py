"""What a provider can be measured by: which lines count, and which of them have what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from cpticd.cohort import Cohort
from cpticd.core.contract import CLOCKS
from cpticd.core.errors import ArgumentError
from cpticd.patterns import inputs

Measure = Literal["denial", "code", "level", "pair", "unspecified"]
#: What each measure takes besides, and by what its case mix is adjusted unless said otherwise. What is measured is
#: not adjusted away: a pair's diagnosis, a level's code.
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
        return CLOCKS["initial"] if self.measure == "denial" else inputs.SERVICE_CLOCK


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
    inputs.one_of("measure", measure, TAKES)
    given = {"code": code, "diagnosis": diagnosis, "among": among, "family": family, "level": level}
    extra = [name for name, value in given.items() if value is not None and name not in TAKES[measure]]
    if extra:
        raise ArgumentError(
            f"measure={measure!r} takes {', '.join(TAKES[measure]) or 'nothing more'}; found {extra}"
        )
    absent = [name for name in _NEEDS.get(measure, ()) if given[name] is None]
    if absent:
        raise ArgumentError(f"measure={measure!r} needs {' and '.join(absent)}")
    if measure == "level":
        families = inputs.levels()
        inputs.one_of("family", family, families)
        there = sorted({row["level"] for row in families[str(family)]})
        inputs.one_of("level", level, there[1:])  # all lines have the lowest
    codes = {
        name: tuple(inputs.normal(name, given[name])) if given[name] is not None else ()
        for name in ("code", "diagnosis", "among")
    }
    if codes["among"] and not {*codes["code"]} <= {*codes["among"]}:
        raise ArgumentError(
            f"among={among!r} does not hold {code!r}; the codes that are counted belong to those among"
        )
    return Asked(measure, **codes, family=family or "", level=level or 0)


def rows(cohort: Cohort, what: Asked, provider: str, adjust: list[str]) -> str:
    """Relation of the lines that count: provider (or ``(unknown)``), person_id, stratum, hit (1 or 0)."""
    texts = {"code": what.code, "among": what.among, "diagnosis": what.diagnosis}
    if what.measure == "level":
        cohort.load("family", pa.Table.from_pylist(inputs.levels()[what.family]))
    for name, values in texts.items():
        cohort.load(name, pa.table({"value": pa.array(values, pa.string())}))
    if what.measure == "unspecified":
        from cpticd.reference import traits

        cohort.load("traits", traits.diagnosis().select(["diagnosis_code", "unspecified"]))
    here = cohort.name
    hit, join, where = {
        "denial": ("l.initial_outcome = 'denied'", "", "l.initial_outcome <> 'not adjudicated'"),
        "code": (
            f"l.hcpcs_code IN (SELECT value FROM {here}_code)",
            "",
            f"l.hcpcs_code IN (SELECT value FROM {here}_among)" if what.among else "l.hcpcs_code IS NOT NULL",
        ),
        "level": (
            f"v.level >= {int(what.level)}",
            f"JOIN {here}_family v ON v.code = l.hcpcs_code "
            "AND (v.effective_from IS NULL OR l.service_date >= v.effective_from) "
            "AND (v.effective_to IS NULL OR l.service_date <= v.effective_to)",
            "TRUE",
        ),
        "pair": (
            "m.claim_id IS NOT NULL",
            f"LEFT JOIN (SELECT DISTINCT p.claim_id, p.claim_line_number FROM pairs p "
            f"JOIN {here}_diagnosis w ON w.value = p.diagnosis_code) m "
            "ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number",
            f"l.hcpcs_code IN (SELECT value FROM {here}_code) AND d.diagnosis_code IS NOT NULL",
        ),
        "unspecified": (
            "t.unspecified",
            f"JOIN {here}_traits t ON t.diagnosis_code = d.diagnosis_code",
            "l.hcpcs_code IS NOT NULL",
        ),
    }[what.measure]
    counted = cohort.create(
        "counted",
        f"""
        SELECT l.*, coalesce(d.diagnosis_family, '(none)') AS diagnosis_family, l.{provider} AS provider,
            CASE WHEN {hit} THEN 1 ELSE 0 END AS hit
        FROM {here} l
        LEFT JOIN (
            SELECT p.claim_id, p.claim_line_number, p.diagnosis_code, f.diagnosis_family
            FROM pairs p LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
            WHERE p.is_primary AND p.diagnosis_code IS NOT NULL
        ) d ON d.claim_id = l.claim_id AND d.claim_line_number = l.claim_line_number
        {join}
        WHERE {where}
        """,
    )
    divided = inputs.stratified(cohort, counted, adjust)
    return cohort.create("rows", f"SELECT provider, person_id, stratum, hit FROM {divided} l")
