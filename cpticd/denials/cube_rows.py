"""Lines behind a view of the cube: a worklist, a page of a pair's lines, the persons behind a table of pairs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.denials.cube_chosen import Chosen, Columns, Within, pair_columns
from cpticd.denials.pair_sources import Grain


def facts(view: Chosen, pairs: pd.DataFrame, *, grain: Grain, within: Within, alike: int) -> pd.DataFrame:
    """One row per used line and pair that it belongs to: what ``cx.disclosure.Release`` needs for these pairs.

    The pair's names (diagnoses and families are missing of pairs that are not given), hcpcs_code, payer, place, quarter
    (a number of the stratum), person_id (a number, 0: nobody known), adjudicated, denied, partly_denied, inside (the
    line is ``within`` the families), _first (one row of each line). Lines of procedures that no given pair has
    stand for figures of all lines alone: as :func:`line_facts` has them, and no more.
    """
    pairing, names = view.pairing(grain), list(pair_columns(grain))
    chosen = pd.MultiIndex.from_frame(pairing.keys[names]).isin(pd.MultiIndex.from_frame(pairs[names]))
    procedure = view.cube.columns["hcpcs_code"].code
    asked = np.zeros(int(procedure.max(initial=0)) + 2, dtype=bool)
    asked[procedure[pairing.line[chosen[pairing.pair]]]] = True
    alike_lines = (
        view.used & asked[procedure]
    )  # -1 is the last, which is asked for where a pair has no procedure
    rows = np.flatnonzero(alike_lines[pairing.line])
    line, pair = pairing.line[rows], pairing.pair[rows]
    alone = np.setdiff1d(np.flatnonzero(alike_lines), line)
    line, pair = np.concatenate([line, alone]), np.concatenate([pair, np.full(len(alone), -1)])
    found: dict[str, Any] = {}
    for name in ("hcpcs_code", "payer", "place"):
        column = view.cube.columns[name]
        found[name] = pd.Categorical.from_codes(column.code[line], categories=pd.Index(column.names))
    found["quarter"] = view.cube.strata[line]  # no finer than the strata, whose quarter it tells
    for name in (each for each in names if each not in found):
        code, values = pd.factorize(pairing.keys[name].where(chosen))
        found[name] = pd.Categorical.from_codes(np.where(pair >= 0, code[pair], -1), categories=values)
    found |= {
        "person_id": view.cube.columns["person_id"].code[line].astype(np.int64) + 1,
        "adjudicated": True,
    }
    found |= {"denied": view.denied[line], "partly_denied": view.partly_denied[line]}
    found |= {"inside": view.inside(within)[line], "_first": _firsts(line)}
    rest = line_facts(view, within, alike=alike, among=~alike_lines)
    return pd.concat([pd.DataFrame(found), rest.assign(inside=True, _first=1)], ignore_index=True)


def _firsts(line: np.ndarray) -> np.ndarray:
    """1 for the first row of each line."""
    first = np.zeros(len(line), dtype=np.int64)
    first[np.unique(line, return_index=True)[1]] = 1
    return first


#: What becomes of a line, by the number of its outcome.
_OUTCOMES: Final = pd.DataFrame({"denied": [False, True, False], "partly_denied": [False, False, True]})


def line_facts(view: Chosen, within: Within, *, alike: int, among: np.ndarray | None = None) -> pd.DataFrame:
    """One row per person (a number) and outcome of used lines: person_id, adjudicated, denied, partly_denied.

    Of persons with the same outcomes the first ``alike`` stand for all, as many as disclosure control tells from more:
    what ``cx.disclosure.Release`` needs to protect figures of these lines, and no more. ``among``: of these alone.
    """
    rows = np.flatnonzero(view.those(view.used if among is None else view.used & among, within))
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
    """Keys of some lines of a pair of codes and their rows, denied ones first, by dollars and date; and how many."""
    rows = np.flatnonzero(view.inside(pair, grain="code") & view.used)
    rank = np.where(view.denied[rows], 0, np.where(view.partly_denied[rows], 1, 2))
    day = view.cube.lines.day[rows].astype(np.int64)
    shown = rows[np.lexsort((rows, -day, -view.amount[rows], rank))][start : start + count]
    ids = view.cube.claim_id.take(pa.array(shown)).to_pylist()
    found = {"claim_id": ids, "claim_line_number": view.cube.line_number[shown], "row": shown}
    return pd.DataFrame(found), len(rows)


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


def rows_of(cube: Columns, claims: pd.Series, lines: pd.Series) -> np.ndarray:
    """The row in the cube of each claim and line; -1 where it has none."""

    def joined(names: Any, numbers: Any) -> Any:
        texts = pc.cast(pa.array(numbers, pa.int64()), pa.string())
        return pc.binary_join_element_wise(pc.cast(names, pa.string()), texts, "\x1f")

    known = joined(cube.claim_id, cube.line_number)
    asked = joined(pa.array(claims.astype(object), pa.string()), lines.to_numpy(np.int64))
    return pc.fill_null(pc.index_in(asked, known), -1).to_numpy(zero_copy_only=False).astype(np.int64)
