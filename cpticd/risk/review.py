"""Part of an impact: the conditions that somebody chooses to review, persons by them, and each with its evidence."""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd.core.contract import amend, carry, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, measure
from cpticd.core.selection import names
from cpticd.risk.kinds import CODED, GAPS, OPEN, REVIEWED, UNSUPPORTED
from cpticd.stats import normal_quantile

Direction = Literal["both", "gaps", "unsupported"]
DIRECTIONS: Final = ("both", "gaps", "unsupported")
_NEEDED: Final = ("person_id", "hcc", "kind", "status", "confidence", "shapley_score", "expected_score")
_CONFIDENCE: Final = 0.95
#: Columns of the review list, beside those of the impact that it has.
REVIEW: Final = (
    "person_id", "hcc", "label", "kind", "confidence", "expected_score", "expected_dollars", "shapley_score",
    "shapley_dollars", "evidence", "evidence_codes", "evidence_claims", "evidence_dates",
)  # fmt: skip


def selected(
    impact: pd.DataFrame,
    *,
    direction: Direction = "both",
    kind: str | Collection[str] | None = None,
    hcc: str | Collection[str] | None = None,
    person_id: str | None = None,
    min_confidence: float = 0.0,
) -> pd.DataFrame:
    """One row per person and open condition of ``impact`` that is chosen, with the totals of what is chosen.

    Parameters: ``impact`` as ``risk.impact`` returns it; ``direction``, gaps, unsupported or both; ``kind`` of a gap
    (or unsupported) and ``hcc``, one or several; ``person_id``, ``min_confidence``: None and 0 choose all.

    The contract's records ``totals`` are those of ``risk.impact`` for the part. A kind or direction that is chosen
    whole keeps its record. A part of one is the sum of its rows' shares of the whole (``expected_score``, Shapley's
    rule), with the interval of its confidences, each condition coming true by itself: what it adds to a review of
    all, not what a review of it alone would find where a person's conditions bear on each other. What is expected
    after a partial review is the score as coded and the sum of both directions.
    Raises ArgumentError for other frames and an unknown direction.
    """
    missing = [name for name in _NEEDED if name not in impact.columns]
    before = records_of(impact).get("totals")
    if missing or not isinstance(before, list):
        raise ArgumentError(
            f"selected: no {missing or 'totals in its contract'}; found "
            f"{list(impact.columns)}; give what risk.impact returns"
        )
    if direction not in DIRECTIONS:
        raise ArgumentError(
            f"selected: direction {direction!r} is unknown; give one of {', '.join(DIRECTIONS)}"
        )
    whole, impact = impact, _bare(impact)
    kept = (impact["status"] == OPEN) & (impact["confidence"] >= min_confidence)
    if direction != "both":
        kept &= (impact["kind"] == UNSUPPORTED) == (direction == UNSUPPORTED)
    for name, value in (("kind", kind), ("hcc", hcc), ("person_id", person_id)):
        if value is not None:
            kept &= impact[name].isin(names(value))
    rows = impact[kept].reset_index(drop=True)
    totals = _totals(rows, {str(one["kind"]): one for one in before})
    chosen = {"direction": direction, "kind": kind, "hcc": hcc, "min_confidence": min_confidence}
    return amend(carry(whole, rows), {"totals": totals}, rows_left_out=int((~kept).sum()), chosen=chosen)


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without its contract, which is no longer true of what is made of it."""
    bare = frame.copy(deep=False)
    bare.attrs = {}
    return bare


def _totals(rows: pd.DataFrame, whole: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Records as of risk.impact: coded, the kinds of gaps, gaps, unsupported, reviewed."""
    thin = rows["kind"] == UNSUPPORTED
    coded = whole[CODED]
    found = [coded]
    names = [name for name in whole if name not in (CODED, GAPS, UNSUPPORTED, REVIEWED)]
    here = set(rows.loc[~thin, "kind"])
    found += [
        _record(name, GAPS, rows[~thin & (rows["kind"] == name)], whole) for name in names if name in here
    ]
    if not thin.all():
        found.append(_record(GAPS, GAPS, rows[~thin], whole))
    if thin.any():
        found.append(_record(UNSUPPORTED, UNSUPPORTED, rows[thin], whole))
    if len(rows) == whole[REVIEWED]["gaps"]:
        return [*found, whole[REVIEWED]]
    return [*found, _reviewed(rows, coded, [one for one in found if one["kind"] in (GAPS, UNSUPPORTED)])]


def _record(
    kind: str, direction: str, part: pd.DataFrame, whole: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The record of a kind: as it was where it is whole, else the sum of its rows."""
    if kind in whole and whole[kind]["gaps"] == len(part):
        return whole[kind]
    record: dict[str, Any] = {
        "direction": direction, "kind": kind, "gaps": len(part), "persons": int(part["person_id"].nunique()),
    }  # fmt: skip
    chance = (part["confidence"] * (1 - part["confidence"])).to_numpy(float)
    for unit in ("score", "dollars"):
        if f"expected_{unit}" not in part:
            continue
        value = part[f"shapley_{unit}"].to_numpy(float)
        total = float(part[f"expected_{unit}"].sum())
        half = normal_quantile(_CONFIDENCE) * sqrt(float(np.sum(chance * value**2)))
        low, high = ("low", "high") if unit == "score" else ("low_dollars", "high_dollars")
        record |= {unit: float(value.sum()), f"expected_{unit}": total, low: total - half, high: total + half}
    return record


def _reviewed(rows: pd.DataFrame, coded: dict[str, Any], both: list[dict[str, Any]]) -> dict[str, Any]:
    """Everybody as coded, changed by the directions, whose chances are their own."""
    record: dict[str, Any] = {
        "direction": REVIEWED, "kind": REVIEWED, "gaps": len(rows), "persons": int(rows["person_id"].nunique()),
    }  # fmt: skip
    for unit, low, high in (("score", "low", "high"), ("dollars", "low_dollars", "high_dollars")):
        name = f"expected_{unit}"
        if name not in coded:
            continue
        total = coded[name] + sum(one[name] for one in both)
        half = sqrt(sum((one[high] - one[name]) ** 2 for one in both))
        record |= {
            unit: coded[unit] + sum(one[unit] for one in both), name: total, low: total - half, high: total + half,
        }  # fmt: skip
    return record


@measure(heading="Conditions to review", leaves=Records(), of_claims=False)
def review(impact: pd.DataFrame, gaps: pd.DataFrame, unsupported: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per person and open condition, with its evidence: for a clinician and a coder to review.

    Parameters: ``impact`` as ``risk.impact`` or :func:`selected` returns it of these ``gaps`` and ``unsupported``.
    evidence is the gap's, or why the support is thin; evidence_codes (of unsupported ones the codes that stand),
    evidence_claims and evidence_dates are lists. Persons with the largest expected change first, either direction,
    then by person; a person's conditions by their expected change.
    """
    names = ["evidence", "evidence_codes", "evidence_claims", "evidence_dates"]
    listed = [_bare(gaps)[["person_id", "hcc", *names]].assign(thin=False)]
    if unsupported is not None:
        thin = _bare(unsupported).rename(columns={"reason": "evidence", "diagnosis_codes": "evidence_codes"})
        listed.append(thin[["person_id", "hcc", *names]].assign(thin=True))
    every = pd.concat(listed, ignore_index=True).drop_duplicates(["person_id", "hcc", "thin"])
    rows = _bare(impact)
    rows = rows[rows["status"] == OPEN].assign(thin=lambda frame: frame["kind"] == UNSUPPORTED)
    rows = rows.merge(every, on=["person_id", "hcc", "thin"], how="left")
    rows["evidence"] = rows["evidence"].fillna("")
    for name in names[1:]:
        rows[name] = [
            list(cell) if isinstance(cell, list | tuple | np.ndarray) else [] for cell in rows[name]
        ]
    rows["_size"] = rows["expected_score"].abs().round(9)
    rows["_person"] = rows.groupby("person_id")["_size"].transform("sum").round(9)
    rows = rows.sort_values(
        ["_person", "person_id", "_size", "hcc", "thin"],
        ascending=[False, True, False, True, True],
        ignore_index=True,
    )
    result = rows[[name for name in REVIEW if name in rows]]
    return carry(impact, result)


@measure(heading="Persons to review", leaves=Records(), of_claims=False)
def persons(impact: pd.DataFrame) -> pd.DataFrame:
    """One row per person with an open condition: how many in each direction, and what they are expected to change.

    Columns: person_id, gaps, unsupported, expected_gaps, expected_unsupported (sums of confidences), raise_score,
    lower_score (negative), net_score and, where the impact has them, the same in dollars; label (of the condition
    with the largest expected change). The largest sum of changes, whatever their direction, first.
    """
    rows = _bare(impact)
    rows = rows[rows["status"] == OPEN] if "status" in rows else rows
    thin = rows["kind"] == UNSUPPORTED
    parts = {
        "gaps": ~thin, "unsupported": thin, "expected_gaps": rows["confidence"].where(~thin, 0.0),
        "expected_unsupported": rows["confidence"].where(thin, 0.0),
    }  # fmt: skip
    units = [unit for unit in ("score", "dollars") if f"expected_{unit}" in rows]
    for unit in units:
        value = rows[f"expected_{unit}"]
        up, down = value.where(~thin, 0.0), value.where(thin, 0.0)
        parts |= {f"raise_{unit}": up, f"lower_{unit}": down, f"net_{unit}": value}
    found = pd.DataFrame(parts).groupby(rows["person_id"]).sum()
    largest = rows.assign(_size=rows["expected_score"].abs().round(9)).sort_values(
        ["_size", "hcc"], ascending=[False, True]
    )
    found["label"] = largest.drop_duplicates("person_id").set_index("person_id")["label"].reindex(found.index)
    found = found.astype({"gaps": "int64", "unsupported": "int64"})
    found["_size"] = (found["raise_score"] - found["lower_score"]).round(9)
    found = found.reset_index().sort_values(
        ["_size", "person_id"], ascending=[False, True], ignore_index=True
    )
    return found.drop(columns="_size")
