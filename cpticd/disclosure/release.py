"""A release: tables that leave together, protected together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cpticd.core.contract import carry, terms_of
from cpticd.core.errors import ArgumentError, DisclosureError
from cpticd.core.measure import Cells, Compared, Linked, Parts, Protected, Public, Records, leaves, measure_of
from cpticd.disclosure.facts import of_claims
from cpticd.disclosure.hiding import account, again, hidden_of, protect
from cpticd.disclosure.implied import PERSON, facts_of, with_person
from cpticd.disclosure.pseudonyms import Pseudonyms
from cpticd.disclosure.settings import settings
from cpticd.disclosure.tables import Names, Table, as_names, columns_of, table

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: What stands in text where a value is left out.
SUPPRESSED = "suppressed"


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
        self._linked: dict[str, tuple[pd.DataFrame, Linked, list[str]]] = {}
        self._marks: dict[str, pd.DataFrame] = {}
        self._anew: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {}
        self._order: list[str] = []
        self._done: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
        self._numbered: dict[str, pd.DataFrame] = {}
        self._judged = settings()

    def add(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        by: Names | Mapping[str, str] | None = None,
        persons: str | None = None,
        measures: Names | None = None,
        numerators: Mapping[str, Names] | None = None,
        shares: Mapping[str, Names] | None = None,
        mixed: Names = (),
        labels: Names = (),
        where: Names = (),
        facts: pd.DataFrame | None = None,
        compared: Compared | None = None,
    ) -> Release:
        """A table whose rows are cells; returns the release.

        The result of an analysis needs nothing more: its measure declares what its columns say of whom. Another table
        is described by the parameters, and one that neither declares is refused (DisclosureError).

        by: its key columns, or {column: column of the facts} where names differ; ``()`` for a total of one row.
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
        compared: columns that compare rows with others, such as expected rates, and within which columns of the facts
            (``cpticd.core.measure.Compared``); without such facts all of them are left out.

        Raises ArgumentError for columns that are not there and rows that are not cells of ``by``.
        """
        if by is None and not (persons or measures or numerators or shares or mixed or labels or where):
            return self._declared(name, frame)
        self._name(name)
        self._tables[name] = table(
            name, frame, by=by or (), persons=persons, measures=measures, numerators=numerators, shares=shares,
            mixed=mixed, labels=labels, where=where, compared=compared,
        )  # fmt: skip
        self._facts_of[name] = facts
        return self

    def _declared(self, name: str, frame: pd.DataFrame) -> Release:
        """A result as its measure declares it."""
        if not self._judged.is_on:
            self._name(name)
            self._records[name] = frame
            return self
        shape = leaves(frame, name)
        if isinstance(shape, Records) and shape.protect is not None:
            return self.records(name, shape.protect(frame, self._judged.minimum))
        if isinstance(shape, Records | Public):
            return self.records(name, frame)
        if isinstance(shape, Protected):
            shown, left_out = shape.protect(frame, self._claims(name), self._judged.minimum)
            return self._alone(name, shown, left_out, len(frame))
        if isinstance(shape, Linked):
            return self.linked(name, frame, shape)
        return self.cells(name, frame, shape)

    def linked(self, name: str, frame: pd.DataFrame, shape: Linked, parts: Parts | None = None) -> Release:
        """A result that leaves by way of tables that count it; ``parts``: what else leaves, for its declaration."""
        tables = shape.tables(frame, parts or _no_parts(name))
        self._name(name)
        for each, (counted, cells) in tables.items():
            self.cells(f"{name}: {each}", counted, cells)
            self._order.remove(f"{name}: {each}")  # leaves within the result alone
        self._linked[name] = (frame, shape, [*tables])
        return self

    def cells(self, name: str, frame: pd.DataFrame, shape: Cells) -> Release:
        """A table as a declaration describes it."""
        nothing = {name: float("nan") for name in as_names(shape.withheld) if name in frame.columns}
        kept = carry(frame, frame.assign(**nothing))
        facts = shape.facts(self._claims(name), frame) if shape.facts is not None else None
        self._marks |= shape.marks
        if shape.anew is not None:
            self._anew[name] = shape.anew
        return self.add(
            name, kept, by=shape.by, persons=shape.persons, measures=shape.measures or _rest(kept, shape),
            numerators=shape.numerators, shares=shape.shares, mixed=shape.mixed, labels=shape.labels,
            where=shape.where, facts=facts, compared=shape.compared,
        )  # fmt: skip

    def _claims(self, name: str) -> Claims:
        if self._facts is None or isinstance(self._facts, pd.DataFrame):
            raise DisclosureError(
                f"{name}: its protection looks into the claims; make the release of them: Release(claims)"
            )
        return self._facts

    def _alone(self, name: str, frame: pd.DataFrame, left_out: int, cells: int) -> Release:
        self._name(name)
        kept = frame.reset_index(drop=True)
        kept.attrs["disclosure"] = account(cells, left_out, 0, self._judged.minimum)
        self._records[name] = kept
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
            for term, meaning in terms_of(self[name]).items()
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
            done |= protect(tables, facts, person, self._judged.minimum)
        if self._judged.is_on:
            done |= {name: again(done[name], anew) for name, anew in self._anew.items()}
        for name, (frame, shape, tables_of) in self._linked.items():
            done[name] = self._applied(
                name, frame, shape, {each: done[f"{name}: {each}"][0] for each in tables_of}
            )
        return done

    def _applied(
        self, name: str, frame: pd.DataFrame, shape: Linked, tables: Mapping[str, pd.DataFrame]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """A linked result as its tables let it leave, with their account added up."""
        shown = shape.apply(frame, tables)
        told = [table.attrs["disclosure"] for table in tables.values()]
        few, more, cells, compared = (
            sum(each[key] for each in told) for key in ("suppressed", "complementary", "cells", "comparisons")
        )
        hidden = shown.attrs.get("disclosure", {}).get("hidden", {})
        counted = account(cells, few, more, self._judged.minimum, compared)
        shown.attrs["disclosure"] = counted | {"hidden": hidden}
        return shown, hidden_of(shown)

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
        systems = [(tables, with_person(facts, self._person), self._person) for tables, facts in own.values()]
        if shared and self._facts is None:
            systems.append((shared, facts_of(shared), PERSON))
        elif isinstance(self._facts, pd.DataFrame):
            systems.append((shared, with_person(self._facts, self._person), self._person))
        elif shared and self._facts is not None:
            wanted = {key for each in shared for key in [*each.keys.values(), *each.numerators]}
            wanted |= {flag for each in shared for flag in each.where}
            compared = [each.compared for each in shared if each.compared is not None]
            wanted |= {name for each in compared for name in columns_of(each)}
            facts = of_claims(self._facts, wanted, marks=self._marks, counted=bool(compared))
            systems.append((shared, facts, "person_id"))
        return systems


def _check_records(frame: pd.DataFrame) -> None:
    protected = frame.attrs.get("disclosure")
    named = [column for column in frame.columns if Pseudonyms().is_identifier(str(column))]
    if protected is None and not named and settings().is_on and not _is_public(frame):
        raise DisclosureError(
            f"rows of {list(map(str, frame.columns))} name neither person nor claim, so that they count persons, and "
            "how many is not known. Protect the table first: cx.disclosure.protect(frame, by=…, persons=…, or "
            "facts=claims), or add it to a cx.disclosure.Release"
        )
    if protected is not None and int(protected.get("minimum", 0)) < settings().minimum:
        raise ArgumentError(
            f"the table was protected for a minimum of {protected.get('minimum')} persons, which now is "
            f"{settings().minimum}; protect it anew"
        )


def _no_parts(name: str) -> Parts:
    def part(key: str) -> pd.DataFrame:
        raise DisclosureError(
            f"{name}: leaves beside {key!r} alone, by which its lines are known; write the report"
        )

    return part


def _is_public(frame: pd.DataFrame) -> bool:
    declared = measure_of(frame)
    return declared is not None and isinstance(leaves(frame), Public)


def _rest(frame: pd.DataFrame, shape: Cells) -> Names:
    """Columns that go with a cell: all but keys, labels and what is withheld."""
    named = (
        *as_names(shape.withheld),
        *(shape.by if isinstance(shape.by, Mapping) else as_names(shape.by)),
        *as_names(shape.labels),
        *(as_names(shape.compared.columns) if shape.compared else ()),
    )
    return [str(column) for column in frame.columns if column not in named]


def _record(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A frame of records, or one that another release has protected, which keeps what is said of it."""
    kept = frame.reset_index(drop=True)
    kept.attrs = dict(frame.attrs)
    counted = account(0, 0, 0, settings().minimum) | {"sentence": "Rows are records, not counts."}
    kept.attrs.setdefault("disclosure", counted)
    return kept, hidden_of(kept, frame.index)
