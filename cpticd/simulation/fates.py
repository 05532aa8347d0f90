"""Fates: what became of every service, told from what was planted, in the words of the relation ``services``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cpticd.simulation.correspondence import (
    DECISION,
    OTHER_PAYER,
    PENDED,
    RETURNED,
    VOID,
    Decided,
    Sending,
    Tale,
    decided,
)
from cpticd.simulation.desk import Desk
from cpticd.simulation.insurers import root_cause

if TYPE_CHECKING:
    import pandas as pd

#: Days after its first decision from which on a denial that stands is one for good.
MATURE_DAYS = 90


def cut(tale: Tale, end: int) -> Tale | None:
    """What of a tale is known on a day; none where it is that of a second copy which was not sent by then."""
    copied = "duplicate" in tale.kinds
    sent = [item for i, item in enumerate(tale.sent) if item.received <= end or (i == 0 and not copied)]
    if not sent:
        return None
    answers = [answer for answer in tale.answers if answer.day <= end and answer.sending in sent]
    return replace(tale, sent=sent, answers=answers)


@dataclass(slots=True)
class Judged:
    """One decision of a payer on one service."""

    payer: int
    sequence: int
    version: int
    day: int
    one: Decided
    stands: bool


def fate_frame(desk: Desk, known: Sequence[Tale], tales: Sequence[Tale], end: int) -> pd.DataFrame:
    """One row per service: a line as it was sent first, through all claims that bill it, over all payers.

    claim_id, claim_line_number   its first submission
    chain_id, claims              the first claim of its chain, and all claims of the chain that are known
    submissions                   claims that bill it to the first payer, voids left out
    payer … denial_category       the first decision of the first payer
    final_… and state             the latest state, over all payers, at the end of the data
    paid_amount                   over all payers
    overturn_chance               of a denial that is worked in time: by its reason and the payer
    is_recoverable                whether it is paid then, by one draw with that chance
    recoverable_amount            dollars that are paid more then; 0 where it is not recoverable
    is_overturned_later           whether it is overturned after the end of the data
    story                         what was planted, in order
    """
    import pandas as pd

    last = max((answer.day for tale in known for answer in tale.answers), default=0)
    full = {id(tale.sent[0]): tale for tale in tales}
    rows = [row for tale in known for row in _fates(desk, tale, full[id(tale.sent[0])], end, last)]
    frame = pd.DataFrame(rows)
    frame["first_paid_date"] = pd.to_datetime(frame["first_paid_date"], unit="D")
    return frame.sort_values(["claim_id", "claim_line_number"], kind="stable", ignore_index=True)


def _fates(desk: Desk, tale: Tale, full: Tale, end: int, last: int) -> Iterator[dict[str, object]]:
    first = tale.sent[0]
    chain = [f"C{item.claim + 1:08d}" for item in tale.sent]
    judged = judge(desk, tale, end)
    later = judge(desk, full, 1 << 40) if len(full.answers) > len(tale.answers) else judged
    copied = "duplicate" in tale.kinds
    for place, line in enumerate(first.lines, start=1):
        own = judged.get(line, [])
        row = _state(desk, tale, line, own, last)
        refused = row["initial_outcome"] in ("denied", "partly denied") and not copied and desk.refused[line]
        won = refused and desk.winnable[line]
        more = desk.row(line, won=True).paid - desk.row(line).paid if won else 0
        ends = _final(later.get(line, []))[0]
        yield {
            "claim_id": chain[0],
            "claim_line_number": place,
            "chain_id": chain[0],
            "claims": " ".join(chain),
            **row,
            "overturn_chance": desk.chance[line] if refused else 0.0,
            "is_recoverable": won,
            "recoverable_amount": more / 100,
            "is_overturned_later": row["final_outcome"] == "denied" and ends in ("paid", "partly denied"),
            "story": ", ".join(tale.kinds),
        }


def judge(desk: Desk, tale: Tale, end: int) -> dict[int, list[Judged]]:
    """Decisions on each line of a tale, in their order; those that hold together are one."""
    found: dict[int, list[Judged]] = {}
    versions = {id(item): i for i, item in enumerate(tale.sent)}
    for answer in tale.answers:
        if answer.kind != DECISION or answer.part_of is not None:
            continue
        parts = [other for other in tale.answers if other.part_of is answer]
        merged = replace(answer, rows=[row for one in (answer, *parts) for row in one.rows])
        for line, one in decided(merged, desk.charges, desk.exempt).items():
            back = answer.undone.get(line)
            stands = back is None or back.day > end
            version = versions[id(answer.sending)]
            found.setdefault(line, []).append(
                Judged(answer.payer, answer.sequence, version, answer.day, one, stands)
            )
    return found


def _state(desk: Desk, tale: Tale, line: int, own: list[Judged], last: int) -> dict[str, object]:
    """First and latest state of one service."""
    first = min(own, key=lambda each: (each.sequence, each.version, each.day)) if own else None
    initial = first.one.word if first else "not adjudicated"
    final, final_denied, cause = _final(own)
    paid = sum(each.one.paid for each in _standing(own))
    final = _taken_from_view(tale, line, final)
    day = first.day if first else None
    denied = first is not None and first.one.denied > 0
    return {
        "submissions": sum(
            line in item.lines and item.relation not in (VOID, OTHER_PAYER) for item in tale.sent
        ),
        "payer": desk.insurers.names[first.payer if first else tale.sent[0].payer],
        "initial_outcome": initial,
        "first_paid_date": day,
        "denied_amount": (first.one.denied if first else 0) / 100,
        "denial_carc": first.one.carc if first and denied else None,
        "denial_rarc": (first.one.rarc or None) if first and denied else None,
        "denial_category": root_cause(first.one.carc, first.one.rarc) if first and denied else None,
        "final_outcome": final,
        "paid_amount": paid / 100,
        "final_denied_amount": final_denied / 100,
        "final_denial_carc": cause,
        "state": _worded(tale, line, own, (initial, final), last),
    }


def _standing(own: list[Judged]) -> list[Judged]:
    """The decision of each payer that stands: of the last version that it accepted, else of the last."""
    latest: dict[tuple[int, int, int], Judged] = {}
    for each in own:
        key = (each.sequence, each.payer, each.version)
        if each.stands and (key not in latest or latest[key].day <= each.day):
            latest[key] = each
    found: dict[tuple[int, int], Judged] = {}
    for key in sorted(latest):
        before, now = found.get(key[:2]), latest[key]
        accepts = now.one.word in ("paid", "partly denied")
        if before is None or accepts or before.one.word not in ("paid", "partly denied"):
            found[key[:2]] = now
    return [found[key] for key in sorted(found)]


def _final(own: list[Judged]) -> tuple[str, int, str | None]:
    """Latest state over all payers, what is left denied, and why."""
    standing = _standing(own)
    if not standing:
        return "not adjudicated", 0, None
    first, others = standing[0].one, [each.one for each in standing[1:]]
    if first.word == "paid":
        return "paid", 0, None
    if first.word == "partly denied":
        # What another payer pays beyond the patient's share goes to what the first one denied.
        left = first.denied - max(0, sum(one.paid for one in others) - first.share)
        return ("partly denied", left, first.carc) if left > 0 else ("paid", 0, None)
    if any(one.word == "paid" for one in others):
        return "paid", 0, None
    for one in others:
        if one.word == "partly denied":
            return "partly denied", one.denied, one.carc
    return (first.word, first.denied, first.carc or None)


def _taken_from_view(tale: Tale, line: int, final: str) -> str:
    """Void, where the provider took the service back; a denial stays one where a replacement leaves the line out."""
    billed: list[Sending] = [item for item in tale.sent if item.relation != OTHER_PAYER]
    if billed[-1].relation == VOID:
        return "void"
    current = [item for item in billed if line in item.lines][-1]
    left_out = any(item.replaces is current for item in billed)
    return "void" if left_out and final != "denied" else final


def _worded(tale: Tale, line: int, own: list[Judged], words: tuple[str, str], last: int) -> str:
    """State of a service, from its first and its latest outcome."""
    initial, final = words
    if initial == "not adjudicated" and final != "void":
        current = [
            item for item in tale.sent if line in item.lines and item.relation not in (VOID, OTHER_PAYER)
        ][-1]
        waiting = {answer.kind for answer in tale.answers if answer.sending is current}
        return next((kind for kind in (PENDED, RETURNED) if kind in waiting), final)
    if final == "denied":
        first = min(own, key=lambda each: (each.sequence, each.version, each.day))
        return "denied for good" if first.day <= last - MATURE_DAYS else "open"
    if final != "paid":
        return "paid in part" if final == "partly denied" else final
    if initial in ("denied", "partly denied"):
        return "overturned"
    standing = _standing(own)
    nothing = sum(each.one.paid for each in standing) <= 0
    if nothing and standing[-1].one.share > 0:
        return "patient's"
    # What one payer left to the patient another one refused, and took from the patient too.
    return (
        "nothing paid" if nothing and any(each.one.word == "denied" for each in standing) else "paid at first"
    )
