"""Stories: what becomes of each claim, from its first answer to the last, whenever that may be.

Before the first decision: returned, forwarded, pended, sent twice. After it: what was denied is appealed, replaced,
sent again, or left alone; what was paid is taken back, corrected, voided; the rest goes to the second payer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.correspondence import (
    DECISION,
    FORWARDED,
    ORIGINAL,
    PENDED,
    REPLACEMENT,
    RESUBMISSION,
    RETURNED,
    VOID,
    Answer,
    Row,
    Sending,
    Tale,
)
from cpticd.simulation.dates import NEVER
from cpticd.simulation.desk import Desk
from cpticd.simulation.second import bill_second
from cpticd.simulation.vectors import Ints
from cpticd.simulation.world import World

#: Before the first decision: shares of the claims.
RETURN, FORWARD, PEND, TWICE = 0.012, 0.005, 0.02, 0.007
#: Of those returned, the ones sent again; of those forwarded, the ones decided; of those pended, the ones whose pend is
#: reversed, and that keep the payer's number.
SENT_AGAIN, TAKEN_UP, PEND_REVERSED, PEND_NUMBER = 0.85, 0.7, 0.3, 0.5
#: Of the claims with a denial those that are worked, times the payer's rework; those worked too late.
WORK, LATE, SECOND_ATTEMPT, FIRST_FAILS, UPHELD_IN_SILENCE = 1.7, 0.07, 0.2, 0.12, 0.4
#: Ways of working a denial, added up: appeal, replacement, and the rest: sent again.
APPEAL, REPLACE, SAME_NUMBER, OLD_REVERSED = 0.35, 0.75, 0.4, 0.6
#: Of a new decision: corrected before its reversal, the reversal later, a status of a reversal, no reversal at all.
BEFORE, LATER, AS_REVERSAL, UNREVERSED = 0.15, 0.2, 0.25, 0.45
#: Of the paid claims, added up: taken back, voided, one line taken back, corrected, replaced without a line.
BACK, VOIDED, LINE_BACK, CORRECTED, FEWER = 0.008, 0.013, 0.016, 0.022, 0.025


class Teller:
    """What all tales need."""

    def __init__(self, world: World, desk: Desk) -> None:
        claims = desk.book.claims
        self.desk, self.dice, self.size = desk, desk.dice, claims.size
        self.payer, self.received = claims.payer.tolist(), claims.received.tolist()
        self.decided = claims.decided.tolist()
        catalogue = world.catalogue
        self._delay = catalogue.payer_number("delay").astype(int).tolist()
        self._spread = catalogue.payer_number("spread").astype(int).tolist()
        rework = catalogue.payer_number("rework")[claims.payer]
        self.work = (rework * WORK).tolist()
        self.twins = _twins(desk)

    def paced(self, name: str, root: int, payer: int, received: int) -> int:
        """Day of an answer to what was received, by the payer's pace."""
        payer = payer if payer < len(self._delay) else 0
        return workday(received + self._delay[payer] + int(self._spread[payer] * self.dice(name, root)))


def payer_number(payer: int, root: int, used: int) -> str:
    """The payer's control number, the ``used``-th of a claim."""
    return f"N{payer + 1}{root:08d}{used:02d}"


def workday(day: int) -> int:
    """The day, or the Monday after it."""
    late = (day + 3) % 7
    return day + 7 - late if late >= 5 else day


def tell(world: World, desk: Desk) -> list[Tale]:
    """The tale of every claim of the book, and of each that was sent twice, without regard to the data's end."""
    teller = Teller(world, desk)
    found = []
    for root in range(teller.size):
        tale = Tale(root)
        found.append(tale)
        sending = Sending(root, desk.lines[root], teller.payer[root], teller.received[root])
        tale.sent.append(sending)
        begun = _begin(teller, tale, sending)
        if begun is None:
            continue
        answers = desk.decide(
            begun[0], begun[1], [desk.row(line) for line in sending.lines], *_numbers(teller, tale)
        )
        if tale.kinds == ["pended"] and teller.dice("pend number", root) < PEND_NUMBER:
            answers[0].number = tale.answers[0].number
        tale.answers += answers
        own = {desk.reason(line)[1] for line in sending.lines}
        if begun[0] is sending and not own & {"18", "B13"} and teller.dice("twice", root) < TWICE:
            found.append(_sent_twice(teller, tale, answers[0]))
        _go_on(teller, tale, answers)
    return found


def first_days(book: Book, tales: Sequence[Tale]) -> Ints:
    """Day of the first decision on each claim of the book, or one that never comes."""
    found = np.full(book.claims.size, NEVER)
    for tale in tales:
        if "duplicate" not in tale.kinds:
            days = [answer.day for answer in tale.answers if answer.kind == DECISION]
            found[tale.root] = min(days, default=NEVER)
    return found


def _numbers(teller: Teller, tale: Tale, payer: int | None = None) -> tuple[str, str]:
    """Two new control numbers of a payer, the claim's as a rule."""
    payer = tale.sent[0].payer if payer is None else payer
    used = sum(1 for answer in tale.answers if answer.payer == payer)
    root = tale.root
    return payer_number(payer, root, used), payer_number(payer, root, used + 1)


# -- before the first decision


def _begin(teller: Teller, tale: Tale, sending: Sending) -> tuple[Sending, int] | None:
    """The claim that is decided first, and the day; none where it ends before."""
    desk, dice, root = teller.desk, teller.dice, tale.root
    day, u = teller.decided[root], dice("begin", root)
    if u < RETURN:
        tale.kinds.append("returned")
        rows = [desk.refusal(line, "CO", "16", "M76") for line in sending.lines]
        number = _numbers(teller, tale)[0]
        tale.answers.append(
            Answer(sending, sending.payer, day, rows, RETURNED, "1", number, remarks=("MA130",))
        )
        if dice("sent again", root) >= SENT_AGAIN:
            return None
        received = day + dice.between("mended", root, 4, 30)
        again = Sending(root, sending.lines, sending.payer, received, RESUBMISSION)
        tale.sent.append(again)
        return again, teller.paced("again", root, again.payer, received)
    if u < RETURN + FORWARD:
        tale.kinds.append("forwarded")
        rows = [desk.refusal(line, "CO", "109") for line in sending.lines]
        tale.answers.append(
            Answer(sending, sending.payer, day, rows, FORWARDED, "23", _numbers(teller, tale)[0])
        )
        if dice("taken up", root) < TAKEN_UP:
            _taken_up(teller, tale, sending, day)
        return None
    if u < RETURN + FORWARD + PEND:
        tale.kinds.append("pended")
        rows = [desk.refusal(line, "OA", "133") for line in sending.lines]
        pend = Answer(sending, sending.payer, day, rows, PENDED, "1", _numbers(teller, tale)[0])
        tale.answers.append(pend)
        day = workday(day + dice.between("pended", root, 14, 60))
        if dice("pend reversed", root) < PEND_REVERSED:
            tale.answers.append(pend.reversal(day))
    return sending, day


def _taken_up(teller: Teller, tale: Tale, sending: Sending, day: int) -> None:
    """Another payer decides a claim that was forwarded to it."""
    payers = len(teller.desk.book.catalogue.payers)
    payer = (sending.payer + 1 + teller.dice.between("other payer", tale.root, 0, payers - 1)) % payers
    desk = teller.desk
    # What the first payer pays by the month or in a package, another one pays.
    rows = [desk.row(line, won=desk.reason(line)[1] in ("24", "97")) for line in sending.lines]
    answers = teller.desk.decide(
        sending,
        workday(day + teller.dice.between("forwarded", tale.root, 10, 40)),
        rows,
        *_numbers(teller, tale, payer),
    )
    for answer in answers:
        answer.payer = payer
    tale.answers += answers


def _sent_twice(teller: Teller, tale: Tale, first: Answer) -> Tale:
    """The tale of a claim that was sent once more before it was decided, and is denied as a duplicate."""
    root, sending = tale.root, first.sending
    received = min(sending.received + teller.dice.between("twice days", root, 5, 15), first.day - 1)
    copy = Tale(root, kinds=["duplicate"])
    again = Sending(root, sending.lines, sending.payer, received, ORIGINAL)
    copy.sent.append(again)
    rows = [teller.desk.refusal(line, "CO", "18", "N522") for line in again.lines]
    day = teller.paced("twice answered", root, again.payer, received)
    number = payer_number(again.payer, root + teller.size, 0)
    copy.answers.append(Answer(again, again.payer, day, rows, number=number))
    return copy


# -- after it


def _go_on(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """What follows the first decision."""
    desk, dice, root = teller.desk, teller.dice, tale.root
    lines = answers[0].sending.lines
    if any(desk.refused[line] for line in lines):
        if dice("worked", root) < teller.work[root]:
            answers = _work(teller, tale, answers)
    else:
        u = dice("afterwards", root)
        for limit, happens in (
            (BACK, _taken_back),
            (VOIDED, _voided),
            (LINE_BACK, _line_taken_back),
            (CORRECTED, _corrected),
            (FEWER, _fewer_lines),
        ):
            if u < limit:
                happens(teller, tale, answers)
                return
    if len(answers) == 1:
        bill_second(desk, tale, answers[0], lambda day: teller.paced("second answer", root, 0, day))


def _work(teller: Teller, tale: Tale, answers: list[Answer]) -> list[Answer]:
    """A denial is worked, once or twice, and won only where it can be, and in time; returns the answers that stand."""
    desk, dice, root = teller.desk, teller.dice, tale.root
    winnable = any(desk.winnable[line] for line in answers[0].sending.lines)
    late = dice("late", root) < LATE
    fails = late or not winnable or dice("first fails", root) < FIRST_FAILS
    twice = not late and (winnable or dice("second attempt", root) < SECOND_ATTEMPT)
    answers = _attempt(teller, tale, answers, "first", late=late, wins=not fails)
    if fails and twice:
        tale.kinds.append("second attempt")
        answers = _attempt(teller, tale, answers, "second", late=False, wins=winnable)
    return answers


def _attempt(
    teller: Teller, tale: Tale, answers: list[Answer], which: str, *, late: bool, wins: bool
) -> list[Answer]:
    """One attempt at a denial; returns the answers that stand after it."""
    desk, dice, root = teller.desk, teller.dice, tale.root
    sending, day = answers[0].sending, max(answer.day for answer in answers)
    u = dice(f"{which} work days", root)
    sent = day + 8 + int(u * u * 100) + (dice.between("late days", root, 150, 330) if late else 0)
    way, again = dice(f"{which} way", root), None
    lines = [line for line in sending.lines if desk.denied[line]]
    if way < APPEAL and not late:
        tale.kinds.append("appeal")
    elif (
        way < REPLACE
        or not lines
        or root in teller.twins
        or any(desk.refused[line] and not desk.denied[line] for line in sending.lines)
    ):
        tale.kinds.append("replacement")
        same = dice(f"{which} number", root) < SAME_NUMBER
        again = _replacement(answers[0], sending.lines, sent, same=same)
    else:
        tale.kinds.append("resubmission")
        again = Sending(root, lines, sending.payer, sent, RESUBMISSION)
    to = again or sending
    rows = [_again(desk, line, late=late, wins=wins) for line in to.lines]
    answered = teller.paced(f"{which} reply", root, sending.payer, sent)
    if again is None:
        if not wins and dice(f"{which} upheld", root) < UPHELD_IN_SILENCE:
            return answers
        return _redecide(teller, tale, answers, (answered, rows), which)
    tale.kinds += ["late"] if late else []
    tale.sent.append(again)
    found = desk.decide(again, answered, rows, *_numbers(teller, tale))
    if again.relation == REPLACEMENT and dice(f"{which} old", root) < OLD_REVERSED:
        tale.answers += [answer.reversal(answered) for answer in answers]
    tale.answers += found
    return found


def _replacement(answer: Answer, lines: list[int], received: int, *, same: bool) -> Sending:
    """A claim that replaces the one that was answered."""
    old = answer.sending
    return Sending(
        old.root, lines, old.payer, received, REPLACEMENT, 1, "7", same, answer.number, replaces=old
    )


def _again(desk: Desk, line: int, *, late: bool, wins: bool) -> Row:
    """A line as it is decided once more."""
    if late and desk.denied[line]:
        return desk.refusal(line, "CO", "29")
    return desk.row(line, won=wins and desk.winnable[line])


def _redecide(
    teller: Teller, tale: Tale, answers: list[Answer], again: tuple[int, list[Row]], which: str
) -> list[Answer]:
    """A new decision in the place of an old one: with its reversal before or after it, or without."""
    (day, rows), dice, root, sending = again, teller.dice, tale.root, answers[0].sending
    found = teller.desk.decide(sending, day, rows, *_numbers(teller, tale))
    u = dice(f"{which} order", root)
    if u >= UNREVERSED or u < LATER:
        back = [answer.reversal(workday(day + 7) if BEFORE <= u < LATER else day) for answer in answers]
        tale.answers += [*found, *back] if u < LATER else [*back, *found]
        tale.kinds += ["out of order"] if u < LATER else []
    else:
        if u < AS_REVERSAL and all(answer.charge > 0 and answer.rows for answer in found):
            tale.answers += [answer.reversal(day) for answer in answers]
            for answer in found:
                answer.status = "22"
            tale.kinds.append("correction with status 22")
        tale.answers += found
    return found


def _taken_back(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """A payment is taken back, half of the time with a refusal."""
    dice, root, sending = teller.dice, tale.root, answers[0].sending
    tale.kinds.append("taken back")
    day = workday(answers[0].day + dice.between("back days", root, 40, 240))
    tale.answers += [answer.reversal(day) for answer in answers]
    if dice("back refused", root) < 0.5:
        rows = [teller.desk.refusal(line, "CO", "27") for line in sending.lines]
        tale.answers.append(Answer(sending, sending.payer, day, rows, number=_numbers(teller, tale)[0]))


def _line_taken_back(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """One line of several is taken back and refused."""
    answer, root = answers[0], tale.root
    if len(answer.lines) < 2 or answer.whole:
        return
    tale.kinds.append("line taken back")
    day = workday(answer.day + teller.dice.between("back days", root, 40, 240))
    line = answer.lines[-1]
    tale.answers.append(answer.reversal(day, [line]))
    row = teller.desk.refusal(line, "CO", "50", "N115")
    tale.answers.append(Answer(answer.sending, answer.payer, day, [row], number=_numbers(teller, tale)[0]))


def _voided(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """The provider takes a paid claim back, and the payer its money."""
    dice, root, sending = teller.dice, tale.root, answers[0].sending
    tale.kinds.append("void")
    sent = answers[0].day + dice.between("void days", root, 10, 90)
    same = dice("void number", root) < SAME_NUMBER
    tale.sent.append(Sending(root, sending.lines, sending.payer, sent, VOID, 1, "8", same, answers[0].number))
    day = teller.paced("void answer", root, sending.payer, sent)
    tale.answers += [answer.reversal(day) for answer in answers]


def _corrected(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """A payment is corrected: a little more is paid than before."""
    root = tale.root
    tale.kinds.append("corrected")
    day = workday(answers[0].day + teller.dice.between("back days", root, 20, 120))
    rows = [teller.desk.row(line) for line in answers[0].sending.lines]
    for row in rows:
        for i, (group, carc, amount) in enumerate(row.taken):
            if carc == "45" and row.paid > 0:
                more = amount // 10
                row.taken[i] = (group, carc, amount - more)
                row.paid, row.allowed = row.paid + more, row.allowed + more
        row.taken = [item for item in row.taken if item[2]]
    _redecide(teller, tale, answers, (day, rows), "corrected")


def _fewer_lines(teller: Teller, tale: Tale, answers: list[Answer]) -> None:
    """A paid claim is replaced by one without its last line."""
    root, sending = tale.root, answers[0].sending
    if len(sending.lines) < 2 or root in teller.twins:
        return
    tale.kinds.append("fewer lines")
    sent = answers[0].day + teller.dice.between("void days", root, 10, 90)
    again = _replacement(answers[0], sending.lines[:-1], sent, same=False)
    tale.sent.append(again)
    day = teller.paced("void answer", root, sending.payer, sent)
    rows = [teller.desk.row(line) for line in again.lines]
    found = teller.desk.decide(again, day, rows, *_numbers(teller, tale))
    tale.answers += [*(answer.reversal(day) for answer in answers), *found]


def _twins(desk: Desk) -> set[int]:
    """Claims that list one service twice: which of the two a later claim repeats, nothing tells."""
    lines: list[Ints] = [desk.book.lines.claim, desk.book.lines.procedure, desk.book.lines.start]
    seen: set[tuple[int, ...]] = set()
    found = set()
    for key in zip(*(column.tolist() for column in lines), strict=True):
        if key in seen:
            found.add(key[0])
        seen.add(key)
    return found
