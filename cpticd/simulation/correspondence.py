"""Correspondence: what a provider sends about a claim and what payers answer, in the order of its days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

#: A group, a CARC and cents.
Adjustment = tuple[str, str, int]
#: Kinds of answers; of these, decisions alone settle what becomes of a service.
DECISION, REVERSAL, PENDED, RETURNED, FORWARDED, REPORTED = (
    "decision",
    "reversal",
    "pended",
    "returned",
    "forwarded",
    "reported",
)
#: Relations of a claim to the first one of its service.
ORIGINAL, REPLACEMENT, VOID, RESUBMISSION, OTHER_PAYER = (
    "original",
    "replacement",
    "void",
    "resubmission",
    "other payer",
)
#: Adjustments that are no denial, and those that mean that the patient owes it.
NO_DENIAL: Final = {"1", "2", "3", "23", "45", "94", "253"}
SHARES: Final = {("PR", "1"), ("PR", "2"), ("PR", "3")}


@dataclass(slots=True)
class Row:
    """One service row of an answer."""

    line: int  # of the book: as it was sent at first
    procedure: int  # as adjudicated
    units: int
    charge: int
    allowed: int
    paid: int
    taken: list[Adjustment]
    remarks: tuple[str, ...] = ()
    changed: bool = False  # the procedure as submitted is named too

    def negated(self) -> Row:
        """The row as a reversal lists it."""
        taken = [(group, carc, -amount) for group, carc, amount in self.taken]
        return replace(self, charge=-self.charge, allowed=-self.allowed, paid=-self.paid, taken=taken)

    def split(self, part: int) -> list[Row]:
        """Two rows of ``part`` units and the rest, whose amounts add up to this one's."""

        def share(amount: int) -> int:
            return amount * part // self.units

        charge = share(self.charge)
        taken = [(group, carc, share(amount)) for group, carc, amount in self.taken]
        paid = charge - sum(amount for *_, amount in taken)
        first = replace(self, units=part, charge=charge, allowed=share(self.allowed), paid=paid, taken=taken)
        rest = [
            (group, carc, amount - less)
            for (group, carc, amount), (*_, less) in zip(self.taken, taken, strict=True)
        ]
        second = replace(
            self,
            units=self.units - part,
            charge=self.charge - charge,
            allowed=self.allowed - first.allowed,
            paid=self.paid - paid,
            taken=rest,
        )
        return [first, second] if min(first.paid, second.paid) >= 0 else [self]


@dataclass(slots=True, eq=False)
class Sending:
    """One claim as it is sent."""

    root: int  # claim of the book that it bills, for the first time or again
    lines: list[int]  # of the book, in the order in which they are sent
    payer: int
    received: int
    relation: str = ORIGINAL
    sequence: int = 1
    frequency: str = "1"
    same_number: bool = False  # bears the number of the first claim
    names: str = ""  # payer's number of the claim that it replaces or voids
    claim: int = -1  # its number in the book
    replaces: Sending | None = None


@dataclass(slots=True, eq=False)
class Answer:
    """One answer of a payer to a claim as a whole, with its service rows."""

    sending: Sending
    payer: int
    day: int
    rows: list[Row]
    kind: str = DECISION
    status: str = "1"
    number: str = ""  # the payer's control number
    sequence: int = 1
    whole: list[Adjustment] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    part_of: Answer | None = None  # the answer that this one holds together with
    undone: dict[int, Answer] = field(default_factory=dict)  # by line, the reversal that takes it back
    charges: int = 0  # of the lines that it answers, where it has no rows

    @property
    def charge(self) -> int:
        return sum(row.charge for row in self.rows) or self.charges

    @property
    def paid(self) -> int:
        taken = sum(amount for *_, amount in self.whole)
        return sum(row.paid for row in self.rows) - taken if self.rows else self.charge - taken

    @property
    def patient(self) -> int:
        every = [*self.whole, *(item for row in self.rows for item in row.taken)]
        return sum(amount for group, _, amount in every if group == "PR")

    @property
    def lines(self) -> list[int]:
        """Lines of the book that it speaks of."""
        return list(dict.fromkeys(row.line for row in self.rows)) or self.sending.lines

    def reversal(self, day: int, lines: Sequence[int] | None = None) -> Answer:
        """The answer that takes this one back, or some of its lines."""
        rows = [row.negated() for row in self.rows if lines is None or row.line in lines]
        whole = [(group, carc, -amount) for group, carc, amount in self.whole] if lines is None else []
        found = replace(
            self,
            day=day,
            rows=rows,
            kind=REVERSAL,
            status="22",
            whole=whole,
            remarks=(),
            undone={},
            part_of=None,
            charges=-self.charges,
        )
        self.undone.update(dict.fromkeys(self.lines if lines is None else lines, found))
        return found


@dataclass(slots=True)
class Decided:
    """What a decision comes to on one line: cents, and the reason of what is denied."""

    paid: int = 0
    denied: int = 0
    share: int = 0  # what the patient owes of it
    exempt: bool = False  # capitated or packaged
    carc: str = ""
    rarc: str = ""

    @property
    def word(self) -> str:
        """The outcome of the line, in the words of the ledger."""
        if self.denied:
            return "partly denied" if self.paid > 0 or self.share > 0 else "denied"
        return "paid" if self.paid > 0 or self.share > 0 else "nothing paid"


@dataclass(slots=True)
class Tale:
    """All that is sent and answered about one claim of the book."""

    root: int
    sent: list[Sending] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # of what was planted


def merged(rows: Sequence[Row]) -> list[Row]:
    """One row per line, as a claim to another payer repeats what was decided of it: without remarks."""
    found: dict[int, Row] = {}
    for row in rows:
        if row.line not in found:
            found[row.line] = replace(
                row, taken=[], units=0, charge=0, allowed=0, paid=0, remarks=(), changed=False
            )
        one = found[row.line]
        one.units, one.charge, one.paid = one.units + row.units, one.charge + row.charge, one.paid + row.paid
        one.allowed += row.allowed
        sums = {(group, carc): amount for group, carc, amount in one.taken}
        for group, carc, amount in row.taken:
            sums[group, carc] = sums.get((group, carc), 0) + amount
        one.taken = [(group, carc, amount) for (group, carc), amount in sums.items() if amount]
    return list(found.values())


def spread(amount: int, weights: Sequence[int]) -> Iterator[int]:
    """Parts of an amount by weights, which add up to it."""
    total, upto, before = sum(weights), 0, 0
    for weight in weights:
        upto += weight
        sign = -1 if amount < 0 else 1
        now = sign * ((2 * abs(amount) * upto + total) // (2 * total))
        yield now - before
        before = now


def decided(answer: Answer, charges: Sequence[int], exempt: Sequence[bool]) -> dict[int, Decided]:
    """What an answer, with the ones that hold together with it, comes to on each line.

    What is taken off the claim as a whole is spread by charge over the lines that still have something, to which
    ``charges`` and ``exempt`` of the book's lines are given.
    """
    found = {line: Decided() for line in answer.lines}
    for row in answer.rows:
        one = found[row.line]
        one.paid += row.paid
        one.exempt = exempt[row.line]
        for item in row.taken:
            _take(one, item, row.remarks)
    if not answer.rows:
        for line, one in found.items():
            one.paid = charges[line]
    over = [line for line, one in found.items() if one.paid > 0]
    if answer.whole and over:
        for item in answer.whole:
            for line, part in zip(over, spread(item[2], [charges[line] for line in over]), strict=True):
                found[line].paid -= part
                _take(found[line], (item[0], item[1], part), answer.remarks)
    return found


def _take(one: Decided, item: Adjustment, remarks: Sequence[str]) -> None:
    """Count an adjustment in."""
    group, carc, amount = item
    if (group, carc) in SHARES:
        one.share += amount
    elif carc not in NO_DENIAL and not (one.exempt and carc in ("24", "97")):
        one.denied += amount
        one.carc, one.rarc = carc, remarks[0] if remarks else ""
