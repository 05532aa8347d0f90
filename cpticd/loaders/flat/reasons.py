"""Cells that say why a payer did not pay: the codes that they name, and whether one of them is a denial."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final

from cpticd import reference
from cpticd.core.errors import ArgumentError

#: What words and codes of a user's systems stand for: {word or code: CARC, with its group or not, or None}.
Wordings = Mapping[str, "str | None"]

_GROUP = r"(CO|PR|OA|PI|CR)[\s:_/.-]*"
# Reasons start with no other letter than these; N…, M… and MA… are remarks.
_REASON = re.compile(
    rf"(?:{_GROUP})?(?:(?:CARC|REASON|CODE)[\s:#-]*)*([ABDPWY]?)0*(\d{{1,3}})(?:\.0)?(?![A-Z0-9]|\.\d)"
)
_REMARK = re.compile(r"(?:(?:RARC|REMARK|CODE)[\s:#-]*)*((?:MA|N|M)\d{1,4})(?![A-Z0-9])")
# Whole dollars need a sign that they are dollars: a number after a blank is the next code.
_WHOLE = r"-?(?:\d{1,3}(?:,\d{3})+|\d+)"
_DOLLARS = re.compile(
    rf"(?:\s*[:=(]\s*\$?|-\s*\$?|\s*\$|\s+)\s*(-?[\d,]*\.\d{{1,2}})(?!\d)\)?"
    rf"|\s*(?:[:=(]\s*\$?|\$)\s*({_WHOLE})(?=\)?\s*(?:$|[;|,/&+\n)]))\)?"
)
_BETWEEN = re.compile(r"(?:[\s,;|/&+()\[\].]|-(?=\d))+")
# Where a description begins, behind a code.
_OPENED = re.compile(r"\s*(?::|=|-+(?=\s|[A-Z]))")
# Where a description ends: at a strong separator, or where a code stands that can be nothing else.
_RESUMED = re.compile(r"[;|\n]|\b(?:CO|PR|OA|PI|CR)[\s_-]*[ABDPWY]?\d{1,3}\b|\b(?:MA|N|M)\d{1,4}\b")
_AMOUNT = re.compile(r"^-?\$?\s*-?[\d,]*\.\d{2}$")
# Words and the code that they mean, in brackets: "Prior auth missing (197)"; numbers of visits or days are none.
_BRACKETED = re.compile(
    r"(?=[^(\[]*[A-Z]{3})(?![^(\[]*\b(?:CO|PR|OA|PI|CR)[\s_-]*[ABDPWY]?\d)[^()\[\]]*[(\[]\s*"
    r"(?:(?:CARC|REASON|CODE)[\s:#-]*)*([ABDPWY]?)0*(\d{1,3})\s*[)\]]\s*"
)
_COUNTED = re.compile(
    r"\b(VISITS?|UNITS?|DAYS?|HOURS?|TIMES?|MAX(IMUM)?|LIMITS?|LINES?|COUNT|YEARS?|AGE|QTY)\b"
)
_NOT_DENIED = re.compile(
    r"no(t|n)? ?den(ied|ial)s?|none|no|n|false|f|paid|approved|allowed|clean|ok|not applicable"
)


@dataclass(frozen=True)
class Reason:
    """One reason that a cell names."""

    group: str | None
    carc: str | None
    amount: Decimal | None = None


@dataclass
class Reasons:
    """What a cell of reasons says; all empty where it says that there is none, as ``0`` does."""

    found: list[Reason] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unread: bool = False  # some of its text names no code
    in_brackets: bool = False  # its code stands in brackets behind words


def read(text: str, wordings: Mapping[str, str | None] | None = None) -> Reasons:
    """The reasons and remarks that a cell names; ``wordings`` are a user's, folded by :func:`checked`.

    ``CO-45``, ``CO45``, ``45``, ``CO-45, PR-1``, ``CO-16/CO-45``, ``CO-45: 12.50 | PR-1: 5``, ``CO16;N290``;
    words behind a code, such as ``CO-16: lacks information``, are left out, and words before a code in brackets; a bare
    amount has no code. A number that is no CARC is a word of the payer's own.
    """
    if wordings and (own := _in_words(text, wordings)):
        return own
    whole = text.strip().upper()
    said = Reasons()
    if _AMOUNT.match(whole):
        said.found.append(Reason(None, None, _decimal(whole)))
        return said
    if not re.search(r"[A-Z0-9]", whole) or _NOT_DENIED.fullmatch(whole.lower()):
        return said
    if coded := _in_brackets(whole):
        said.found.append(Reason(None, coded))
        said.in_brackets = True
        return said
    place, parted = 0, True
    while place < len(whole):
        if between := _BETWEEN.match(whole, place):
            place = between.end()
            parted = parted or not set(between[0]).isdisjoint(",;|/&+\n")
            continue
        if remark := _REMARK.match(whole, place):
            said.remarks.append(remark[1])
            place, parted = _described(whole, remark.end()), False
        elif reason := _REASON.match(whole, place):
            dollars = _DOLLARS.match(whole, reason.end())
            if not _is_carc(reason[2], int(reason[3])):
                # code 0 is how systems write that there is none
                said.unread = said.unread or bool(reason[2]) or int(reason[3]) > 0
            else:
                amount = _decimal(dollars[1] or dollars[2]) if dollars else None
                said.found.append(Reason(reason[1], f"{reason[2]}{int(reason[3])}", amount))
            place, parted = _described(whole, dollars.end() if dollars else reason.end()), False
        else:
            # Words behind a code describe it; words that stand apart say something else.
            resumed = _RESUMED.search(whole, place)
            names_code = resumed is not None and resumed[0] not in ";|\n"
            said.unread = said.unread or (parted and not names_code)
            place, parted = resumed.start() if resumed else len(whole), True
    return said


def _in_brackets(whole: str) -> str | None:
    """The listed code that ends a cell of words in brackets; None where there is none, or a number of something."""
    found = _BRACKETED.fullmatch(whole)
    if found is None or _COUNTED.search(whole):
        return None
    carc = f"{found[1]}{int(found[2])}"
    return carc if carc in _listed() else None


def checked(given: Wordings | None) -> dict[str, str | None]:
    """A user's wordings, folded for :func:`read`; ArgumentError for what names no code.

    >>> checked({"CVRG01": "27", "No  Authorization": "CO-197", "CLEAN": None})
    {'cvrg01': '27', 'no authorization': 'CO-197', 'clean': None}
    """
    found: dict[str, str | None] = {}
    for word, code in (given or {}).items():
        said = None if code is None else read(str(code))
        if said and (said.unread or not (said.remarks or any(each.carc for each in said.found))):
            raise ArgumentError(
                f"reasons: {word!r}: found {code!r}, which names no code; write a CARC such as '197' or 'CO-197', a "
                "remark code such as 'N290', or None for no reason"
            )
        found[_folded(str(word))] = None if code is None else str(code)
    return found


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _in_words(text: str, wordings: Mapping[str, str | None]) -> Reasons | None:
    """What a cell says in a user's words: as a whole, or in its parts; None where it has none of them."""
    whole = _folded(text)
    parts = [text] if whole in wordings else [part for part in re.split(r"[;|\n,]+", text) if part.strip()]
    codes: list[str | None] = []
    said = Reasons()
    for part in parts:
        # Words behind a code of the user's describe it.
        heads = (_folded(part), _folded(re.split(r"\s*(?:[:=(]|\s-+\s)", part.strip())[0]))
        known = next((head for head in heads if head in wordings), None)
        codes.append(known)
        code = part if known is None else wordings[known]
        each = Reasons() if code is None else read(code)
        said.found += each.found
        said.remarks += each.remarks
        said.unread = said.unread or each.unread
    return said if any(codes) else None


#: Words of denials and the code that most payers mean by them: proposed to the user, never read as it.
_LIKELY: Final = {
    "197": ("auth", "precert", "prior approval"),
    "29": ("timely", "filing limit", "past filing"),
    "18": ("duplicate",),
    "50": ("medical necess", "medically necess", "not necessary"),
    "27": ("coverage term", "termed", "inactive", "coverage end"),
    "31": ("not eligible", "ineligible", "eligib", "cannot identify", "member not found"),
    "22": ("coordination", "cob", "other insurance", "other payer", "primary payer"),
    "97": ("bundl", "inclusive", "included in", "incidental"),
    "119": ("benefit max", "maximum", "exceeds benefit", "visit limit"),
    "16": ("missing", "incomplete", "lacks", "information"),
    "242": ("out of network", "non-par", "nonpar"),
    "11": ("diagnosis", "dx"),
    "4": ("modifier",),
    "B7": ("credential", "provider not certified"),
    "55": ("experimental", "investigational"),
    "252": ("records", "documentation"),
    "96": ("non-covered", "noncovered", "not covered", "excluded"),
}


def likely(text: str) -> str | None:
    """The CARC that words most likely mean, to be proposed; None where they are not known."""
    folded = _folded(text)
    return next((carc for carc, words in _LIKELY.items() if any(word in folded for word in words)), None)


#: Codes are added: numbers up to these may be newer than the table.
_LAST, _LAST_OF_LETTER = 350, 40


def _is_carc(letter: str, number: int) -> bool:
    """Whether a number, behind a letter or alone, is or may become a CARC."""
    if number == 0:
        return letter == "A"  # A0
    return number <= (_LAST_OF_LETTER if letter else _LAST)


def _described(text: str, place: int) -> int:
    """Behind the description that a colon or dash after a code opens."""
    if not _OPENED.match(text, place):
        return place
    resumed = _RESUMED.search(text, place)
    return resumed.start() if resumed else len(text)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(re.sub(r"[$,\s]", "", text)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None


@cache
def _not_denials() -> frozenset[str]:
    rows = reference.table("carc_categories").to_pylist()
    return frozenset(row["carc"] for row in rows if not row["is_denial"])


@cache
def _listed() -> frozenset[str]:
    return frozenset(row["carc"] for row in reference.table("carc_categories").to_pylist())


@cache
def _returning() -> frozenset[str]:
    rows = reference.table("carc_rarc_overrides").to_pylist()
    return frozenset(row["rarc"] for row in rows if row["marker"] == "unprocessable")


def returns(remarks: list[str]) -> bool:
    """Whether a remark sends the line back as unprocessable: a state before adjudication, and no denial."""
    return not _returning().isdisjoint(remarks)


def is_denial(carc: str | None) -> bool:
    """Whether a reason denies, as the view of adjudicated lines judges: all do but those listed as no denials."""
    return carc is not None and carc not in _not_denials()
