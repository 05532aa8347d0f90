"""Bytes of one source into segments in one form, whatever separators, line ends and encoding it uses.

In canonical form an element ends with ``SEP``, a segment with ``END``, a component with ``SUB``. These
three control characters cannot stand in the data afterwards, so what comes later needs no separators to
carry along.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from cpticd.loaders.x12.delimiters import (
    WINDOW,
    Delimiters,
    component_in_use,
    find_header,
    next_isa,
    read_isa,
)

SEP: Final = b"\x1d"
END: Final = b"\x1e"
SUB: Final = b"\x1f"
#: Identifier of a made-up segment: text that is none, with the reason as its first element.
MISFIT: Final = b"\x1a"
#: Bytes after which a segment without a terminator is given up; real ones have a few hundred.
MAX_SEGMENT: Final = 1 << 20

_CONTENT = 500
_TRAILERS = (b"IEA", b"GE", b"SE")
# Canonical separators as * and :, other control characters as blanks.
_READABLE = bytes(
    {0x1D: 0x2A, 0x1E: 0x7E, 0x1F: 0x3A}.get(byte, 0x20 if byte < 0x20 else byte) for byte in range(256)
)


def readable(canonical: bytes) -> str:
    """Canonical segments for a person to read: elements separated by ``*``, components by ``:``."""
    return canonical.translate(_READABLE).decode("utf-8", "replace").strip()


def _cp1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 are read as Windows-1252, or Latin-1 where that has a gap."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    raw = error.object[error.start : error.end]
    try:
        return raw.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return raw.decode("latin-1"), error.end


codecs.register_error("cpticd.cp1252", _cp1252)


def as_utf8(text: bytes) -> bytes:
    """The same text in UTF-8; where bytes are not, they are taken for Windows-1252."""
    if text.isascii():
        return text
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "cpticd.cp1252").encode("utf-8")
    return text


def _table(delimiters: Delimiters) -> bytes:
    """Translation of bytes to canonical form; control characters that separate nothing become blanks."""
    table = bytearray(range(256))
    for control in range(32):
        table[control] = 0x20
    marks = ((delimiters.component, SUB), (delimiters.element, SEP), (delimiters.segment, END))
    for mark, canonical in marks:
        if len(mark) == 1:
            table[mark[0]] = canonical[0]
    for mark, canonical in marks:
        if len(mark) > 1:
            table[canonical[0]] = canonical[0]
    return bytes(table)


class Splitter:
    """Cuts the bytes of one source into canonical segments; call ``feed`` block by block, then ``close``.

    Every byte that is not blank ends up in a segment; what is none becomes a MISFIT that says why.
    """

    def __init__(self) -> None:
        self.notes: list[tuple[int, str, str]] = []  # segment number, reason, content
        self.count = 0  # segments so far
        self.found_header = False
        self._rest = b""
        self._delimiters: Delimiters | None = None
        self._confirmed = False  # the component separator was seen in use
        self._translation = b""
        self._skipping = False  # inside of a segment that is too long
        self._junk = b""  # start of a text before any header
        self._guessed = False
        self._start = True

    def feed(self, block: bytes) -> bytes:
        """Whole segments of what was fed so far, in canonical form."""
        if self._start and (self._rest or block):
            block, self._rest = self._rest + block, b""
            if len(block) < 4 and codecs.BOM_UTF8.startswith(block[:3]):
                self._rest = block
                return b""
            block = block.removeprefix(codecs.BOM_UTF8)
            self._start = False
        return self._split(self._rest + block, final=False)

    def close(self) -> bytes:
        """What is left at the end of the source."""
        return self._split(self._rest, final=True)

    def _split(self, text: bytes, *, final: bool) -> bytes:
        out: list[bytes] = []
        at = 0
        if self._delimiters is None:
            at = self._find_first(text, out, final=final)
            if at < 0:
                return b"".join(out)
            at = self._run(text, at, out, after=at + 3, final=final)
        else:
            at = self._run(text, at, out, after=at, final=final)
        self._rest = text[at:]
        return b"".join(out)

    def _find_first(self, text: bytes, out: list[bytes], *, final: bool) -> int:
        """Where the first header stands; -1 where there is none yet, and ``text`` is dealt with."""
        header = find_header(text)
        if header and (final or len(text) - header.start >= WINDOW):
            before = (self._junk + text[: header.start]).strip()
            if before:
                out.append(self._misfit("text before the first interchange", before))
            self._use(header.delimiters)
            self.found_header = True
            self._guessed = header.guessed
            if header.guessed:
                shown = header.delimiters.shown()
                reason = f"no interchange header (ISA); separators read off the segments: {shown}"
                self._note(reason, text[header.start : header.start + 100])
            return header.start
        keep = 0 if final else min(len(text), 2 * WINDOW)
        if len(self._junk) < _CONTENT:
            self._junk = (self._junk + text[: len(text) - keep]).lstrip()[:_CONTENT]
        self._rest = text[len(text) - keep :]
        if final and self._junk.strip():
            out.append(
                self._misfit("no interchange, group or transaction set begins here: not X12", self._junk)
            )
        return -1

    def _run(self, text: bytes, at: int, out: list[bytes], *, after: int, final: bool) -> int:
        """Cut segments from ``at`` on, as far as they are whole; headers are looked for from ``after`` on.

        Returns where the part of ``text`` begins that waits for more.
        """
        assert self._delimiters is not None
        if self._skipping:
            over = text.find(self._delimiters.segment, at)
            if over < 0:
                return len(text)
            self._skipping = False
            at = after = over + len(self._delimiters.segment)
        begin = next_isa(text, after)
        while begin >= 0:
            if self._opens(text, begin, at):
                if not final and len(text) - begin < WINDOW:
                    self._emit(text[at:begin], out, whole=True)
                    return begin
                delimiters = read_isa(text, begin)
                if delimiters:
                    self._emit(text[at:begin], out, whole=True)
                    self._use(delimiters)
                    at = begin
            begin = next_isa(text, begin + 3)
        end = self._delimiters.segment
        found = text.rfind(end, at)
        cut = len(text) if final else found + len(end) if found >= 0 else at
        if cut > at:
            self._emit(text[at:cut], out, whole=final)
            at = cut
        if len(text) - at > MAX_SEGMENT:
            out.append(
                self._misfit(f"no segment terminator within {MAX_SEGMENT:,} bytes", text[at : at + _CONTENT])
            )
            self._skipping = True
            at = len(text)
        return at

    def _opens(self, text: bytes, begin: int, at: int) -> bool:
        """Whether what stands before ``begin`` lets a segment begin there."""
        assert self._delimiters is not None
        before = text[max(at, begin - 200) : begin]
        bare = before.rstrip(b" \t\r\n")
        return not bare or bare.endswith(self._delimiters.segment) or before.rstrip(b" \t") != bare

    def _use(self, delimiters: Delimiters) -> None:
        if delimiters == self._delimiters:
            return
        self._delimiters, self._confirmed = delimiters, False
        self._translation = _table(delimiters)

    def _emit(self, text: bytes, out: list[bytes], *, whole: bool) -> None:
        """Append the canonical form of ``text``; ``whole``: no more comes, its last one may lack an end."""
        assert self._delimiters is not None
        if not self._confirmed and (seen := component_in_use(text, self._delimiters)):
            if seen != self._delimiters and not self._guessed:
                self._note(
                    f"the header names {self._delimiters.component.decode('latin-1')!r} as component "
                    f"separator, composites use {seen.component.decode('latin-1')!r}, which was taken",
                    text[:100],
                )
            self._use(seen)
            self._confirmed = True
        canonical = self._canonical(text)
        loose = b""
        if whole and not canonical.endswith(END):
            cut = canonical.rfind(END) + 1
            canonical, loose = canonical[:cut], canonical[cut:].strip()
        self.count += canonical.count(END)
        out.append(canonical)
        if loose and loose.split(SEP, 1)[0] in _TRAILERS:
            self.count += 1
            out.append(loose + END)
        elif loose:
            out.append(self._misfit("the text ends inside of this segment: it has no terminator", loose))

    def _canonical(self, text: bytes) -> bytes:
        assert self._delimiters is not None
        marks = self._delimiters
        for mark, canonical in ((marks.segment, END), (marks.element, SEP), (marks.component, SUB)):
            if len(mark) > 1:
                text = text.replace(mark, canonical)
        # Line ends inside of segments come from wrapping: they separate nothing.
        text = text.translate(self._translation, b"\r\n".translate(None, marks.segment))
        text = as_utf8(text)
        if b"\x1e " in text:
            text = re.sub(rb"\x1e +", END, text)
        text = text.lstrip(b" ")
        while b"\x1e\x1e" in text:
            text = text.replace(b"\x1e\x1e", END)
        return text.removeprefix(END)

    def _misfit(self, reason: str, content: bytes) -> bytes:
        self.count += 1
        shown = as_utf8(content[:_CONTENT]).translate(_READABLE).strip()
        return MISFIT + SEP + reason.encode() + SEP + shown + END

    def _note(self, reason: str, content: bytes) -> None:
        text = as_utf8(content).translate(_READABLE).decode("utf-8", "replace").strip()
        self.notes.append((self.count + 1, reason, text))
