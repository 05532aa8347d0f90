"""Desk: where answers are written: what a payer's decision on each line comes to, and the form in which it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from cpticd.simulation.adjudication import Decisions
from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.contracts import exempt
from cpticd.simulation.correspondence import DECISION, Adjustment, Answer, Row, Sending
from cpticd.simulation.insurers import Insurers
from cpticd.simulation.settlement import (
    BENEFIT_PERIOD,
    DENIAL,
    INPATIENT_DEDUCTIBLE,
    SLOTS,
    Payments,
    amounts_of,
)
from cpticd.simulation.vectors import bounds
from cpticd.simulation.world import World

#: How often a decision is sent in a form that is not one row a line: by line, then by claim.
SPLIT_PART, SPLIT_PAID, PANEL = 0.4, 0.02, 0.04
SPLIT_CLAIM, WHOLE_DENIAL, WHOLE_SEQUESTER, STATUS_4 = 0.12, 0.3, 0.25, 0.3
#: Services that a panel is answered as.
COMPONENTS = ("80053", "85025")


class Dice:
    """Uniform variates by name and number, each name from a stream of its own."""

    def __init__(self, world: World, size: int) -> None:
        self._world, self._size = world, size
        self._held: dict[str, list[float]] = {}

    def __call__(self, name: str, index: int) -> float:
        if name not in self._held:
            self._held[name] = self._world.draws(f"stories: {name}", self._size).tolist()
        return self._held[name][index]

    def between(self, name: str, index: int, low: int, high: int) -> int:
        """A whole number from ``low`` up to, not including, ``high``."""
        return low + int((high - low) * self(name, index))


class Desk:
    """Decisions on the lines of the book in cents, as rows of answers."""

    def __init__(
        self, world: World, book: Book, insurers: Insurers, first: Decisions, reasons: Reasons
    ) -> None:
        self.book, self.insurers, self.reasons, self.first = book, insurers, reasons, first
        everything = replace(
            first, denied=np.zeros_like(first.denied), part=first.part * 0, reason=first.reason * 0 - 1
        )
        self._rows = [_listed(amounts_of(world, book, made)) for made in (first, everything)]
        self.exempt: list[bool] = exempt(book, first, reasons).tolist()
        self.refused: list[bool] = ((first.denied | (first.part > 0)) & ~np.array(self.exempt)).tolist()
        self.denied: list[bool] = (first.denied & ~np.array(self.exempt)).tolist()
        lines, claims = book.lines, book.claims
        self.charges, self.units = lines.charge.tolist(), lines.units.tolist()
        self.procedures = lines.procedure.tolist()
        edges = bounds(lines.claim, claims.size).tolist()
        self.lines = [list(range(a, b)) for a, b in pairwise(edges)]
        self.dice, self.line_dice = Dice(world, claims.size), Dice(world, lines.size)
        self._lab = world.catalogue.in_family(lines.procedure, "lab").tolist()
        self._components = [world.catalogue.procedures[code] for code in COMPONENTS]
        self._fee = world.catalogue.fee.tolist()
        self._stay = (book.is_stay() & (world.catalogue.payer_kinds[claims.payer] == "ffs")).tolist()
        odds = self._odds(first)
        self.chance: list[float] = np.where(self.refused, odds / (1.0 + odds), 0.0).tolist()
        self.winnable = [self.line_dice("winnable", i) < self.chance[i] for i in range(lines.size)]

    def _odds(self, first: Decisions) -> np.ndarray:
        """Odds that a denial which is worked is overturned: by its reason, then by the payer."""
        chance = self.reasons.overturn[np.maximum(first.reason, 0)]
        found: np.ndarray = chance / (1.0 - chance) * np.array(self.insurers.appeal)[self.book.payer]
        return found

    # -- rows

    def reason(self, line: int) -> tuple[str, str, str]:
        """Group, CARC and RARC of what is refused of a line, blank where nothing is."""
        number = int(self.first.reason[line])
        reasons = self.reasons
        return (
            (reasons.group[number], reasons.carc[number], reasons.rarc[number])
            if number >= 0
            else ("", "", "")
        )

    def row(self, line: int, *, won: bool = False) -> Row:
        """A line as it is decided at first, or as it is once its denial has been overturned."""
        adjudicated, units, allowed, paid, amounts = self._rows[won][line]
        group, carc, rarc = self.reason(line)
        taken = [
            (group, carc, amount) if slot == DENIAL else (*SLOTS[slot], amount)
            for slot, amount in enumerate(amounts)
            if amount
        ]
        remarks = (rarc,) if rarc and amounts[DENIAL] else ()
        changed = adjudicated != self.procedures[line]
        return Row(line, adjudicated, units, self.charges[line], allowed, paid, taken, remarks, changed)

    def refusal(self, line: int, group: str, carc: str, *remarks: str) -> Row:
        """A line of which one reason takes the whole charge."""
        charge = self.charges[line]
        return Row(line, self.procedures[line], 0, charge, 0, 0, [(group, carc, charge)], remarks)

    # -- answers

    def decide(self, sending: Sending, day: int, rows: list[Row], number: str, other: str) -> list[Answer]:
        """The decision of the payer of a claim in the form in which it is sent: one answer, or two of a split claim.

        ``number``, ``other`` — the payer's numbers of the first answer, and of the second where there is one.
        """
        dice, root = self.dice, sending.root
        rows = [part for row in rows for part in self._in_form(row, rows)]
        whole = self._whole(rows, root)
        answer = Answer(sending, sending.payer, day, rows, DECISION, "1", number, sending.sequence, whole)
        halves = len(rows) == 2 and len(answer.lines) == 1 and all(row.charge > 0 for row in rows)
        if halves and not whole and dice("split claim", root) < SPLIT_CLAIM:
            second = replace(answer, rows=rows[1:], number=other, part_of=answer, undone={})
            answer.rows = rows[:1]
            return [answer, second]
        refused = all(row.taken and not row.allowed and self.refused[row.line] for row in rows)
        if refused and dice("status", root) < STATUS_4:
            answer.status = "4"
        causes = {(*row.taken[0][:2], row.remarks) for row in rows if row.taken}
        if refused and len(causes) == 1 and dice("whole denial", root) < WHOLE_DENIAL:
            group, carc, remarks = causes.pop()
            answer.charges = answer.charge
            answer.whole, answer.remarks, answer.rows = [(group, carc, answer.charges)], remarks, []
        return [answer]

    def _in_form(self, row: Row, rows: Sequence[Row]) -> list[Row]:
        """The rows that answer a line: one as a rule."""
        line, dice = row.line, self.line_dice
        refused = [item for item in row.taken if item[:2] == self.reason(line)[:2]]
        if refused and row.allowed and self.refused[line]:
            return _parted(row, refused[0], self.units[line]) if dice("parted", line) < SPLIT_PART else [row]
        if refused and refused[0][1] == "97" and len(rows) > 1:
            beside = max(
                (other for other in rows if other.line != line), key=lambda other: self._fee[other.procedure]
            )
            return [
                replace(row, procedure=beside.procedure, changed=beside.procedure != self.procedures[line])
            ]
        if row.paid and not refused and row.units > 1 and dice("split", line) < SPLIT_PAID:
            return row.split(1)
        if row.paid > 200 and self._lab[line] and dice("panel", line) < PANEL:
            return self._panel(row)
        return [row]

    def _panel(self, row: Row) -> list[Row]:
        """A panel answered as two components: the second has no charge of its own, and is paid all the same."""
        moved = row.paid // 3
        taken = [(group, carc, amount + moved * (carc == "45")) for group, carc, amount in row.taken]
        if not any(carc == "45" for _, carc, _ in taken):
            taken = [("CO", "45", moved), *taken]
        one, two = self._components
        first = replace(
            row, procedure=one, allowed=row.allowed - moved, paid=row.paid - moved, taken=taken, changed=True
        )
        return [first, Row(row.line, two, row.units, 0, moved, moved, [("CO", "94", -moved)], (), True)]

    def _whole(self, rows: list[Row], root: int) -> list[Adjustment]:
        """What is taken off the claim as a whole: a stay's deductible, some of what is sequestered. Changes rows."""
        found: list[Adjustment] = []
        if self.dice("whole sequester", root) < WHOLE_SEQUESTER:
            total = 0
            for row in rows:
                cut = sum(amount for _, carc, amount in row.taken if carc == "253")
                row.taken = [item for item in row.taken if item[1] != "253"]
                row.paid, total = row.paid + cut, total + cut
            found += [("CO", "253", total)] if total else []
        paid = sum(row.paid for row in rows) - sum(amount for *_, amount in found)
        if self._stay[root] and paid > 0 and self.dice("benefit period", root) < BENEFIT_PERIOD:
            found.append(("PR", "1", min(paid, INPATIENT_DEDUCTIBLE)))
        return found


def _parted(row: Row, refused: Adjustment, units: int) -> list[Row]:
    """A line that is denied in part as two rows: what is paid, and what is not."""
    rest = [item for item in row.taken if item is not refused]
    paid = replace(row, charge=row.charge - refused[2], taken=rest, remarks=())
    denied = replace(
        row, units=units - row.units, charge=refused[2], allowed=0, paid=0, taken=[refused], changed=False
    )
    return [paid, denied]


def _listed(made: Payments) -> list[tuple[int, int, int, int, list[int]]]:
    columns = (made.adjudicated, made.units, made.allowed, made.paid, made.amounts)
    return list(zip(*(column.tolist() for column in columns), strict=True))
