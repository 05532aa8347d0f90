"""What a status means that a payer, a clearinghouse or a practice writes in words: a table of phrases."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from cpticd import reference

#: What a status says, and the claim status code (CLP02) that stands for it; None: nothing is decided.
_CODES: Final = {
    "denied": "4",
    "partly denied": "1",
    "processed": "1",
    "reversed": "22",
    "pending": None,
}
#: State: the phrases that say so, as whole words. The phrase with the most words that a status holds decides, of
#: equally long ones the first listed.
_PHRASES: Final = """
partly denied: partially denied, partial denied, partial denial, partial deny, partly denied, part denied, denied
  in part, denied partially, paid in part denied in part, partially disallowed, partially approved and denied
denied: denied, deny, denies, denial, denials, denial upheld, denial final, not paid, not allowed, not approved,
  not covered, non covered, noncovered, unpaid, disallowed, disallow, denied upheld, appeal denied, appeal lost,
  appeal upheld, appeal unsuccessful, appeal rejected, denied after appeal, denied on appeal, upheld on appeal,
  appeal pending, pending appeal, appealed, under appeal, in appeal, on appeal, appeal filed, appeal submitted,
  appeal sent, appeal in process, appeal in progress, appeal open, awaiting appeal, denied appeal pending, denied
  pending appeal, denied appealed, denial appealed, denied pending review, d, no, den, dnd
reversed: reversed, reversal, reverse, void, voided, recoup, recouped, recoupment, takeback, take back, taken back,
  refund, refunded, retracted, retraction, cancelled, canceled, cancellation, payment reversed, reversal of
  previous payment, paid then reversed, denied reversal of payment
pending: pending, pend, pended, open, submitted, processing, in process, in progress, received, suspended,
  suspense, hold, on hold, billed, rebilled, new, awaiting, await, rejected, reject, not adjudicated, not
  processed, not yet processed, in review, under review, not finalized, acknowledged, accepted, additional information
  requested, p0, p1, p2, p3, p4, p5, a0, a1, a2, a3, a4, a5, a6, a7, a8, r0, r1, r3, r4
processed: paid, pay, approved, allowed, allow, payable, process, processed, finalized, final, adjudicated,
  completed, complete, closed, settled, p, a, forwarded, partially paid, partial payment, paid in part,
  partially approved, paid in full, zero paid, no payment, nothing paid, not denied, no denial, denial overturned,
  denied overturned, overturned, overturned on appeal, appeal overturned, denial reversed, denied reversed, denial
  rescinded, denial removed, denial resolved, denial paid, denied paid, denied then paid, denied now paid,
  previously denied paid, denial recovered, appeal won, appeal approved, appeal successful, appeal favorable,
  appeal paid, appeal granted, reinstated, paid after appeal, paid on appeal, paid after denial, paid after
  reconsideration, paid after review, won on appeal, f0, f1, f3, f4, capitated, encounter
"""
#: Categories of the claim status transaction (277) that say more than that something is finished.
_CATEGORIES: Final = {"f2": "denied"}


def _read() -> dict[tuple[str, ...], tuple[str, int]]:
    phrases: dict[tuple[str, ...], tuple[str, int]] = {}
    rank = 0
    for entry in re.split(r"\n(?=\S)", _PHRASES.strip()):
        state, _, listed = entry.partition(":")
        for phrase in listed.split(","):
            rank += 1
            phrases.setdefault(tuple(phrase.split()), (state, rank))
    return phrases


_TABLE: Final = _read()
_LONGEST: Final = max(map(len, _TABLE))


def state(text: str) -> str | None:
    """denied, partly denied, reversed, pending or processed; None where no word of a status is known.

    >>> state("Denied - appeal pending"), state("Denial overturned"), state("04"), state("blue")
    ('denied', 'processed', 'denied', None)
    """
    folded = re.sub(r"[.]0+$", "", text.strip().lower())
    if folded.isdigit():
        return _numbers().get(str(int(folded)))
    numbered = re.match(r"0*(\d{1,2})\s*[-:=]\s*[a-z]", folded)  # "4 - Denied": the words say it, too
    words = re.findall(r"[a-z0-9]+", folded.replace("'", ""))
    found = [
        (-length, _TABLE[phrase][1], _TABLE[phrase][0])
        for length in range(1, _LONGEST + 1)
        for start in range(len(words) - length + 1)
        if (phrase := tuple(words[start : start + length])) in _TABLE
        # a letter is a status only where it stands alone
        and (length > 1 or len(phrase[0]) > 1 or len(words) == 1)
    ]
    if found:
        return min(found)[2]
    if len(words) == 1 and words[0] in _CATEGORIES:
        return _CATEGORIES[words[0]]
    return _numbers().get(numbered[1]) if numbered else None


def code(text: str) -> tuple[str | None, bool]:
    """Claim status code (CLP02) of a status, None where nothing is decided or its words are not known; and whether they
    are known."""
    folded = re.sub(r"[.]0+$", "", text.strip())
    if folded.isdigit() and str(int(folded)) in _numbers():
        number = str(int(folded))
        return number, True
    found = state(text)
    return (_CODES[found] if found else None), found is not None


@cache
def _numbers() -> dict[str, str]:
    """Claim status codes and what they say."""
    states = {"processed": "processed", "denied": "denied", "reversal": "reversed", "pended": "pending"}
    rows = reference.table("claim_status_codes").to_pylist()
    return {row["code"]: states.get(row["class"], "processed") for row in rows}
