"""How counts of conditions leave: what each table loses where it, or a difference from its sums, is of few persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.core import rounding
from cpticd.core.contract import amend, carry, records_of
from cpticd.core.measure import Cells, Parts
from cpticd.risk.kinds import CODED, GAPS, OPEN, REVIEWED, UNSUPPORTED

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Counts beside a prevalence, which are small where its rate is not, and what follows from them.
_BESIDE: Final = ("open_gaps", "added", "doubtful", "removed")
_EXPECTED: Final = ("expected", "expected_low", "expected_high")
#: Columns of recapture that leave; incidence and persistence are of other persons, who are not counted here.
_RECAPTURE: Final = ("hcc", "label", "year", "due", "recaptured", "recapture_rate", "low", "high")


def _counted(listed: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """Conditions (person_id, hcc, kind) by condition of a kind, by kind, by direction and all together."""
    facts = listed[["person_id", "hcc", "kind"]].astype(str).drop_duplicates()
    facts["direction"] = facts["kind"].where(facts["kind"] == UNSUPPORTED, GAPS)

    def table(*by: str) -> tuple[pd.DataFrame, Cells]:
        groups = facts.assign(every="all").groupby(list(by) or ["every"], sort=True)["person_id"]
        counts = groups.agg(conditions="size", persons="nunique").reset_index()[
            [*by, "conditions", "persons"]
        ]
        # The same facts for all: what one of them shows may give away what another hides.
        return counts, Cells(by=by, persons="persons", facts=lambda claims, frame: facts)

    if facts.empty:
        return {"cells": table("hcc", "kind")}
    return {
        "cells": table("hcc", "kind"),
        "kinds": table("kind"),
        "directions": table("direction"),
        "all": table(),
    }


def _gone(table: pd.DataFrame, *keys: str) -> set[tuple[str, ...]]:
    """Keys of the rows of a table that may not be shown."""
    hidden = table[table["persons"].isna()]
    return set(zip(*(hidden[key].astype(str) for key in keys), strict=True))


def impact_tables(frame: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """The conditions to review, counted."""
    return _counted(frame[frame["status"] == OPEN])


def impact_as_shown(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The open conditions without those and kinds of few persons, and its totals without theirs.

    Persons are not linked, since few have the same conditions; of each condition and kind the rows carry its means. A
    sum of exact scores tells how many persons have which coefficients, so that sums are rounded, as are all totals.
    ``records["hidden_kinds"]``: kinds, directions and ``reviewed`` whose totals were left out.
    """
    if "all" not in tables:  # nothing is open
        return amend(carry(frame, frame.head(0)), {"totals": _totals(frame, frozenset())})
    gone = _gone(tables["cells"], "hcc", "kind")
    kinds = {kind for (kind,) in _gone(tables["kinds"], "kind") | _gone(tables["directions"], "direction")}
    kinds |= {REVIEWED} if tables["all"]["persons"].isna().any() else set()
    opened = tables["cells"][["hcc", "kind"]].astype(str)
    visible = set(zip(opened["hcc"], opened["kind"], strict=True)) - gone
    keys = zip(frame["hcc"].astype(str), frame["kind"].astype(str), strict=True)
    rows = frame[[key in visible for key in keys] & (frame["status"] == OPEN).to_numpy()]
    shown = carry(frame, _unlinked(rows))
    return amend(shown, {"totals": _totals(frame, kinds), "hidden_kinds": sorted(kinds)})


def _unlinked(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by condition and kind, each numbered as a person of its own, with the means of rounded sums."""
    rows = rows.sort_values(["kind", "hcc"], kind="stable").reset_index(drop=True)
    groups = rows.groupby(["kind", "hcc"], observed=True)
    n = groups["hcc"].transform("size")
    values = {}
    for name in rows.columns[[pd.api.types.is_float_dtype(kind) for kind in rows.dtypes]]:
        sums = groups[name].transform("sum") * _scale(name)
        values[name] = (sums.map(rounding.rounded) / _scale(name) / n).astype(rows[name].dtype)
    return rows.assign(person_id=[str(number) for number in range(1, len(rows) + 1)], **values)


def _totals(frame: pd.DataFrame, kinds: AbstractSet[str]) -> list[dict[str, Any]]:
    """The totals without those of ``kinds``, counts and amounts of two digits; after review, the change from coded.

    An exact sum over conditions tells what one of them has that another table hides.
    """
    records = [record for record in records_of(frame).get("totals", []) if str(record["kind"]) not in kinds]
    coded: Mapping[str, Any] = next((each for each in records if each["kind"] == CODED), {})
    shown = []
    for record in records:
        base = coded if record["kind"] == REVIEWED else {}
        shown.append({name: _amount(name, value, base.get(name, 0)) for name, value in record.items()})
    return shown


def _amount(name: str, value: Any, base: float) -> Any:
    if name in ("gaps", "persons"):
        return rounding.rounded(value)
    if not isinstance(value, float):
        return value
    scale = _scale(name)
    return (rounding.rounded((value - base) * scale) + rounding.rounded(base * scale)) / scale


def _scale(name: str) -> float:
    """What makes a whole number of a column's smallest unit: dollars, or thousandths of scores and confidences."""
    return 1.0 if name.endswith("dollars") else 1000.0


def prevalence_tables(frame: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    """The conditions that would be added or removed, counted as those of the impact."""
    return _counted(records_of(frame)["listed"])


def prevalence_as_shown(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Conditions that enough persons have and enough have not; what review would change, where no kind is hidden.

    The same conditions by kind leave with the impact: where one of a condition's kinds may not be shown, neither may
    its sum over kinds, nor what is doubted where the rest of it, on no claim that counts, is of few. Pairs show how
    many persons have a diagnosis in any year: those of them who are not coded in this one are enough, too, or none.
    """
    minimum = int(tables["cells"].attrs["disclosure"]["minimum"])
    coded, rest = frame["coded_persons"], frame["persons"] - frame["coded_persons"]
    ever: pd.Series = records_of(frame)["ever"]
    others = ever.reindex(frame["hcc"].astype(str)).astype("float64").fillna(0).to_numpy() - coded
    kept = (coded >= minimum) & _enough(rest, minimum) & _enough(others, minimum)
    shown = frame[kept].reset_index(drop=True)
    listed: pd.DataFrame = records_of(frame)["listed"]
    doubted = listed.loc[listed["kind"] == UNSUPPORTED, "hcc"].value_counts()
    uncounted = shown["hcc"].astype(str).map(doubted).astype("Float64").fillna(0) - shown["doubtful"]
    of_few = shown["hcc"].astype(str).isin({hcc for (hcc,) in _gone(tables["cells"], "hcc")})
    of_few |= ~_enough(uncounted, minimum)
    for name in (*_BESIDE, *_EXPECTED):
        values = shown[name].astype("Float64")
        small = of_few | (values.between(0, minimum, inclusive="neither") if name in _BESIDE else False)
        shown[name] = values.mask(small)
    return amend(carry(frame, shown), {"listed": listed.head(0), "ever": ever.head(0)})


def recapture(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Conditions and years with enough persons who came back, enough who did not, and enough who are new.

    Those who have a condition and did not come back with it are new: with a prevalence beside it they follow.
    """
    frame_of = frame[list(_RECAPTURE)]
    due = frame_of["due"].fillna(0)
    again = frame_of["recaptured"].fillna(0)
    new = (frame["persons"].fillna(0) - again).clip(lower=0)
    large = (due >= minimum) & _enough(again, minimum) & _enough(due - again, minimum) & _enough(new, minimum)
    shown = frame_of[(due == 0) | large].reset_index(drop=True)
    return carry(frame, shown), len(frame) - len(shown)


def calibration(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Confidences of kinds of whom nobody was reviewed, or enough; counts of strata with enough on either side."""
    reviewed = pd.DataFrame(
        records_of(frame).get("reviewed", []), columns=["kind", "stratum", "persons", "confirmed", "other"]
    )
    persons = frame["kind"].map(records_of(frame).get("persons", {})).fillna(0)
    sides = frame[["kind", "stratum"]].merge(reviewed, on=["kind", "stratum"], how="left").fillna(0)
    enough = _enough(sides["confirmed"], minimum) & _enough(sides["other"], minimum)
    keep = _enough(persons, minimum).to_numpy() & enough.to_numpy()
    return carry(frame, frame[keep].reset_index(drop=True)), int((~keep).sum())


def _enough(values: pd.Series, minimum: int) -> pd.Series:
    return (values >= minimum) | (values == 0)


def _in_few_digits(rows: pd.DataFrame) -> pd.DataFrame:
    names = list(map(str, rows.columns))
    counts = [name for name in names if pd.api.types.is_integer_dtype(rows[name])]
    others = [name for name in names if pd.api.types.is_float_dtype(rows[name])]
    values: dict[str, Any] = rounding.columns_rounded(rows, *counts)
    for name in others:
        values[name] = [value if pd.isna(value) else float(f"{value:.3g}") for value in rows[name]]
    return rows.assign(**values)


def rows_of_enough(
    *counts: tuple[str, str],
) -> Callable[[pd.DataFrame, Claims, int], tuple[pd.DataFrame, int]]:
    """Keeps rows of enough persons, and of none or enough in each part and rest of ``counts`` (part, whole).

    What is left out is of enough persons together, and never a single row: else it would be what is missing from a
    total; the smallest of the others go with it. Totals in the contract leave only where every row does. Beside what
    else leaves, exact numbers would tell of those left out: counts leave in two digits, all else in three.
    """

    def protect(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
        persons = frame["persons"]
        small = ~_enough(persons, minimum)
        for part, whole in counts:
            for values in (frame[part].fillna(0), frame[whole].fillna(0) - frame[part].fillna(0)):
                small |= ~_enough(values, minimum)
        while small.any() and not small.all() and (small.sum() == 1 or persons[small].sum() < minimum):
            small |= frame.index == persons[~small].idxmin()
        shown = carry(frame, _in_few_digits(frame[~small].reset_index(drop=True)))
        return (amend(shown, {"totals": []}) if small.any() else shown), int(small.sum())

    return protect
