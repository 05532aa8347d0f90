"""Which characters separate segments, elements and components: sniffed at every interchange header.

The standard fixes an ISA of 106 bytes. Files in the field do not keep to it, so separators are counted, not
bytes, and what follows the header confirms or corrects what the header says.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

#: Bytes after "ISA" within which the header and the start of the next segment stand.
WINDOW = 1200

_ISA = re.compile(rb"ISA(?=[^A-Za-z0-9\s])")
_NEXT_IDS = rb"(?:GS|TA1|ST|IEA|ISB|ISE|BHT|BPR)"
# Segments that may open a fragment, and what they must look like not to be prose ("CLP-less, or HL/TX").
_SEPARATOR = rb"[^A-Za-z0-9\s\-_.,;()'\"/]"
_FRAGMENT = re.compile(
    rb"(?<![A-Za-z0-9])(?:GS(?P<gs>"
    + _SEPARATOR
    + rb")[A-Z]{2}(?P=gs)|ST(?P<st>"
    + _SEPARATOR
    + rb")[0-9]{3}(?P=st)"
    rb"|BPR(?P<bpr>" + _SEPARATOR + rb")[A-Z](?P=bpr)|BHT(?P<bht>" + _SEPARATOR + rb")[0-9]{4}(?P=bht)"
    rb"|(?:CLM|CLP|HL)(?P<clm>" + _SEPARATOR + rb")[^\n]{1,80}?(?P=clm))"
)
_FOLLOWING = (
    rb"(?:ST|BPR|BHT|TRN|NM1|HL|REF|N1|N3|N4|PER|LX|CLP|CLM|DTM|DTP|CAS|SVC|HI|SBR|PRV|DMG|SV1|SV2|SV3|AMT|NTE"
    rb"|CUR|SE)"
)


@dataclass(frozen=True)
class Delimiters:
    """The separators of one interchange, as the bytes that stand in the file."""

    element: bytes
    component: bytes
    segment: bytes

    def shown(self) -> str:
        """The three separators for a message."""
        return " ".join(repr(mark.decode("latin-1")) for mark in (self.element, self.component, self.segment))


@dataclass(frozen=True)
class Header:
    """Where segments begin, and with which separators."""

    start: int
    delimiters: Delimiters
    guessed: bool = False  # there is no ISA: the separators are read off the segments


def _mark(text: bytes, at: int) -> bytes:
    """The one character at ``at``: several bytes where UTF-8 needs them."""
    first = text[at]
    size = 1 if first < 0xC2 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    try:
        text[at : at + size].decode("utf-8")
    except UnicodeDecodeError:
        size = 1
    return text[at : at + size]


def _marks(text: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(text):
        found.append(_mark(text, at))
        at += len(found[-1])
    return found


def _plausible(fields: list[bytes]) -> bool:
    """Whether ISA01–ISA15 look like those of a header; half of them may be wrong."""
    tests = (
        len(fields[0]) == 2,
        len(fields[2]) == 2,
        len(fields[4].strip()) == 2,
        re.fullmatch(rb"[0-9]{6}|[0-9]{8}", fields[8].strip()) is not None,
        re.fullmatch(rb"[0-9]{4,6}", fields[9].strip()) is not None,
        re.fullmatch(rb"[0-9]{5}", fields[11].strip()) is not None,
        fields[14].strip() in (b"P", b"T", b"I"),
    )
    return sum(tests) >= 4 and all(len(field) <= 80 for field in fields)


def read_isa(text: bytes, start: int) -> Delimiters | None:
    """Separators of the header at ``start``, or None where it is not one."""
    window = text[start : start + WINDOW]
    element = _mark(window, 3)
    fields = window[3 + len(element) :].split(element, 15)
    early = re.search(rb"\sGS" + re.escape(element) + rb"|[^\w\s]GS" + re.escape(element), window)
    if len(fields) == 16 and _plausible(fields[:15]):
        tail = fields[15]
        body = len(window) - len(tail)
        if early is None or early.start() >= body - 1:
            return _of_tail(tail, element)
    # Elements are missing or too many: take what stands before the first GS.
    if early is not None and window[: early.start()].count(element) >= 8:
        head = window[: early.end() - 2 - len(element)]
        return _of_tail(head[head.rfind(element) + len(element) :] + window[len(head) :], element)
    return None


def _of_tail(tail: bytes, element: bytes) -> Delimiters | None:
    """Separators from what follows the last separator of the header: component, terminator, next segment."""
    following = re.search(rb"(?<![A-Za-z0-9])" + _NEXT_IDS + re.escape(element), tail[:80])
    head = tail[: following.start()] if following else tail[:3]
    head = head[head.rfind(element) + 1 :] if element in head else head
    marks = _marks(head.strip())
    newline = b"\n" if b"\n" in head else b"\r" if b"\r" in head else b""
    if following is None:
        marks = [mark for mark in marks if not mark.isalnum()][:2]
        if not marks:
            return None
    if len(marks) >= 2:
        return Delimiters(element, marks[0], marks[-1])
    if not newline:
        return Delimiters(element, b":", marks[0]) if marks else None
    if following and marks:
        # One mark and a line end: the mark is the terminator if the next segment ends with it too.
        line = re.split(rb"[\r\n]", tail[following.start() :], maxsplit=1)[0].rstrip()
        if line.endswith(marks[0]):
            return Delimiters(element, b":", marks[0])
    return Delimiters(element, marks[0] if marks else b":", newline)


def next_isa(text: bytes, start: int) -> int:
    """Where the next thing that begins like an ISA stands, from ``start`` on; -1 where there is none."""
    found = _ISA.search(text, start)
    return found.start() if found else -1


def find_header(text: bytes) -> Header | None:
    """The first header in ``text``: an ISA, else a fragment that begins with a group, a set or its parts."""
    fragment = _find_fragment(text)
    if fragment and not text[: fragment.start].strip():
        return fragment
    at = next_isa(text, 0)
    while at >= 0:
        delimiters = read_isa(text, at)
        if delimiters:
            return Header(at, delimiters)
        at = next_isa(text, at + 3)
    return fragment


def _find_fragment(text: bytes) -> Header | None:
    if not any(identifier in text for identifier in (b"GS", b"ST", b"BPR", b"BHT", b"CLM", b"CLP", b"HL")):
        return None
    for found in _FRAGMENT.finditer(text[: 1 << 20]):
        if text[max(found.start() - 1, 0) : found.start()].isalnum():
            continue
        element = found[found.lastgroup or 0]
        pattern = rb"([^\w\s])?(\s*)" + _FOLLOWING + re.escape(element)
        window = text[found.end() : found.end() + WINDOW]
        for following in re.finditer(pattern, window):
            mark, space = following[1], following[2]
            if mark and mark != element:
                return Header(found.start(), Delimiters(element, b":", mark), guessed=True)
            if not mark and space.strip(b" \t"):
                newline = b"\n" if b"\n" in space else b"\r"
                return Header(found.start(), Delimiters(element, b":", newline), guessed=True)
    return None


def component_in_use(text: bytes, delimiters: Delimiters) -> Delimiters | None:
    """``delimiters`` with the component separator that composites really use; None where none is seen yet."""
    element, mark = re.escape(delimiters.element), rb"([^\w\s][\x80-\xbf]*)"
    pattern = (
        rb"(?:SV1|SVC|SV3)"
        + element
        + rb"(?:HC|AD|ER|IV|WK|NU|N4|HP|ZZ)"
        + mark
        + rb"|SV2"
        + element
        + rb"\d*"
        + element
        + rb"(?:HC|HP|ER|IV|WK)"
        + mark
        + rb"|HI"
        + element
        + rb"(?:ABK|ABF|ABJ|BK|BF|BJ)"
        + mark
    )
    taken = (delimiters.element, delimiters.segment)
    seen: Counter[bytes] = Counter()
    for found in re.finditer(pattern, text):
        used = found[1] or found[2] or found[3]
        if used not in taken:
            seen[used] += 1
        if sum(seen.values()) >= 8:
            break
    if not seen:
        return None
    if delimiters.component in seen:
        return delimiters
    return replace(delimiters, component=seen.most_common(1)[0][0])
