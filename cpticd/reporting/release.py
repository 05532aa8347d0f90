"""What leaves with a report: its parts in one release, each as its measure declares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from cpticd import disclosure
from cpticd.core.contract import carry
from cpticd.core.measure import Cells, Linked, Records, leaves
from cpticd.disclosure import Release
from cpticd.reporting import data_set

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.reporting.findings import Findings


def protected(found: Findings, claims: Claims) -> Findings:
    """The findings as they may leave: every part through one release, by the session's settings.

    Of parts whose rows are records nothing but their contract stays. A part that no measure declares is refused
    (DisclosureError). Where disclosure control is off, nothing changes but that providers are numbered.
    """
    if not disclosure.settings().is_on:
        return replace(found, frames={key: without_providers(frame) for key, frame in found.frames.items()})
    release = release_of(found, claims)
    with claims.session() as s:
        persons = int(s.value("SELECT count(person_id) AS n FROM claims"))
    kept = replace(
        found, frames={}, reasons=dict(found.reasons), account={}, minimum=disclosure.settings().minimum,
        names_persons=persons > 0,
    )  # fmt: skip
    for key, frame in found.frames.items():
        if key not in release.names:
            kept.frames[key] = carry(frame, frame.head(0))
            continue
        kept.frames[key] = without_providers(release[key])
        account = kept.frames[key].attrs.get("disclosure", {})
        kept.account[key] = {
            name: int(account.get(name, 0))
            for name in ("cells", "suppressed", "complementary", "comparisons")
        }
    if kept.has("accounting") and data_set.lost_figures(kept.get("summary")):
        kept.frames["accounting"] = data_set.without_loaded(kept.get("accounting"))
    return kept


def without_providers(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with providers numbered in the order of its rows: a report names none."""
    columns = [
        name for name in map(str, frame.columns) if name.endswith("_npi") and frame[name].notna().any()
    ]
    if not columns:
        return frame
    numbered = {}
    for name in columns:
        order = pd.Series(pd.factorize(frame[name])[0] + 1, index=frame.index).astype("string")
        numbered[name] = order.where(frame[name].notna())
    return carry(frame, frame.assign(**numbered))


def release_of(found: Findings, claims: Claims) -> Release:
    """The release that a report's parts make: those of service lines share one set of facts."""
    release = Release(claims)
    for key, frame in found.frames.items():
        shape = leaves(frame, key)
        if isinstance(shape, Records):
            continue
        # What is found of all lines may stand in the contract of a result without rows.
        if isinstance(shape, Linked) and (len(frame) or shape.tables(frame, found.get)):
            release.linked(key, frame, shape, found.get)
        elif frame.empty:
            continue
        elif isinstance(shape, Cells):
            release.cells(key, _counted(frame), shape)
        else:
            release.add(key, frame)
    return release


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that count anything: a month in which nothing was decided is no cell."""
    if "n" not in frame.columns or not (frame["n"] == 0).any() or len(frame) == 1:
        return frame
    return carry(frame, frame[frame["n"] > 0].reset_index(drop=True))
