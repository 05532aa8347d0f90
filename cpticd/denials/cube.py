"""Denials in columns of numbers: read once by SQL, then chosen and added up in milliseconds, for explorers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import codes, sql
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.maturity import MATURITY_DAYS
from cpticd.core.measure import check_claims
from cpticd.core.outcomes import DECIDED
from cpticd.core.partial import check_whole
from cpticd.core.selection import DIMENSIONS, By, Dimension, joined, names
from cpticd.core.session import Session
from cpticd.denials.cube_choice import Column, Rows, choice_of
from cpticd.denials.cube_chosen import Columns
from cpticd.denials.cube_pairs import Pairing, pairing
from cpticd.denials.cube_view import View
from cpticd.denials.named_causes import Causes, in_order
from cpticd.denials.numbering import numbered as texts_numbered
from cpticd.denials.pair_sources import Grain
from cpticd.denials.rates import Decision

#: What lines can be chosen by unless other dimensions are named.
CHOSEN_BY: Final = ("payer", "place", "provider")
#: Dimensions that every cube has, as columns of its lines: what is expected rests on them.
_ALWAYS: Final = ("payer", "place", "hcpcs_code", "billing_npi")
_NUMBERED: Final = (
    *("person_id", "payer", "place", "hcpcs_code", "billing_npi", "initial_outcome", "final_outcome"),
    *("initial_category", "final_category", "initial_carc", "final_carc"),
)
#: A criterion that two columns answer.
_NPIS: Final = {"provider": ("billing_npi", "rendering_npi")}
#: Views that are kept, so that a click that changes no filter adds nothing up again.
_KEPT: Final = 8
#: Quarter of lines without a date of service, as in the table ``strata``.
_UNDATED: Final = np.datetime64("1900-01-01", "M")


@dataclass
class Cube(Columns):
    """Lines and pairs of claims as columns; :meth:`view` chooses among them. Made by :func:`cube`."""

    _views: dict[Any, View] = field(default_factory=dict, repr=False)

    def view(self, *, decision: Decision = "initial", category: Causes = None, **criteria: Any) -> View:
        """One view: the lines that meet all criteria, with rates, causes, trend and pairs as methods.

        criteria: those of ``Claims.where`` that the cube's columns answer: ``dates`` (first and last day, month or
            year of service), ``persons``, ``hcpcs``, payer, place, and what the cube was made ``by``.
        decision: ``initial`` or ``final``: whose denials count.
        category: denials of that root cause, or of several, alone count, over all lines.

        Raises ArgumentError where ``Claims.where`` does, and for criteria that the columns do not answer.
        """
        causes = in_order(category)
        key = (choice_of(criteria, self.known, self.lines), decision, causes)
        if key not in self._views:
            made = View(self, key[0], decision=decision, category=causes)
            while len(self._views) >= _KEPT:
                self._views.pop(next(iter(self._views)), None)
            self._views[key] = made
        return self._views[key]


def cube(claims: Claims, *, by: By = CHOSEN_BY, maturity_days: int = MATURITY_DAYS) -> Cube:
    """One row per service line, and one per line and diagnosis, as columns of numbers that a choice acts on at once.

    claims: any claims, or a selection of them.
    by: dimensions of lines and claims that views choose by, beside payer, place, procedure, person and day of service.
    maturity_days: that of :func:`denials.rates`, for the final decision.

    ``cube.view(payer=…, dates=("2024-01", None), …)`` gives a :class:`View`, whose methods return what ``rates``,
    ``causes``, ``trend`` and ``by_pair`` say of ``claims.where(…)`` of the same criteria. It takes about 150 bytes of
    memory per line. Raises ArgumentError for a dimension that is not there, and for those of diagnoses.

    >>> import cpticd as cx
    >>> from cpticd.denials.cube import cube
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> view = cube(claims).view(place="11", dates=("2024-01", "2024-06"))
    >>> chosen = claims.where(place="11", dates=("2024-01", "2024-06"))
    >>> int(view.rates()["denied"].iloc[0]) == int(cx.denials.rates(chosen)["denied"].iloc[0])
    True
    """
    check_claims("denials.cube.cube", claims)
    check_whole("explore.denials", claims)
    dimensions = _dimensions(claims, by)
    with claims.session() as s:
        s.create(
            "cube_lines",
            sql.text("denials/cube_lines"),
            select=_select(dimensions),
            joins=joined(dimensions, but=["c"]),
            **sql.provider_of("c"),
        )
        lines, pairs = (
            s.fetch("SELECT * FROM cube_lines ORDER BY line"),
            s.fetch(sql.text("denials/cube_pairs")),
        )
        (ends,) = s.rows(sql.text("denials/cube_ends"))
        beside = _beside(s, dimensions)
        families = _families(s)
        flags = {of: _flags(s, of) for of in ("category", "carc")}
    numbered = {name: _numbered(lines.column(name)) for name in _NUMBERED}
    chosen_by = {name: numbered[name] for name in (*_ALWAYS, "person_id")}
    # As the dimension calls lines without a procedure.
    chosen_by["hcpcs_code"] = chosen_by["hcpcs_code"].named("(none)")
    chosen_by |= {each.name: _numbered(lines.column(f"by_{each.name}")) for each in dimensions}
    day = _days(lines, "service_date")
    strata = _strata(numbered, day.astype("datetime64[M]"))
    clusters = _clustered(lines, numbered["person_id"])
    made = _pairings(pairs, numbered, strata, clusters, families)
    return Cube(
        columns=numbered,
        lines=Rows(chosen_by, day, beside),
        known=tuple(claims.known_dimensions()),
        selection=dict(claims.selection),
        old_enough=_old_enough(_days(lines, "first_paid_date"), ends["paid"], maturity_days),
        last_day=np.datetime64(ends["day"] or "NaT", "D"),
        charge=_floats(lines, "charge_amount"),
        amount={decision: _floats(lines, f"{decision}_amount") for decision in ("initial", "final")},
        decided={decision: _decided(numbered[f"{decision}_outcome"]) for decision in ("initial", "final")},
        claim_id=lines.column("claim_id").combine_chunks(),
        line_number=lines.column("claim_line_number").to_numpy(),
        strata=strata,
        clusters=clusters,
        flags=flags,
        pairs=made,
    )


def _pairings(
    pairs: pa.Table,
    numbered: Mapping[str, Column],
    strata: np.ndarray,
    clustered: Mapping[str, np.ndarray],
    families: Mapping[str, Mapping[str, str]],
) -> dict[Grain, Pairing]:
    """Pairs of codes and of families."""
    diagnosis = _numbered(pairs.column("diagnosis_code"))
    pointed_by = (pairs.column("line").to_numpy(), diagnosis.code, pairs.column("share").to_numpy())
    shared: dict[str, Any] = {
        "diagnosis_names": diagnosis.names,
        "strata": strata,
        "procedures": numbered["hcpcs_code"],
        "payer": numbered["payer"].code,
        "person": numbered["person_id"].code,
        "clustered": clustered,
        "families": families,
    }
    return {grain: pairing(grain, *pointed_by, **shared) for grain in ("code", "family")}


def _clustered(lines: pa.Table, person: Column) -> dict[str, np.ndarray]:
    """Of each line its claim, its person (one of the claim's own where it is not known) and its provider."""
    claim = _numbered(lines.column("claim_id")).code.astype(np.int64)
    whose = np.where(person.code >= 0, person.code, len(person.names) + claim)
    provider = _numbered(lines.column("clinician")).code + 1
    return {"claim": claim, "person": whose, "provider": provider}


def _dimensions(claims: Claims, by: By) -> list[Dimension]:
    """What views choose by, beside the columns that every cube has."""
    wanted = [one for name in names(by) for one in _NPIS.get(name, (name,))]
    groups = claims.grouping([name for name in dict.fromkeys(wanted) if name not in _ALWAYS])
    if groups.level == "diagnosis":
        raise ArgumentError(
            f"by={by!r}: a cube chooses lines; choose by diagnoses before, by claims.where(diagnosis=…)"
        )
    return list(groups.dimensions)


def _select(dimensions: list[Dimension]) -> str:
    return "".join(f"CAST({each.sql} AS VARCHAR) AS by_{each.name}, " for each in dimensions)


def _beside(s: Session, dimensions: list[Dimension]) -> dict[str, list[str]]:
    """Of what is chosen by, the values that claims without lines have."""
    always = [DIMENSIONS[name] for name in _ALWAYS]
    of_claims = [each for each in (*always, *dimensions) if each.level == "claim"]
    wanted = {"person_id": "o.person_id"} | {each.name: each.sql for each in of_claims}
    found = s.frame(
        sql.text("denials/cube_claims"),
        select=", ".join(f"CAST({text} AS VARCHAR) AS {name}" for name, text in wanted.items()),
        joins=joined(of_claims),
    )
    return {name: found[name].dropna().unique().tolist() for name in wanted}


def _numbered(column: pa.ChunkedArray) -> Column:
    return Column(*texts_numbered(column))


def _floats(table: pa.Table, name: str) -> np.ndarray:
    return table.column(name).cast(pa.float64()).to_numpy()


def _days(table: pa.Table, name: str) -> np.ndarray:
    days = table.column(name).combine_chunks().cast(pa.date32()).to_numpy(zero_copy_only=False)
    return days.astype("datetime64[D]")


def _old_enough(paid: np.ndarray, last: Any, days: int) -> np.ndarray:
    """Lines whose first adjudication is at least ``days`` before the last one in the data set, or not dated."""
    if last is None:
        return np.ones(len(paid), dtype=bool)
    return np.isnat(paid) | (paid <= np.datetime64(last, "D") - np.timedelta64(days, "D"))


def _decided(outcome: Column) -> np.ndarray:
    """Lines whose outcome is known."""
    return np.isin(outcome.code, [outcome.number(word) for word in DECIDED])


def _strata(numbered: Mapping[str, Column], month: np.ndarray) -> np.ndarray:
    """Of each line its procedure, payer, place and quarter of service, as one number."""
    dated = np.where(np.isnat(month), _UNDATED, month)
    quarter = dated.astype(np.int64) // 3
    key = np.zeros(len(month), dtype=np.int64)
    for part in (numbered["hcpcs_code"].code, numbered["payer"].code, numbered["place"].code, quarter):
        _, number = np.unique(part, return_inverse=True)
        key = key * (int(number.max(initial=0)) + 1) + number
        _, key = np.unique(key, return_inverse=True)
    return key.astype(np.int32)


def _families(s: Session) -> dict[str, dict[str, str]]:
    """Code -> family, of procedures and of diagnoses."""
    found = {}
    for what, relation in (("hcpcs", "procedure_families"), ("diagnosis", "diagnosis_families")):
        table = s.fetch(f"SELECT {what}_code AS code, {what}_family AS family FROM {relation}")
        found[what] = {row["code"]: row["family"] or codes.UNKNOWN_FAMILY for row in table.to_pylist()}
    return found


def _flags(s: Session, by: str) -> pd.DataFrame:
    """One row per category, or per CARC: its flags, ``partly`` where they differ, and its category."""
    flags = ("coding_related", "diagnosis_related", "preventable")
    merged = ", ".join(f"CASE WHEN min({f}) = max({f}) THEN min({f}) ELSE 'partly' END AS {f}" for f in flags)
    table = s.fetch(f"SELECT {by}, {merged} FROM carc_categories WHERE is_denial GROUP BY {by} ORDER BY {by}")
    return table.to_pandas().set_index(by)
