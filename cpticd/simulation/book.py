"""The book of claims: claims, lines and diagnoses as the stages from billing on pass them along and change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.services import HOSPITAL
from cpticd.simulation.vectors import Bools, Ints, Rows, bounds, expand, flags, group_starts, within

MODIFIERS = (
    "",
    "25",
    "26",
    "GP",
    "95",
    "RT",
    "LT",
    "50",
    "RR",
    "JZ",
    "59",
    "24",
    "57",
    "79",
    "33",
    "PT",
    "80",
    "GA",
    "GZ",
)


@dataclass
class ClaimRows(Rows):
    """One element per claim."""

    person: Ints
    payer: Ints
    venue: Ints  # whose claim it is, as of services
    place: Ints  # into the catalogue's places
    billing: Ints  # number of the billing provider
    start: Ints
    end: Ints
    received: Ints
    decided: Ints  # day of the payer's first decision, known from resubmission on
    replaces: Ints  # claim that this one replaces, −1 none
    encounter: Ints
    mistyped: Bools  # the billing provider's number has a wrong check digit

    @property
    def size(self) -> int:
        return self.person.size

    @property
    def institutional(self) -> Bools:
        return self.venue == HOSPITAL


@dataclass
class LineRows(Rows):
    """One element per line, sorted by claim; ``number`` counts from 1 within the claim."""

    claim: Ints
    number: Ints
    procedure: Ints
    units: Ints
    charge: Ints  # cents
    pointers: Ints  # four columns of diagnosis positions from 1, 0: none
    modifiers: Ints  # two columns, into MODIFIERS
    start: Ints
    end: Ints
    rendering: Ints  # −1 none
    rule: Ints  # coding rule that the line was made to break, −1 none

    @property
    def size(self) -> int:
        return self.claim.size

    def has_modifier(self, *modifiers: str) -> Bools:
        """Lines with one of the modifiers."""
        wanted = [MODIFIERS.index(item) for item in modifiers]
        return np.isin(self.modifiers[:, 0], wanted) | np.isin(self.modifiers[:, 1], wanted)

    def add_modifier(self, which: Bools, modifier: str) -> None:
        """Put a modifier on lines, where they do not have it and have room for it."""
        mine = np.flatnonzero(which & ~self.has_modifier(modifier))
        slot = np.where(self.modifiers[mine, 0] == 0, 0, 1)
        self.modifiers[mine, slot] = MODIFIERS.index(modifier)

    def rebill(self, fee: Ints, index: Ints | Bools, procedure: Ints | int) -> None:
        """Bill another procedure on lines, at a charge in proportion to the fees."""
        old = fee[self.procedure[index]]
        self.charge[index] = np.maximum(self.charge[index] * fee[procedure] // old, 1)
        self.procedure[index] = procedure

    def renumber(self) -> None:
        """Number the lines of each claim from 1."""
        self.number = within(group_starts(self.claim)) + 1


@dataclass
class DiagnosisRows(Rows):
    """One element per diagnosis of a claim, sorted by claim and position."""

    claim: Ints
    position: Ints
    code: Ints  # into the codes of the book
    present: Ints  # on admission: 0 not given, then Y, N, U, W


@dataclass
class Book:
    """Claims with their lines and diagnoses; ``codes`` are diagnosis rows of the catalogue, then others."""

    catalogue: Catalogue
    claims: ClaimRows
    lines: LineRows
    diagnoses: DiagnosisRows
    codes: list[str]

    def before(self, lines: int) -> Book:
        """The book as it was when it had so many lines; later claims stand behind them."""
        if lines == self.lines.size:
            return self
        first = slice(0, lines)
        size = int(self.lines.claim[lines])
        diagnoses = self.diagnoses.take(self.diagnoses.claim < size)
        return Book(
            self.catalogue, self.claims.take(slice(0, size)), self.lines.take(first), diagnoses, self.codes
        )

    def add_last(self, lines: LineRows) -> None:
        """Add these lines, each last on its claim; they are numbered by ``lines.renumber``."""
        added = np.arange(self.lines.size + lines.size) >= self.lines.size
        joined = LineRows.stack(self.lines, lines)
        self.lines = joined.take(np.lexsort((np.arange(added.size), added, joined.claim)))

    @property
    def payer(self) -> Ints:
        """Payer of every line."""
        return self.claims.payer[self.lines.claim]

    @property
    def professional(self) -> Bools:
        """Lines of professional claims."""
        return ~self.claims.institutional[self.lines.claim]

    @property
    def provider(self) -> Ints:
        """A number for the person and billing provider of every line."""
        claims = self.claims
        return (claims.person * (claims.billing.max(initial=0) + 1) + claims.billing)[self.lines.claim]

    def is_procedure(self, *codes: str) -> Bools:
        """Lines with one of the procedures."""
        return self.catalogue.is_procedure(self.lines.procedure, *codes)

    def beside(self, *codes: str) -> Bools:
        """Lines whose claim has one of the procedures."""
        claims = self.lines.claim
        return flags(self.claims.size, claims[self.is_procedure(*codes)])[claims]

    def is_stay(self) -> Bools:
        """Claims of inpatient stays."""
        return self.claims.institutional & (self.claims.place == self.catalogue.places.index("111"))

    def begins(self, prefix: str) -> Bools:
        """Diagnoses of claims whose code begins with a prefix."""
        return np.array([code.startswith(prefix) for code in self.codes])[self.diagnoses.code]

    def code_number(self, code: str) -> int:
        """Number of a diagnosis code, added where it is new."""
        if code not in self.codes:
            self.codes.append(code)
        return self.codes.index(code)

    def pointed(self) -> tuple[Ints, Ints]:
        """(line, diagnosis row) of every pointer to a diagnosis that is there."""
        lines = self.lines
        start = bounds(self.diagnoses.claim, self.claims.size)
        first, count = start[lines.claim], np.diff(start)[lines.claim]
        line, column = np.nonzero((lines.pointers > 0) & (lines.pointers <= count[:, None]))
        return line, first[line] + lines.pointers[line, column] - 1

    def pairs(self) -> tuple[Ints, Ints]:
        """(line, code) of every pair; on institutional claims each line goes with each diagnosis."""
        line, row = self.pointed()
        start = bounds(self.diagnoses.claim, self.claims.size)
        whole = np.flatnonzero(~self.professional)
        claim = self.lines.claim[whole]
        repeated, step = expand(np.diff(start)[claim])
        line = np.concatenate([line, whole[repeated]])
        row = np.concatenate([row, start[claim][repeated] + step])
        names: dict[str, int] = {}
        same = np.array([names.setdefault(text, i) for i, text in enumerate(self.codes)])
        return line, same[self.diagnoses.code[row]]

    def points_to(self, codes: Sequence[str]) -> Bools:
        """Lines that point to one of the codes."""
        wanted = np.isin(self.codes, codes)
        line, row = self.pointed()
        return flags(self.lines.size, line[wanted[self.diagnoses.code[row]]])
