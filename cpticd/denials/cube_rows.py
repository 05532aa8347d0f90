"""Lines behind a view of the cube: a worklist, a page of a pair's lines, the persons behind a table of pairs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.denials.cube_chosen import Chosen, Within, pair_columns
from cpticd.denials.pair_sources import Grain


def facts(view: Chosen, pairs: pd.DataFrame, *, grain: Grain) -> pd.DataFrame:
    """One row per used line and pair of those given: the pair, person_id, adjudicated, denied.

    What ``cx.disclosure.Release`` needs to protect a table of these pairs.
    """
    pairing, names = view.pairing(grain), list(pair_columns(grain))
    chosen = pd.MultiIndex.from_frame(pairing.keys[names]).isin(pd.MultiIndex.from_frame(pairs[names]))
    at = np.flatnonzero(chosen[pairing.pair] & view.used[pairing.line])
    line = pairing.line[at]
    found = pairing.keys[names].iloc[pairing.pair[at]].reset_index(drop=True)
    found["person_id"] = _names(view, "person_id", line)
    return found.assign(adjudicated=True, denied=view.denied[line])


#: What becomes of a line, by the number of its outcome.
_OUTCOMES: Final = pd.DataFrame({"denied": [False, True, False], "partly_denied": [False, False, True]})


def line_facts(view: Chosen, within: Within, *, alike: int) -> pd.DataFrame:
    """One row per person (a number) and outcome of used lines: person_id, adjudicated, denied, partly_denied.

    Of persons with the same outcomes the first ``alike`` stand for all, as many as disclosure control tells from more:
    what ``cx.disclosure.Release`` needs to protect figures of these lines, and no more.
    """
    rows = np.flatnonzero(view.those(view.used, within))
    person = view.cube.columns["person_id"].code[rows].astype(np.int64) + 1  # 0: nobody known
    outcome = view.denied[rows] + 2 * view.partly_denied[rows].astype(np.int64)
    size = int(person.max(initial=0)) + 1
    there = np.bincount(len(_OUTCOMES) * person + outcome, minlength=len(_OUTCOMES) * size) > 0
    there = there.reshape(size, len(_OUTCOMES))
    patterns = there @ (1 << np.arange(len(_OUTCOMES)))
    kept = np.concatenate([np.flatnonzero(patterns == one)[:alike] for one in np.unique(patterns)])
    place, which = np.nonzero(there[kept])
    found = _OUTCOMES.iloc[which].reset_index(drop=True)
    return found.assign(person_id=kept[place], adjudicated=True)


def worklist(view: Chosen, within: Within, *, grain: Grain) -> pd.DataFrame:
    """One row per denied or partly denied line, the most dollars first."""
    rows = np.flatnonzero((view.denied | view.partly_denied) & view.inside(within, grain=grain))
    # Lines are in the order of claim and line number, which decides among equal dollars.
    rows = rows[np.argsort(-view.amount[rows].round(2), kind="stable")]
    found: dict[str, Any] = {
        "claim_id": view.cube.claim_id.take(pa.array(rows)).to_pylist(),
        "claim_line_number": view.cube.line_number[rows],
    }
    found |= {name: _names(view, name, rows) for name in ("person_id", "payer", "billing_npi", "place")}
    found |= {
        "service_date": view.cube.lines.day[rows].astype("datetime64[s]"),
        "hcpcs_code": _names(view, "hcpcs_code", rows),
        "diagnosis_codes": _diagnoses(view, rows),
        "outcome": _names(view, f"{view.decision}_outcome", rows),
        "category": _names(view, f"{view.decision}_category", rows),
        "carc": _names(view, f"{view.decision}_carc", rows),
        "charge_amount": view.cube.charge[rows],
        "denied_amount": view.amount[rows].round(2),
        "final_outcome": _names(view, "final_outcome", rows),
    }
    return pd.DataFrame(found)


def page(view: Chosen, pair: tuple[str, str], *, start: int, count: int) -> tuple[pd.DataFrame, int]:
    """Keys of some lines of a pair of codes, denied ones first, by dollars and date; and how many there are."""
    rows = np.flatnonzero(view.inside(pair, grain="code") & view.used)
    rank = np.where(view.denied[rows], 0, np.where(view.partly_denied[rows], 1, 2))
    day = view.cube.lines.day[rows].astype(np.int64)
    shown = rows[np.lexsort((rows, -day, -view.amount[rows], rank))][start : start + count]
    ids = view.cube.claim_id.take(pa.array(shown)).to_pylist()
    return pd.DataFrame({"claim_id": ids, "claim_line_number": view.cube.line_number[shown]}), len(rows)


def _diagnoses(view: Chosen, rows: np.ndarray) -> list[str]:
    """Of each line the diagnoses that it points to, in alphabetical order."""
    pairing = view.pairing("code")
    place = np.full(len(view.lines), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    at = np.flatnonzero(place[pairing.line] >= 0)
    codes = pairing.keys["diagnosis_code"].to_numpy()[pairing.pair[at]]
    listed = pd.Series(codes).groupby(place[pairing.line[at]]).agg(lambda several: "; ".join(sorted(several)))
    return listed.reindex(range(len(rows))).fillna("").tolist()


def _names(view: Chosen, column: str, rows: np.ndarray) -> list[str | None]:
    found = view.cube.columns[column]
    names = [*found.names, None]
    return [names[code] for code in found.code[rows].tolist()]
