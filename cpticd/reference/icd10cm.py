"""Diagnosis codes by date: which were valid, what they are called, what stands above and beside them.

ICD-10-CM changes on October 1 and on April 1, so a code is judged by the release that held on the date of
service. Built in is what was a code, and what a header, on every day since October 1, 2015, up to FY2027; titles and
notes are those of FY2026. What comes later is added with ``reference.add`` (kinds icd10cm_order and
icd10cm_tabular); between an added release and the one before it a code is judged where both agree, and is "not
determined" where they do not. Source of the codes: CDC/NCHS tabular list and CMS's Medicare Code Editor (public
domain); of the first day: 45 CFR 162.1002.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd import reference
from cpticd.core import code_form
from cpticd.core.errors import ArgumentError
from cpticd.reference import store

VALID: Final = "valid"
HEADER: Final = "header, not billable"
UNKNOWN: Final = "unknown"
EARLY: Final = "not yet effective"
RETIRED: Final = "retired"
UNDETERMINED: Final = "not determined"
MISSING: Final = "no code"
#: Every reason that ``valid`` gives.
REASONS: Final = (VALID, HEADER, UNKNOWN, EARLY, RETIRED, UNDETERMINED, MISSING)

CATEGORY_LENGTH: Final = 3
_ABSENT, _HEADER, _BILLABLE = 0, 1, 2
_START: Final = np.datetime64(code_form.ICD10_START, "D")
_OPEN: Final = np.datetime64("9999-12-31", "D")
_DAY: Final = np.timedelta64(1, "D")


class _Added(NamedTuple):
    """One added release, and the folder that was named for it."""

    entry: store.Release
    folder: str


@dataclass(frozen=True)
class _Lists:
    """Releases in order of their first day, and what each code was in each of them."""

    names: list[str]
    starts: np.ndarray
    ends: np.ndarray
    codes: pd.Index
    states: np.ndarray


def valid(codes: code_form.Codes, on: Any = None, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per code given, in its order and with its index: code, on, valid, reason, release.

    valid    true, false, or missing where no release tells
    reason   valid; header, not billable; unknown (in no release); not yet effective; retired; not determined;
             no code
    release  the release that held on the date; of a date between releases the two that were compared

    ``on`` is a date of service, or one per code; a missing date is not determined; without ``on`` the latest
    release judges. ``folder`` is where added releases are (``cpticd.reference.store``). Raises ArgumentError for
    what is no date, or where the lengths differ.
    """
    given = code_form.normal(codes)
    lists = _lists(*_added(folder))
    days = _days(on, len(given), lists)
    which, distinct = pd.factorize(given)
    # A missing code is the last one of all, which no release has.
    place = np.append(lists.codes.get_indexer(distinct), -1)[which]
    reason, release = _judged(lists, place, days)
    reason[which < 0] = REASONS.index(MISSING)
    open_ = np.isin(reason, (REASONS.index(UNDETERMINED), REASONS.index(MISSING)))
    return pd.DataFrame(
        {
            "code": given,
            "on": pd.Series(days.astype("datetime64[s]"), index=given.index),
            "valid": pd.arrays.BooleanArray(reason == REASONS.index(VALID), open_),
            "reason": pd.Series(_take(REASONS, reason), index=given.index),
            "release": pd.Series(release, index=given.index),
        }
    )


def periods(*, folder: str | Path | None = None) -> pa.Table:
    """One row per code and stretch of days in which ``valid`` gives it one reason: code, reason, effective_from,
    effective_to (missing where open), release (in which the stretch begins).

    Every code and header of every release there is, from October 1, 2015 on, without a day between two rows of a
    code; a code that is not here is unknown. ``folder`` as of ``valid``.
    """
    return _periods(*_added(folder))


@lru_cache(maxsize=2)
def _periods(*added: _Added) -> pa.Table:
    lists = _lists(*added)
    days = np.unique(np.concatenate([[_START], lists.starts, lists.ends[:-1] + _DAY]))
    days = days[days >= _START]
    place = np.arange(len(lists.codes))
    judged = [_judged(lists, place, np.full(len(place), day)) for day in days]
    reasons = np.stack([reason for reason, _ in judged], axis=1)
    begins = np.ones(reasons.shape, dtype=bool)
    begins[:, 1:] = reasons[:, 1:] != reasons[:, :-1]
    row, column = np.nonzero(begins)
    last = np.append(row[1:] != row[:-1], True)
    until = np.where(last, _OPEN, days[np.append(column[1:], 0)] - _DAY)
    names = np.array([release[0] for _, release in judged], dtype=object)
    return pa.table(
        {
            "code": pa.array(lists.codes.to_numpy(dtype=object)[row], pa.string()),
            "reason": pa.array(np.array(REASONS, dtype=object)[reasons[row, column]], pa.string()),
            "effective_from": pa.array(days[column], pa.date32()),
            "effective_to": pa.array(until, pa.date32(), mask=last),
            "release": pa.array(names[column], pa.string()),
        }
    )


def _judged(
    lists: _Lists, place: np.ndarray, days: np.ndarray
) -> tuple[np.ndarray, pd.api.extensions.ExtensionArray]:
    """Place in REASONS of each code, by its place in the lists, on its day; and the release that held."""
    before, after, release = _around(lists, days)
    first, second = lists.states[before, place], lists.states[after, place]
    same = first == second
    reason = np.full(len(place), REASONS.index(UNDETERMINED), dtype=np.int8)
    reason[same & (first == _BILLABLE)] = REASONS.index(VALID)
    reason[same & (first == _HEADER)] = REASONS.index(HEADER)
    absent = np.flatnonzero(same & (first == _ABSENT))
    reason[absent] = _why_absent(lists, place[absent], after[absent])
    reason[days < _START] = REASONS.index(EARLY)
    reason[place < 0] = REASONS.index(UNKNOWN)
    reason[np.isnat(days) & (place >= 0)] = REASONS.index(UNDETERMINED)
    return reason, release


def _take(texts: Sequence[str], place: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """The texts at their places; place -1 is missing."""
    return pd.Series(list(texts), dtype="str").array.take(place, allow_fill=True)


def title(codes: code_form.Codes) -> pd.Series:
    """One row per code given: its official title, of the last release that has it; missing where none has."""
    found = code_form.normal(codes).map(_titles())
    return found.astype("str").where(found.notna()).rename("title")


def ancestors(code: str) -> pd.DataFrame:
    """One row per code, block and chapter above a code, the nearest first: kind, code, title.

    As in FY2026. Raises ArgumentError for a code that is not in it.
    """
    tree, blocks = _tree(), _blocks()
    own = _one(code)
    block, chapter = str(tree.at[own, "block"]), str(tree.at[own, "chapter"])
    rows: list[tuple[str, str, str]] = []
    # A category's parent is its block, which may have the category's own name (B99).
    while len(own) > CATEGORY_LENGTH:
        own = str(tree.at[own, "parent"])
        rows.append(("code", own, str(tree.at[own, "title"])))
    rows += [("block", block, blocks["block", block]), ("chapter", chapter, blocks["chapter", chapter])]
    return pd.DataFrame(rows, columns=["kind", "code", "title"])


def siblings(code: str) -> pd.DataFrame:
    """One row per other code under the same parent, in the order of the list: code, billable, title.

    As in FY2026. Raises ArgumentError for a code that is not in it.
    """
    own = _one(code)
    tree = _tree()
    same_level = (tree.index.str.len() > CATEGORY_LENGTH) == (len(own) > CATEGORY_LENGTH)
    beside = tree[(tree["parent"] == tree.loc[own, "parent"]) & (tree.index != own) & same_level]
    return beside.reset_index()[["code", "billable", "title"]]


def successors(code: str, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per code that came in place of a code: code, effective_from, title.

    From CMS's conversion table: built in as of FY2026 (without some second previous codes of a new one). One that has
    been added (``reference.add("icd10cm_conversion", file)``) speaks up to its last day instead; ``attrs["source"]``
    says which. A code that came in place of another may stand beside it: whether the old one is still valid, ``valid``
    says.
    Raises ArgumentError for a code that no release has.
    """
    own = code_form.normal(code).iloc[0]
    added = _added(folder)
    if own not in _lists(*added).codes:
        raise ArgumentError(f"icd10cm: {code!r} is in no release of ICD-10-CM that there is; check the code")
    rows = reference.table("icd10cm_conversions").to_pandas()
    source = "ICD-10-CM conversion table, FY2026"
    told = [item.entry for item in added if item.entry.kind == "icd10cm_conversion"]
    if told:
        given = store.release("icd10cm_conversion", folder=folder).to_pandas()[list(rows.columns)]
        rows = pd.concat(
            [given, rows[rows["effective_from"] > given["effective_from"].max()]], ignore_index=True
        )
        source = f"ICD-10-CM conversion table, {told[-1].release} as added, FY2026 for what came later"
    bounds = rows["previous_code"].astype("str").str.split("-", n=1)
    low, high = bounds.str[0], bounds.str[-1]
    # A range ends with every code below its last one.
    below = pd.Series([own.startswith(end) for end in high], index=rows.index, dtype=bool)
    within = (low != high) & (low != "") & (low <= own) & ((own <= high) | below)
    found = rows[(rows["previous_code"] == own) | within].drop_duplicates(["code", "effective_from"])
    found = found.sort_values(["effective_from", "code"]).reset_index(drop=True)
    found = found.assign(title=title(found["code"]))[["code", "effective_from", "title"]]
    found.attrs["source"] = source
    return found


def _one(code: str) -> str:
    found = code_form.normal(code).iloc[0]
    if found is None or pd.isna(found) or found not in _tree().index:
        raise ArgumentError(
            f"icd10cm: {code!r} is not a code of ICD-10-CM FY2026; "
            "icd10cm.valid says whether it was one on another date"
        )
    return str(found)


@cache
def _tree() -> pd.DataFrame:
    """The codes of FY2026, indexed by themselves."""
    return _rows("billable", "title", "parent", "block", "chapter")


def _rows(*columns: str) -> pd.DataFrame:
    # Without the notes, which are most of the file.
    found = pq.read_table(
        reference.path("icd10cm"), columns=["code", *columns], filters=[("kind", "=", "code")]
    )
    return found.to_pandas().set_index("code")


@cache
def _blocks() -> dict[tuple[str, str], str]:
    """Title by kind and name of the blocks and chapters."""
    found = reference.table("icd10cm").select(["kind", "code", "title"]).filter(pc.field("kind") != "code")
    return {(row["kind"], row["code"]): row["title"] for row in found.to_pylist()}


@cache
def _titles() -> pd.Series:
    """Title by code: of the latest release, and of those before it for what it has no more."""
    now = _tree()["title"]
    old = (
        reference.table("icd10cm_changes").to_pandas().drop_duplicates("code", keep="last").set_index("code")
    )
    known = set(now.index)  # an Index of texts takes a second to compare
    return pd.concat([now, old.loc[[code not in known for code in old.index], "title"]])


@cache
def _built_in() -> tuple[list[str], np.ndarray, pd.DataFrame]:
    """Names and first days of the built-in releases, and what each code was in them."""
    releases = reference.table("icd10cm_releases").to_pandas().sort_values("effective_from")
    names = releases["release"].tolist()
    starts = releases["effective_from"].to_numpy().astype("datetime64[D]")
    periods = reference.table("icd10cm_periods").to_pandas()
    now = _rows("billable")["billable"]
    index = now.index.union(pd.Index(periods["code"].unique()))
    states = np.zeros((len(index), len(names)), dtype=np.int8)
    states[index.get_indexer(now.index)] = np.where(now, _BILLABLE, _HEADER)[:, None]
    place = index.get_indexer(periods["code"])
    states[place] = _ABSENT
    state = np.where(periods["billable"], _BILLABLE, _HEADER)
    first = periods["effective_from"].to_numpy().astype("datetime64[D]")
    last = periods["effective_to"].fillna(_OPEN.item()).to_numpy().astype("datetime64[D]")
    for column, start in enumerate(starts):
        held = (first <= start) & (start <= last)
        states[place[held], column] = state[held]
    return names, starts, pd.DataFrame(states, index=index)


def _added(folder: str | Path | None) -> tuple[_Added, ...]:
    """The user's releases of these codes, as something that a cache can look up."""
    where = str(folder) if folder is not None else ""
    return tuple(_Added(e, where) for e in store.added(folder) if e.kind.startswith("icd10cm_"))


@lru_cache(maxsize=4)
def _lists(*added: _Added) -> _Lists:
    """All releases by their first day, an added one in place of a built-in one of the same day.

    The last row of the states, and the last code of each, are absent.
    """
    names, starts, states = _built_in()
    built_in = {day: place for place, day in enumerate(starts)}
    own: dict[Any, tuple[str, pd.Series]] = {}
    # The order file says what exists, and so stands over the tabular list of the same day.
    for item in sorted(added, key=lambda item: item.entry.kind == "icd10cm_order"):
        if item.entry.kind == "icd10cm_conversion":
            continue
        rows = store.stored(item.entry, item.folder or None).to_pandas()
        if "kind" in rows:
            rows = rows[rows["kind"] == "code"]
        state = pd.Series(np.where(rows["billable"], _BILLABLE, _HEADER), index=rows["code"])
        own[np.datetime64(item.entry.effective_from, "D")] = (item.entry.release, state)
    days = sorted({*built_in, *own})
    index = states.index
    for _, state in own.values():
        index = index.union(state.index)
    table = np.zeros((len(days) + 1, len(index) + 1), dtype=np.int8)
    place = index.get_indexer(states.index) if own else slice(len(index))
    for row, day in enumerate(days):
        if day in own:
            table[row, index.get_indexer(own[day][1].index)] = own[day][1]
        else:
            table[row, place] = states[built_in[day]]
    first = np.array(days, dtype="datetime64[D]")
    titles = [own[day][0] if day in own else names[built_in[day]] for day in days]
    return _Lists(titles, first, _ends(first), index, table)


def _ends(starts: np.ndarray) -> np.ndarray:
    """Last day of each release: before the next one, or the end of its fiscal year; the last one's is open."""
    fiscal = np.array([_fiscal_end(day) for day in starts.tolist()], dtype="datetime64[D]")
    following = np.append(starts[1:] - _DAY, _OPEN)
    ends = np.minimum(fiscal, following)
    ends[-1] = _OPEN
    return ends


def _fiscal_end(day: date) -> date:
    return date(day.year + (day.month >= 10), 9, 30)


def _days(on: Any, size: int, lists: _Lists) -> np.ndarray:
    if on is None:
        return np.full(size, lists.starts[-1])
    single = isinstance(on, str) or not isinstance(on, Iterable)
    values = pd.Series([on] if single else list(on), dtype=object)
    if len(values) != size and not single:
        raise ArgumentError(f"on: {len(values)} dates for {size} codes; pass one date, or one per code")
    which, distinct = pd.factorize(values)
    try:
        found = pd.to_datetime(pd.Series(distinct, dtype=object), format="mixed", utc=True)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"on: not a date: {error}; pass dates, or text such as 2024-01-31") from error
    days = np.append(found.dt.tz_localize(None).to_numpy().astype("datetime64[D]"), np.datetime64("NaT", "D"))
    return np.full(size, days[which[0]]) if single else days[which]


def _around(
    lists: _Lists, days: np.ndarray
) -> tuple[np.ndarray, np.ndarray, pd.api.extensions.ExtensionArray]:
    """Of each day the release that held, twice; between two the one before and the one after; their names.

    Before the first release only what that one has is known: the row before it is the absent one.
    """
    last = len(lists.names) - 1
    known = np.where(np.isnat(days), lists.starts[0], days)
    before = np.searchsorted(lists.starts, known, side="right") - 1
    inside = (before >= 0) & (known <= lists.ends[before])
    after = np.where(inside, before, np.minimum(before + 1, last))
    between = [f"{one} to {two}" for one, two in pairwise(lists.names)]
    texts = [*lists.names, f"before {lists.names[0]}", *between]
    name = np.where(inside, before, last + 2 + before)
    return before, after, _take(texts, np.where(np.isnat(days), -1, name))


def _why_absent(lists: _Lists, place: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Of a code that a release does not have: was it in one before, or is it in one to come."""
    there = lists.states[:-1] != _ABSENT
    row = np.arange(len(lists.names))[:, None]
    column = there[:, place]
    earlier = (column & (row < after)).any(axis=0)
    later = (column & (row > after)).any(axis=0)
    reasons = [REASONS.index(reason) for reason in (RETIRED, EARLY, UNKNOWN)]
    return np.where(earlier, reasons[0], np.where(later, reasons[1], reasons[2]))
