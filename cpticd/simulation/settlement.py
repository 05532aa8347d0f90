"""Settlement: what decisions come to in cents, and the adjudications of each claim in their order.

charge = contractual + sequester + denied + patient's + paid, on every line
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.adjudication import Decisions
from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.dates import months
from cpticd.simulation.reconsideration import Reconsidered
from cpticd.simulation.vectors import Bools, Ints, Rows, group_starts, total, within
from cpticd.simulation.world import World

#: Slots of a line's adjustments (group, CARC), in the order in which a remittance lists them; a denial has its own.
SLOTS = (("CO", "45"), ("CO", "253"), ("", ""), ("PR", "1"), ("PR", "2"), ("PR", "3"))
CONTRACT, SEQUESTER, DENIAL, DEDUCTIBLE, COINSURANCE, COPAY = range(len(SLOTS))
FIRST, REVERSAL, CORRECTED = range(3)
#: Inpatient deductible of the fee-for-service payer, on the claim as a whole, and how often it is due.
INPATIENT_DEDUCTIBLE, BENEFIT_PERIOD = 163_200, 0.6
#: Chance that the deductible is not met yet, by month.
UNMET = (0.34, 0.26, 0.16, 0.1, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02)


@dataclass
class Payments(Rows):
    """One element per line of an adjudication, sorted by adjudication and line."""

    line: Ints
    record: Ints
    adjudicated: Ints  # procedure as adjudicated
    units: Ints
    allowed: Ints
    paid: Ints
    amounts: Ints  # by slot
    reason: Ints  # of the denial slot, −1 none


@dataclass
class Records(Rows):
    """One element per adjudication of a claim, sorted by claim and number."""

    claim: Ints
    number: Ints
    payer: Ints
    kind: Ints  # FIRST, REVERSAL, CORRECTED
    day: Ints
    charge: Ints
    paid: Ints
    patient: Ints
    deductible: Ints  # on the claim as a whole
    denied: Bools  # all lines


@dataclass
class Outcome:
    """All adjudications and their lines, as far as they are known at the end of the data."""

    records: Records
    payments: Payments


def settle(world: World, book: Book, reasons: Reasons, first: Decisions, later: Reconsidered) -> Outcome:
    """First adjudications, reversals and corrections."""
    size, decided = book.claims.size, book.claims.decided
    known = decided <= world.end
    kinds = (known, later.reversed & known, later.again & known)
    claim = np.concatenate([np.flatnonzero(one) for one in kinds])
    kind = np.repeat([FIRST, REVERSAL, CORRECTED], [one.sum() for one in kinds])
    order = np.lexsort((kind, claim))
    claim, kind = claim[order], kind[order]
    record = np.full((3, size), -1)
    record[kind, claim] = np.arange(claim.size)
    at_first, again = amounts_of(world, book, first), amounts_of(world, book, later.decisions)
    payments = Payments.stack(
        _of_kind(book, at_first, record[FIRST]),
        _of_kind(book, at_first, record[REVERSAL], sign=-1),
        _of_kind(book, again, record[CORRECTED]),
    )
    payments = payments.take(np.lexsort((payments.line, payments.record)))
    day = np.where(kind == FIRST, decided[claim], later.day[claim])
    return Outcome(_records(world, book, reasons, payments, claim=claim, kind=kind, day=day), payments)


def amounts_of(world: World, book: Book, made: Decisions) -> Payments:
    """Allowed, paid and adjusted amounts of the lines that are decided."""
    catalogue, lines, line = world.catalogue, book.lines, made.line
    payer = book.payer[line]
    kind = catalogue.payer_kinds[payer]
    percent = catalogue.payer_number("allowed").astype(np.int64)[payer]
    procedure = np.where(made.denied, lines.procedure[line], made.procedure)
    charge, units = lines.charge[line], lines.units[line]
    each = np.maximum(catalogue.fee[procedure] * percent // 100, 10)
    each = np.minimum(each, charge // units)
    paid_units = np.where(made.denied, 0, units - made.part)
    allowed = each * paid_units
    taken = np.where(made.denied, charge, charge * made.part // units)
    amounts = np.zeros((line.size, len(SLOTS)), dtype=np.int64)
    amounts[:, CONTRACT] = charge - taken - allowed
    amounts[:, DENIAL] = taken
    free = catalogue.in_family(procedure, "preventive", "vaccine", "lab") | (kind == "medicaid")
    whole = ~free & (made.deductible < np.array(UNMET)[months(lines.start[line]) % 12])
    amounts[:, DEDUCTIBLE] = np.where(whole, allowed, 0)
    shared = ~free & ~whole & np.isin(kind, ["ffs", "ma", "marketplace"])
    rate = np.where(kind == "ffs", 20, np.where(kind == "ma", 10, 30))
    amounts[:, COINSURANCE] = np.where(shared, allowed * rate // 100, 0)
    visit = catalogue.in_family(procedure, "em") & (kind == "commercial") & ~whole
    amounts[:, COPAY] = np.where(visit & (made.copay < 0.8), np.minimum(allowed, 2500), 0)
    due = allowed - amounts[:, DEDUCTIBLE:].sum(axis=1)
    amounts[:, SEQUESTER] = np.where(kind == "ffs", due * 2 // 100, 0)
    paid = due - amounts[:, SEQUESTER]
    none = np.full(line.size, -1)
    return Payments(line, none, procedure, paid_units, allowed, paid, amounts, made.reason)


def _of_kind(book: Book, settled: Payments, record: Ints, sign: int = 1) -> Payments:
    """Payments of the adjudications of one kind; ``record`` is its number by claim, −1 where there is none."""
    found = record[book.lines.claim[settled.line]]
    part = settled.take(found >= 0)
    part.record = found[found >= 0]
    part.allowed, part.paid, part.amounts = sign * part.allowed, sign * part.paid, sign * part.amounts
    return part


def _records(
    world: World, book: Book, reasons: Reasons, payments: Payments, *, claim: Ints, kind: Ints, day: Ints
) -> Records:
    """Payments added up per adjudication; an inpatient deductible is taken off the claim as a whole."""

    def summed(values: Ints) -> Ints:
        return total(values, payments.record, claim.size)

    payer, sign = book.claims.payer[claim], np.where(kind == REVERSAL, -1, 1)
    charge = summed(book.lines.charge[payments.line] * sign[payments.record])
    paid = summed(payments.paid)
    taken = payments.amounts[:, DENIAL]
    # A denial that the patient answers for is his share too.
    theirs = (np.array(reasons.group) == "PR")[payments.reason] & (payments.reason >= 0)
    patient = summed(payments.amounts[:, DEDUCTIBLE:].sum(axis=1) + np.where(theirs, taken, 0))
    lost = summed(taken * (payments.allowed == 0))
    due = book.is_stay()[claim] & (world.catalogue.payer_kinds[payer] == "ffs")
    due &= world.draws("benefit period", book.claims.size)[claim] < BENEFIT_PERIOD
    deductible = np.where(due, np.minimum(np.abs(paid), INPATIENT_DEDUCTIBLE), 0) * sign
    return Records(
        claim=claim,
        number=within(group_starts(claim)) + 1,
        payer=payer,
        kind=kind,
        day=day,
        charge=charge,
        paid=paid - deductible,
        patient=patient + deductible,
        deductible=deductible,
        denied=np.abs(lost) == np.abs(charge),
    )
