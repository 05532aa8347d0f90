"""What leaves of risk adjustment: conditions by kind in one system, rates of conditions with enough persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.charts import risk_parts as parts
from cpticd.core.contract import amend, carry, records_of
from cpticd.disclosure import Release

if TYPE_CHECKING:
    from cpticd.reporting.findings import Findings

#: Counts beside a prevalence, which are small where its rate is not.
BESIDE: Final = ("open_gaps", "added", "doubtful", "removed")
RECAPTURE: Final = ["hcc", "label", "year", "due", "recaptured", "recapture_rate", "low", "high"]


def add(release: Release, found: Findings) -> None:
    """Conditions to review by condition and kind, by kind, by direction and all together; reasons of one direction."""
    impact = found.get("risk_impact")
    if impact.empty:
        return
    open_ = parts.to_review(impact)[["person_id", "hcc", "label", "kind"]].astype(str)
    if open_.empty:
        return
    facts = open_.drop(columns="label").drop_duplicates()
    facts["direction"] = facts["kind"].where(facts["kind"] == parts.UNSUPPORTED, parts.GAPS)
    reasons = _reasons(found)
    flags = {name: f"reason_{place}" for place, name in enumerate(reasons)}
    listed = _listed(found)
    for name, column in flags.items():
        has = {key for key, names in listed.items() if name in names}
        thin = facts["kind"] == parts.UNSUPPORTED
        keys = zip(facts["person_id"], facts["hcc"], strict=True)
        facts[column] = [bool(is_thin and key in has) for is_thin, key in zip(thin, keys, strict=True)]

    def counted(by: list[str]) -> pd.DataFrame:
        groups = facts.assign(every=0).groupby(by or ["every"], sort=True)["person_id"]
        return groups.agg(conditions="size", persons="nunique").reset_index()[[*by, "conditions", "persons"]]

    for name, by in (("risk_cells", ["hcc", "kind"]), ("risk_kinds", ["kind"]), ("risk_directions", ["direction"]),
                     ("risk_all", [])):  # fmt: skip
        release.add(name, counted(by), by=by, persons="persons", facts=facts)
    if reasons:
        row = pd.DataFrame([{"conditions": sum(facts["kind"] == parts.UNSUPPORTED)} | reasons])
        facts["thin"] = facts["kind"] == parts.UNSUPPORTED
        release.add("risk_reasons", row, where="thin", facts=facts,
                    numerators={column: name for name, column in flags.items()})  # fmt: skip


def _listed(found: Findings) -> dict[tuple[str, str], set[str]]:
    thin = found.get("risk_unsupported")
    if thin.empty:
        return {}
    return {
        (str(person), str(hcc)): set(map(str, reasons))
        for person, hcc, reasons in zip(thin["person_id"], thin["hcc"], thin["reasons"], strict=True)
    }


def _reasons(found: Findings) -> dict[str, int]:
    """How many coded conditions each reason stands for."""
    thin = found.get("risk_unsupported")
    listed: list[str] = [str(reason) for each in thin.get("reasons", []) for reason in each]
    return {name: listed.count(name) for name in sorted(set(listed))}


def apply(kept: Findings, found: Findings, release: Release) -> None:
    """Put what the release shows into the frames of ``kept``."""
    if "risk_kinds" in release.names:
        _impact(kept, found, release)
    if "risk_reasons" in release.names:
        row = release["risk_reasons"].iloc[0]
        rows = [(name, row[name]) for name in _reasons(found)]
        rows.sort(key=lambda item: (-(0 if pd.isna(item[1]) else int(item[1])), item[0]))
        kept.frames["risk_reasons"] = pd.DataFrame(rows, columns=["reason", "conditions"], dtype=object)
    cells = (
        release["risk_cells"] if "risk_cells" in release.names else pd.DataFrame(columns=["hcc", "persons"])
    )
    if kept.has("risk_prevalence"):
        kept.frames["risk_prevalence"] = _prevalence(kept, set(cells.loc[cells["persons"].isna(), "hcc"]))
    if kept.has("risk_persistence"):
        kept.frames["risk_persistence"] = _persistence(kept)


def _impact(kept: Findings, found: Findings, release: Release) -> None:
    """The impact without the conditions of hidden cells, its totals without hidden kinds."""
    impact = found.get("risk_impact")
    cells, kinds = release["risk_cells"], release["risk_kinds"]
    shown = cells[cells["persons"].notna()]
    visible = set(zip(shown["hcc"], shown["kind"], strict=True))
    keep = [key in visible for key in zip(impact["hcc"].astype(str), impact["kind"].astype(str), strict=True)]
    hidden = set(kinds.loc[kinds["persons"].isna(), "kind"])
    directions = release["risk_directions"]
    hidden |= set(directions.loc[directions["persons"].isna(), "direction"])
    if release["risk_all"]["persons"].isna().any():
        hidden.add(parts.REVIEWED)
    kept_rows = impact[keep].reset_index(drop=True)
    totals = [record for record in records_of(impact)["totals"] if str(record["kind"]) not in hidden]
    left = {"totals": totals, "hidden_kinds": sorted(hidden)}
    kept.frames["risk_impact"] = amend(carry(impact, kept_rows), left)


def _prevalence(kept: Findings, hidden: set[str]) -> pd.DataFrame:
    """Conditions that enough persons have and enough have not; what review would change, where no kind is hidden."""
    frame, least = kept.get("risk_prevalence"), kept.minimum
    coded, rest = frame["coded_persons"], frame["persons"] - frame["coded_persons"]
    shown = frame[(coded >= least) & _enough(rest, least)].reset_index(drop=True)
    of_few = shown["hcc"].astype(str).isin(hidden)
    for name in (*BESIDE, "expected", "expected_low", "expected_high"):
        values = shown[name].astype("Float64")
        small = of_few | (values.between(0, least, inclusive="neither") if name in BESIDE else False)
        shown[name] = values.mask(small)
    shown = carry(frame, shown)
    _say(kept, "risk_prevalence", len(frame), len(shown))
    return shown


def _persistence(kept: Findings) -> pd.DataFrame:
    """Conditions and years with enough persons who came back and enough who did not."""
    frame, least = kept.get("risk_persistence")[RECAPTURE], kept.minimum
    due = frame["due"].fillna(0)
    keep = due == 0
    large = (due >= least) & _enough(frame["recaptured"], least) & _enough(due - frame["recaptured"], least)
    shown = frame[keep | large].reset_index(drop=True)
    shown = carry(kept.get("risk_persistence"), shown)
    _say(kept, "risk_persistence", len(frame), len(shown))
    return shown


def _enough(values: pd.Series, least: int) -> pd.Series:
    return (values >= least) | (values == 0)


def _say(kept: Findings, name: str, cells: int, shown: int) -> None:
    kept.said[name] = {"cells": cells, "suppressed": cells - shown, "complementary": 0}


def is_hidden(impact: pd.DataFrame, kind: str) -> bool:
    """Whether a kind's total was left out."""
    hidden: Any = records_of(impact).get("hidden_kinds", ())
    return kind in hidden
