"""What payers do with simulated claims: when they decide, what they pay, what they take back. In cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from cpticd.simulation.assembly import Book, stack, take
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.denial import Causes, Chances, draw_causes
from cpticd.simulation.draws import Bools, Draws, Floats, Ints, group_starts
from cpticd.simulation.people import World, year_start

#: Slots of a line's adjustments, in the order in which a remittance lists them.
SLOTS = (("CO", "45"), ("CO", "253"), ("", ""), ("PR", "1"), ("PR", "2"), ("PR", "3"))
CONTRACT, SEQUESTER, DENIAL, DEDUCTIBLE, COINSURANCE, COPAY = range(len(SLOTS))
FIRST, REVERSAL, CORRECTED = range(3)
#: Inpatient deductible of the fee-for-service payer, on the claim as a whole.
INPATIENT_DEDUCTIBLE = 163_200
#: Payer that pays visits as one level lower without saying so, and how often.
DOWNCODER, DOWNCODED = (
    "Cedar Advantage",
    {"99214": ("99213", 0.08), "99215": ("99214", 0.3), "99285": ("99284", 0.25)},
)
PARTS = ("151", "222", "119")  # reasons for denying part of a line's units
#: Adjudications are known up to so many days after the last year ends.
CUTOFF_DAYS = 31


def data_end(years: Sequence[int]) -> int:
    """Last day of which the data knows."""
    return year_start(years[-1] + 1) + CUTOFF_DAYS


@dataclass
class Payments:
    """One element per line of an adjudication."""

    line: Ints
    claim: Ints
    record: Ints
    adjudicated: Ints  # procedure as adjudicated
    units: Ints
    allowed: Ints
    paid: Ints
    amounts: Ints  # by slot
    cause: Ints  # of the denial slot, −1 none


@dataclass
class Records:
    """One element per adjudication of a claim, sorted by claim and number."""

    claim: Ints
    number: Ints
    kind: Ints
    day: Ints
    charge: Ints
    paid: Ints
    patient: Ints
    deductible: Ints  # on the claim as a whole
    denied: Bools  # all lines
    version: Ints  # of the payer's claim number


def _settle(
    catalogue: Catalogue,
    book: Book,
    line: Ints,
    *,
    denied: Bools,
    cause: Ints,
    lower: Ints,
    part: Ints,
    share: tuple[Floats, Floats],
) -> Payments:
    """Allowed, paid and adjusted amounts of lines; ``part`` units of a line that is paid are denied."""
    lines, claims = book.lines, book.claims
    rows = catalogue.payer_rows
    payer = claims.payer[lines.claim[line]]
    kind = np.array([row["kind"] for row in rows])[payer]
    percent = np.array([int(row["allowed"]) for row in rows])[payer]
    procedure = np.where(denied, lines.procedure[line], lower)
    charge, units = lines.charge[line], lines.units[line]
    each = np.maximum(catalogue.fee[procedure] * percent // 100, 10)
    each = np.minimum(each, charge // units)
    paid_units = np.where(denied, 0, units - part)
    allowed = each * paid_units
    taken = np.where(denied, charge, charge * part // units)
    amounts = np.zeros((line.size, len(SLOTS)), dtype=np.int64)
    amounts[:, CONTRACT] = charge - taken - allowed
    amounts[:, DENIAL] = taken
    month = lines.start[line].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    early = np.array([0.34, 0.26, 0.16, 0.1, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02])[month]
    free = catalogue.in_family("preventive", "vaccine", "lab")[procedure] | (kind == "medicaid")
    whole = ~free & (share[0] < early)
    amounts[:, DEDUCTIBLE] = np.where(whole, allowed, 0)
    part_b = ~free & ~whole & np.isin(kind, ["ffs", "ma", "marketplace"])
    rate = np.where(kind == "ffs", 20, np.where(kind == "ma", 10, 30))
    amounts[:, COINSURANCE] = np.where(part_b, allowed * rate // 100, 0)
    visit = catalogue.in_family("em")[procedure] & (kind == "commercial") & ~whole
    amounts[:, COPAY] = np.where(visit & (share[1] < 0.8), np.minimum(allowed, 2500), 0)
    due = allowed - amounts[:, DEDUCTIBLE] - amounts[:, COINSURANCE] - amounts[:, COPAY]
    amounts[:, SEQUESTER] = np.where(kind == "ffs", due * 2 // 100, 0)
    paid = due - amounts[:, SEQUESTER]
    return Payments(
        line,
        lines.claim[line],
        np.zeros(line.size, dtype=np.int64),
        procedure,
        paid_units,
        allowed,
        paid,
        amounts,
        cause,
    )


def _total(values: Ints, owner: Ints, size: int) -> Ints:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, owner, values)
    return total


def replacements(draws: Draws, book: Book, denied: Bools, rule: Ints, *, paid_day: Ints, cutoff: int) -> Ints:
    """Add replacement claims for some denied ones to the book; returns the lines that they copy."""
    claims, lines = book.claims, book.lines
    size = claims.person.size
    any_denied, broken = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    any_denied[lines.claim[denied]] = True
    broken[lines.claim[rule >= 0]] = True
    sent = paid_day + 12 + draws.below("replaced after", size, 40)
    old = np.flatnonzero(any_denied & ~broken & (sent < cutoff) & (draws("replaced", size) < 0.06))
    new = take(claims, old)
    new.replaces = old
    new.received = sent[old]
    fresh = np.full(size, -1)
    fresh[old] = size + np.arange(old.size)
    again = np.flatnonzero(fresh[lines.claim] >= 0)
    line_rows = take(lines, again)
    line_rows.claim = fresh[line_rows.claim]
    diagnosis_rows = take(book.diagnoses, np.flatnonzero(fresh[book.diagnoses.claim] >= 0))
    diagnosis_rows.claim = fresh[diagnosis_rows.claim]
    book.claims = stack(claims, new)
    book.lines = stack(lines, line_rows)
    book.diagnoses = stack(book.diagnoses, diagnosis_rows)
    return again


def paid_days(catalogue: Catalogue, draws: Draws, book: Book, name: str) -> Ints:
    """Day of the first remittance of every claim, by the payer's pace."""
    rows = catalogue.payer_rows
    delay = np.array([int(row["delay"]) for row in rows])[book.claims.payer]
    spread = np.array([int(row["spread"]) for row in rows])[book.claims.payer]
    u = draws(name, book.claims.payer.size)
    day = book.claims.received + delay + (spread * (0.4 * u + 1.6 * u * u * u * u)).astype(np.int64)
    # Remittances are sent on Mondays to Fridays.
    weekday = (day + 3) % 7
    return day + np.where(weekday >= 5, 7 - weekday, 0)


@dataclass
class Outcome:
    """All adjudications, their lines, and lines paid as a lower service."""

    records: Records
    payments: Payments
    downcoded: Ints  # lines


def adjudicate(
    world: World,
    book: Book,
    chance: Chances,
    denied: Bools,
    *,
    reasons: Causes,
    paid_day: Ints,
) -> Outcome:
    """First adjudications, reversals and corrections, as far as they are known at the end of the data."""
    catalogue, draws = world.catalogue, world.draws
    lines, claims = book.lines, book.claims
    size, n = claims.person.size, lines.claim.size
    cutoff = data_end(world.years)
    every = np.arange(n)
    cause = np.full(n, -1)
    lost = np.flatnonzero(denied)
    cause[lost] = draw_causes(catalogue, draws, book, chance, lost)
    # Part of the units of some lines.
    partly = ~denied & (lines.units > 1) & (draws("partly", n) < 0.06)
    part = np.where(partly, 1 + (draws("part", n) * (lines.units - 1)).astype(np.int64), 0)
    part_causes = np.array(
        [reasons.index(carc, rarc) for carc, rarc in zip(PARTS, ("", "N362", ""), strict=True)]
    )
    cause = np.where(partly, part_causes[draws.below("part cause", n, len(PARTS))], cause)
    lower = _lower(catalogue, draws, book)
    shares = (draws("deductible", n), draws("copay", n))
    first = _settle(catalogue, book, every, denied=denied, cause=cause, lower=lower, part=part, share=shares)
    # Later a replacement voids the original, a rework corrects it, and some payments are taken back.
    any_denied = np.zeros(size, dtype=bool)
    any_denied[lines.claim[denied]] = True
    replaced = np.zeros(size, dtype=bool)
    replaced[claims.replaces[claims.replaces >= 0]] = True
    rework = np.array([float(row["rework"]) for row in catalogue.payer_rows])[claims.payer]
    reworked = any_denied & ~replaced & (draws("rework", size) < rework)
    overturned = denied & reworked[lines.claim]
    overturned &= draws("overturned", n) < reasons.overturn[np.maximum(cause, 0)]
    corrected = np.zeros(size, dtype=bool)
    corrected[lines.claim[overturned]] = True
    clean = ~any_denied & ~replaced
    back = clean & (draws("taken back", size) < 0.008)
    refused = back & (draws("refused", size) < 0.5)
    again_denied = np.where(refused[lines.claim], True, denied & ~overturned)
    again_cause = np.where(
        refused[lines.claim], reasons.index("27", ""), np.where(again_denied | partly, cause, -1)
    )
    again = np.flatnonzero((corrected | refused)[lines.claim])
    second = _settle(
        catalogue,
        book,
        again,
        denied=again_denied[again],
        cause=again_cause[again],
        lower=lower[again],
        part=np.where(again_denied, 0, part)[again],
        share=(shares[0][again], shares[1][again]),
    )
    wait = draws("rework days", size)
    later = paid_day + np.where(
        back, 60 + (wait * 240).astype(np.int64), 25 + (wait * wait * 120).astype(np.int64)
    )
    later[claims.replaces[claims.replaces >= 0]] = paid_day[claims.replaces >= 0]
    later += np.where((later + 3) % 7 >= 5, 2, 0)
    reverse = (corrected | replaced | back) & (later <= cutoff)
    repeat = (corrected | refused) & reverse
    decided = paid_day <= cutoff
    known = (decided, reverse & decided, repeat & decided)
    records, payments = _records(world, book, (first, second), known, days=(paid_day, later), reasons=reasons)
    down = np.flatnonzero((lower != lines.procedure) & ~denied & decided[lines.claim])
    return Outcome(records, payments, down)


def _lower(catalogue: Catalogue, draws: Draws, book: Book) -> Ints:
    """Procedure that each line is paid as."""
    lines = book.lines
    found = lines.procedure.copy()
    mine = book.claims.payer[lines.claim] == catalogue.payers.index(DOWNCODER)
    uniform = draws("downcoded", found.size)
    for code, (other, share) in DOWNCODED.items():
        hit = mine & (lines.procedure == catalogue.procedures[code]) & (uniform < share)
        found[hit] = catalogue.procedures[other]
    return found


def _records(
    world: World,
    book: Book,
    settled: tuple[Payments, Payments],
    known: tuple[Bools, Bools, Bools],
    *,
    days: tuple[Ints, Ints],
    reasons: Causes,
) -> tuple[Records, Payments]:
    """Put first adjudications, reversals and corrections in order, and add them up per claim.

    ``known`` tells the claims with a first adjudication, a reversal and a correction; ``days`` those of the
    first and of the others.
    """
    catalogue, (first, second), (decided, reverse, repeat) = world.catalogue, settled, known
    day, later = days
    size = book.claims.person.size
    claim = np.concatenate([np.flatnonzero(decided), np.flatnonzero(reverse), np.flatnonzero(repeat)])
    kind = np.repeat([FIRST, REVERSAL, CORRECTED], [decided.sum(), reverse.sum(), repeat.sum()])
    order = np.lexsort((kind, claim))
    claim, kind = claim[order], kind[order]
    row_of = np.full((3, size), -1)
    row_of[kind, claim] = np.arange(claim.size)
    parts = []
    for source, which in ((first, FIRST), (first, REVERSAL), (second, CORRECTED)):
        index = np.flatnonzero(row_of[which][source.claim] >= 0)
        turn = -1 if which == REVERSAL else 1
        parts.append(
            Payments(
                source.line[index],
                source.claim[index],
                row_of[which][source.claim[index]],
                source.adjudicated[index],
                source.units[index],
                turn * source.allowed[index],
                turn * source.paid[index],
                turn * source.amounts[index],
                source.cause[index],
            )
        )
    names = [item.name for item in fields(Payments)]
    merged = Payments(*(np.concatenate([getattr(p, f) for p in parts]) for f in names))
    order = np.lexsort((merged.line, merged.record))
    merged = Payments(*(getattr(merged, f)[order] for f in names))
    sign = np.where(kind == REVERSAL, -1, 1)
    total = claim.size
    charge = _total(book.lines.charge[merged.line] * sign[merged.record], merged.record, total)
    paid = _total(merged.paid, merged.record, total)
    patient = _total(merged.amounts[:, DEDUCTIBLE:].sum(axis=1), merged.record, total)
    # A denial that the patient answers for is his share too.
    theirs = np.array([group == "PR" for group in reasons.group])[merged.cause] & (merged.cause >= 0)
    patient += _total(np.where(theirs, merged.amounts[:, DENIAL], 0), merged.record, total)
    lost = _total(merged.amounts[:, DENIAL] * (merged.allowed == 0), merged.record, total)
    inpatient = (book.claims.place == book.places.index("111"))[claim]
    ffs = np.array([row["kind"] == "ffs" for row in catalogue.payer_rows])[book.claims.payer[claim]]
    begins = world.draws("benefit period", size)[claim] < 0.6
    deductible = np.where(inpatient & ffs & begins, np.minimum(np.abs(paid), INPATIENT_DEDUCTIBLE), 0) * sign
    records = Records(
        claim,
        np.arange(total) - np.flatnonzero(group_starts(claim))[np.cumsum(group_starts(claim)) - 1] + 1,
        kind,
        np.where(kind == FIRST, day[claim], later[claim]),
        charge,
        paid - deductible,
        patient + deductible,
        deductible,
        np.abs(lost) == np.abs(charge),
        np.where(kind == CORRECTED, 1, 0),
    )
    return records, merged
