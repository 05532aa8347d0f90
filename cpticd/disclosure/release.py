"""A release: tables that leave together, protected together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpticd.core.contract import said
from cpticd.core.errors import ArgumentError
from cpticd.disclosure.facts import of_claims
from cpticd.disclosure.pseudonyms import Pseudonyms
from cpticd.disclosure.settings import settings
from cpticd.disclosure.tables import Names, Table, table

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.disclosure.suppress import Suppressed
    from cpticd.disclosure.system import System

#: What stands in text where a value is left out.
SUPPRESSED = "suppressed"
_SYNTHETIC = "person"


class Release:
    """Tables that leave the session together: none may be told from the others.

    ``facts``: Claims (service lines × diagnoses), or a DataFrame with a row per person and combination of what the
    tables are grouped by, its persons in the column ``person``. Without facts the tables must nest: the one with
    the most keys has them all, is taken to be complete, and every table has a column of persons; the same persons
    are then taken to stand in every row, which protects more than needed.
    """

    def __init__(self, facts: Claims | pd.DataFrame | None = None, *, person: str = "person_id") -> None:
        self._facts = facts
        self._person = person
        self._tables: dict[str, Table] = {}
        self._facts_of: dict[str, pd.DataFrame | None] = {}
        self._records: dict[str, pd.DataFrame] = {}
        self._order: list[str] = []
        self._done: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
        self._numbered: dict[str, pd.DataFrame] = {}
        self._judged = settings()

    def add(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        by: Names | Mapping[str, str] = (),
        persons: str | None = None,
        measures: Names | None = None,
        numerators: Mapping[str, Names] | None = None,
        shares: Mapping[str, Names] | None = None,
        mixed: Names = (),
        labels: Names = (),
        where: Names = (),
        facts: pd.DataFrame | None = None,
    ) -> Release:
        """A table whose rows are cells; returns the release.

        by: its key columns, or {column: column of the facts} where names differ; none for a total of one row.
        persons: the column of distinct persons, where there is one; facts count them otherwise.
        measures: columns that go with a cell; all but keys and labels unless given.
        labels: columns that say something of the key alone, such as the family of a code, and always stay.
        numerators: {yes-or-no column of the facts: measures that tell of it}, such as ``{"denied": ("denied",
            "rate", "low", "high", "denied_amount")}``; a small numerator, or a small rest, takes these columns
            away. Without facts the name is a column of persons of the frame.
        shares: {column of shares: keys of the total that they are shares of, ``()`` for all}: the total is known.
        mixed: columns that mix rows, such as cumulative shares and ranks: left out where any cell is.
        where: yes-or-no columns of the facts: of which of them the table speaks, such as ``adjudicated``.
        facts: facts of this table, of other persons or events than the release's.

        Raises ArgumentError for columns that are not there and rows that are not cells of ``by``.
        """
        self._name(name)
        self._tables[name] = table(
            name, frame, by=by, persons=persons, measures=measures, numerators=numerators, shares=shares,
            mixed=mixed, labels=labels, where=where,
        )  # fmt: skip
        self._facts_of[name] = facts
        return self

    def records(self, name: str, frame: pd.DataFrame) -> Release:
        """Rows that are records, such as a worklist of claims: persons and claims become pseudonyms.

        A frame that another release protected may be added as well. Others, which name neither person nor claim,
        are counts of an unknown number of persons: ArgumentError while disclosure control is on.
        """
        _check_records(frame)
        self._name(name)
        self._records[name] = frame
        return self

    def _name(self, name: str) -> None:
        if name in self._order:
            raise ArgumentError(f"a table {name!r} is in the release already; names are {self._order}")
        self._order.append(name)
        self._done = {}

    @property
    def names(self) -> list[str]:
        """Names of the tables, in the order in which they were added."""
        return list(self._order)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """The protected frame: what is suppressed is missing, ``attrs["disclosure"]`` says how much."""
        return self._protected(name)[0]

    def marked(self, name: str, *, identifiers: bool = False) -> pd.DataFrame:
        """The protected frame with the word ``suppressed`` where a value is left out, for people to read.

        ``identifiers``: persons and claims under their own names.
        """
        frame, hidden = self._protected(name, named=identifiers)
        if not hidden.to_numpy().any():
            return frame
        result = frame.astype(object).mask(hidden, SUPPRESSED)
        result.attrs = dict(frame.attrs)
        return result

    def sentence(self, name: str) -> str:
        """What was suppressed of a table, for its reader."""
        return str(self[name].attrs["disclosure"]["sentence"])

    def notes(self) -> pd.DataFrame:
        """One row per table: cells, how many were suppressed as too small and to protect others, a sentence."""
        columns = ["cells", "suppressed", "complementary", "minimum", "sentence"]
        rows = [{"table": name} | self[name].attrs["disclosure"] for name in self._order]
        return pd.DataFrame(rows, columns=["table", *columns])

    def definitions(self) -> pd.DataFrame:
        """One row per table and term of its contract: numerator, denominator, clock, exclusions, in words.

        Numbers of a contract stay behind: they may be of few persons.
        """
        terms = [
            (name, str(term), meaning)
            for name in self._order
            for term, meaning in said(self[name]).items()
            if isinstance(meaning, str)
        ]
        return pd.DataFrame(terms, columns=["table", "term", "meaning"], dtype=object)

    def _protected(self, name: str, *, named: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
        if name not in self._order:
            raise ArgumentError(f"no table {name!r} in the release; there are {self._order}")
        if not self._done or self._judged != settings():
            self._judged = settings()
            self._done = self._protect()
        frame, hidden = self._done[name]
        if named or not self._judged.pseudonyms:
            return frame, hidden
        if not self._numbered:
            names = Pseudonyms()
            self._numbered = {each: names.frame(self._done[each][0]) for each in self._order}
        return self._numbered[name], hidden

    def _protect(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        self._numbered = {}
        done = {name: _record(frame) for name, frame in self._records.items()}
        for tables, facts, person in self._systems():
            done |= _protect(tables, facts, person, self._judged.minimum)
        return done

    def _systems(self) -> list[tuple[list[Table], pd.DataFrame, str]]:
        """Tables with the facts that they share."""
        if self._judged.minimum <= 1:
            return [([each], pd.DataFrame(), self._person) for each in self._tables.values()]
        own: dict[int, tuple[list[Table], pd.DataFrame]] = {}
        shared = []
        for name, each in self._tables.items():
            facts = self._facts_of[name]
            if facts is None:
                shared.append(each)
            else:
                own.setdefault(id(facts), ([], facts))[0].append(each)
        systems = [
            (tables, _with_person(facts, self._person), self._person) for tables, facts in own.values()
        ]
        if shared and self._facts is None:
            systems.append((shared, _synthetic(shared), _SYNTHETIC))
        elif isinstance(self._facts, pd.DataFrame):
            systems.append((shared, _with_person(self._facts, self._person), self._person))
        elif shared and self._facts is not None:
            wanted = {key for each in shared for key in [*each.keys.values(), *each.numerators]}
            wanted |= {flag for each in shared for flag in each.where}
            systems.append((shared, of_claims(self._facts, wanted), "person_id"))
        return systems


def _with_person(facts: pd.DataFrame, person: str) -> pd.DataFrame:
    if person not in facts.columns:
        raise ArgumentError(
            f"facts: no column {person!r} that names the person; found {list(facts.columns)}; pass person="
        )
    return facts


def _synthetic(tables: Sequence[Table]) -> pd.DataFrame:
    """Facts that the most detailed table implies: its rows, with the same persons in each."""
    finest = max(tables, key=lambda each: (len(each.keys), len(each.frame)))
    for each in tables:
        if each.persons is None or not set(each.keys.values()) <= set(finest.keys.values()) or each.where:
            raise ArgumentError(
                f"table {each.name!r}: without facts every table names its column of persons, has keys of the most "
                f"detailed one ({finest.name!r}: {list(finest.keys.values())}) and no where=; give facts to Release"
            )
    most = settings().minimum
    flagged = sorted({flag for each in tables for flag in each.numerators})
    absent = [flag for flag in flagged if flag not in finest.frame.columns]
    if absent:
        raise ArgumentError(f"table {finest.name!r}: no column of persons {absent}; give facts to Release")
    frames = []
    columns = [finest.persons, *flagged]
    counts = finest.frame[columns].apply(pd.to_numeric).fillna(0).to_numpy(dtype=np.int64)
    rest = np.maximum(counts[:, 0] - counts[:, 1:].sum(axis=1), 0)
    for flag, persons in [(None, rest), *zip(flagged, counts[:, 1:].T, strict=True)]:
        times = np.minimum(persons, most)
        rows = np.repeat(np.arange(len(counts)), times)
        part = pd.DataFrame(
            {key: finest.frame[column].iloc[rows].to_numpy() for column, key in finest.keys.items()}
        )
        for other in flagged:
            part[other] = np.full(len(rows), other == flag)
        part[_SYNTHETIC] = [f"{n}" for count in times.tolist() for n in range(count)]
        frames.append(part)
    return pd.concat(frames, ignore_index=True)


def _check_records(frame: pd.DataFrame) -> None:
    protected = frame.attrs.get("disclosure")
    named = [column for column in frame.columns if Pseudonyms().is_identifier(str(column))]
    if protected is None and not named and settings().is_on:
        raise ArgumentError(
            f"rows of {list(map(str, frame.columns))} name neither person nor claim, so that they count persons, and "
            "how many is not known. Protect the table first: cx.disclosure.protect(frame, by=…, persons=…, or "
            "facts=claims), or add it to a cx.disclosure.Release"
        )
    if protected is not None and int(protected.get("minimum", 0)) < settings().minimum:
        raise ArgumentError(
            f"the table was protected for a minimum of {protected.get('minimum')} persons, which now is "
            f"{settings().minimum}; protect it anew"
        )


def _record(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A frame of records, or one that another release has protected, which keeps what is said of it."""
    kept = frame.reset_index(drop=True)
    kept.attrs = dict(frame.attrs)
    said = _said(0, 0, 0, settings().minimum) | {"sentence": "Rows are records, not counts."}
    kept.attrs.setdefault("disclosure", said)
    mask = pd.DataFrame(False, index=kept.index, columns=kept.columns)
    for column, labels in kept.attrs["disclosure"].get("hidden", {}).items():
        if column in mask.columns:
            left_out = frame.index.isin([int(label) for label in labels.split()])
            mask[column] = left_out & kept[column].isna().to_numpy()
    return kept, mask


def _protect(
    tables: Sequence[Table], facts: pd.DataFrame, person: str, minimum: int
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    if minimum <= 1:
        return {each.name: _hide(each, {}, _said(len(each.frame), 0, 0, minimum)) for each in tables}
    from cpticd.disclosure.suppress import suppress
    from cpticd.disclosure.system import build

    system = build(tables, facts, person, minimum)
    left_out = suppress(system)
    return {each.name: _protected_table(each, system, left_out) for each in tables}


def _protected_table(made: Table, system: System, left_out: Suppressed) -> tuple[pd.DataFrame, pd.DataFrame]:
    hidden: dict[str, set[int]] = {}
    counts = {"all": 0, "primary": 0, "complementary": 0}
    counted = set()
    for number, cell in enumerate(system.cells):
        if cell.table != made.name:
            continue
        whole = cell.part == ""
        counted |= {cell.row} if whole else set()
        if not cell.total:
            counts["all"] += 1
            counts["primary"] += bool(left_out.primary[number])
            counts["complementary"] += bool(left_out.complementary[number])
        if not left_out.hidden[number]:
            continue
        rows = _rows_of(made, cell.row, made.shares[cell.part]) if cell.total else {cell.row}
        columns = made.measures if whole else (cell.part,) if cell.total else made.numerators[cell.part]
        for column in columns:
            hidden.setdefault(column, set()).update(rows)
    _unmatched(made, counted)
    if hidden:
        for column in made.mixed:
            hidden[column] = set(range(len(made.frame)))
    said = _said(counts["all"], counts["primary"], counts["complementary"], system.minimum)
    return _hide(made, hidden, said)


def _rows_of(made: Table, row: int, keys: Sequence[str]) -> set[int]:
    """Rows of the group of a row."""
    at = [list(made.keys).index(key) for key in keys]
    labels = made.labels
    return {n for n, label in enumerate(labels) if all(label[place] == labels[row][place] for place in at)}


def _unmatched(made: Table, counted: set[int]) -> None:
    """A row that no fact supports is a slip in its keys, unless it counts nothing."""
    for row in sorted(set(range(len(made.frame))) - counted):
        values = made.frame.iloc[row]
        if any(_is_positive(values[column]) for column in [made.persons, *made.measures] if column):
            raise ArgumentError(
                f"table {made.name!r}: no fact has the key {made.labels[row]} of {dict(made.keys)}, but the row is "
                "not empty; write keys as the facts do, or map them with by={column: column of the facts}"
            )


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(value > 0)


def _hide(
    made: Table, hidden: Mapping[str, set[int]], said: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame without what is hidden, and where that was; rows whose place would tell go last."""
    mask = pd.DataFrame(False, index=pd.RangeIndex(len(made.frame)), columns=made.frame.columns)
    for column, rows in hidden.items():
        mask.loc[sorted(rows), column] = True
    kept = made.frame.reset_index(drop=True)
    for column in (each for each in mask.columns if mask[each].any()):
        kept[column] = _nullable(kept[column]).mask(mask[column])
    gone: list[bool] = mask.drop(columns=list(made.mixed)).any(axis=1).tolist()
    labels = made.labels
    if any(gone) and labels != sorted(labels):
        order = [n for n in range(len(labels)) if not gone[n]]
        order += sorted((n for n in range(len(labels)) if gone[n]), key=labels.__getitem__)
        kept, mask = (part.iloc[order].reset_index(drop=True) for part in (kept, mask))
    kept.attrs = dict(made.frame.attrs)
    # By label of the index, so that a part of the rows still knows; as text, which pandas copies at no cost.
    left_out = {
        str(column): " ".join(map(str, mask.index[mask[column]]))
        for column in mask.columns
        if mask[column].any()
    }
    kept.attrs["disclosure"] = said | {"hidden": left_out}
    return kept, mask


def _nullable(values: pd.Series) -> pd.Series:
    """A column that can be missing without its numbers changing their kind."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    return values.astype("Int64") if pd.api.types.is_integer_dtype(values) else values


def _said(cells: int, primary: int, complementary: int, minimum: int) -> dict[str, Any]:
    if minimum <= 1:
        text = "Disclosure control is switched off: cells of any number of persons are shown."
    elif not primary + complementary:
        text = f"No cell was suppressed: each has at least {minimum} persons."
    else:
        text = f"{primary:,} of {cells:,} counts are of fewer than {minimum} persons and are suppressed"
        text += (
            f"; {complementary:,} more are suppressed because the others would give these away."
            if complementary
            else "."
        )
    return {
        "minimum": minimum,
        "cells": cells,
        "suppressed": primary,
        "complementary": complementary,
        "sentence": text,
    }
