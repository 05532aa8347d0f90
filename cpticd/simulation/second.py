"""Second: the claim goes on to the second payer, which pays the patient's share or refuses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cpticd.simulation.correspondence import (
    OTHER_PAYER,
    REPORTED,
    Answer,
    Decided,
    Row,
    Sending,
    Tale,
    decided,
    merged,
)
from cpticd.simulation.desk import Desk

#: Of the claims with a second payer: those whose denial goes on to it, that the first payer forwards itself,
#: that bear the first claim's number, that are answered before the first payer's answer comes.
DENIED_ON, CROSSES_OVER, SAME_NUMBER, EARLY = 0.5, 0.5, 0.7, 0.04
#: What the second payer does, added up: pays the patient's share, refuses it, leaves a part of it.
PAYS, REFUSES = 0.82, 0.92
#: Share of the denials of the first payer that the second one pays for, and denies too.
PAYS_DENIED, DENIES_TOO = 0.2, 0.7


def bill_second(desk: Desk, tale: Tale, first: Answer, paced: Callable[[int], int]) -> None:
    """Add the claim to the second payer and its answer to the tale."""
    root, dice = tale.root, desk.dice
    payer = int(desk.insurers.second[root])
    lines = decided(first, desk.charges, desk.exempt)
    left = sum(one.share for one in lines.values() if one.word != "denied")
    denied = any(one.word == "denied" for one in lines.values())
    if payer < 0 or payer == first.payer or first.status == "22":
        return
    if not (left or (denied and dice("denied on", root) < DENIED_ON)):
        return
    sending, day = first.sending, paced(first.day + 3)
    if dice("crosses over", root) < CROSSES_OVER:
        tale.kinds.append("crossover")
        first.status = "19"
        if dice("early", root) < EARLY:
            day = max(sending.received + 1, first.day - 3)
    else:
        tale.kinds.append("second claim")
        received = first.day + dice.between("second sent", root, 4, 25)
        same = sending is tale.sent[0] and dice("second number", root) < SAME_NUMBER
        sending = Sending(root, sending.lines, payer, received, OTHER_PAYER, 2, "1", same)
        tale.sent.append(sending)
        report = replace(
            first,
            sending=sending,
            rows=merged(first.rows),
            kind=REPORTED,
            status="",
            number="",
            remarks=(),
            undone={},
        )
        tale.answers.append(report)
        day = paced(received)
    rows = [_answered(desk, line, one, dice("second way", root)) for line, one in lines.items()]
    number = f"N{payer + 1}{root:08d}00"
    tale.answers.append(Answer(sending, payer, day, rows, status="2", number=number, sequence=2))


def _answered(desk: Desk, line: int, first: Decided, u: float) -> Row:
    """The row of the second payer on a line that the first one has decided."""
    charge, share = desk.charges[line], first.share
    row = Row(line, desk.procedures[line], desk.units[line], charge, 0, 0, [])
    if first.word == "denied":
        v = desk.line_dice("second denial", line)
        if v < PAYS_DENIED:
            row.paid = row.allowed = max(charge * 6 // 10, 1)
            row.taken = [("CO", "45", charge - row.paid)] if charge > row.paid else []
        elif v < DENIES_TOO:
            return desk.refusal(line, "PR", "96", "N130")
        else:
            row.taken = [("OA", "23", charge)]
        return row
    row.taken = [("OA", "23", charge - share)] if charge > share else []
    row.allowed = share
    if u < PAYS:
        row.paid = share
    elif u < REFUSES:
        row.allowed = 0
        row.taken += [("CO", "29", share)] if share else []
    else:
        row.paid = share - share // 4
        row.taken += [("PR", "3", share // 4)] if share // 4 else []
    return row
