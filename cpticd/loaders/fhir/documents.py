"""JSON documents of a text: one a line (bulk data), one in all, or several behind one another."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from cpticd.core.errors import InputError
from cpticd.core.sources import BLOCK, Source, encoding_of, progress_bar

#: Characters that are parsed at a time, and that one document may have.
BATCH: Final = 1 << 25
_LONGEST: Final = 1 << 31
_WHITE: Final = re.compile(r"\s*")


class Document(NamedTuple):
    """One JSON document, not yet parsed, and its place in the file ("line 12", "" for the file as a whole)."""

    place: str
    text: str


class Damage(NamedTuple):
    """A piece that cannot be read as JSON."""

    place: str
    reason: str
    content: str


class Documents:
    """The documents of one source, in batches; what is wrong with others is in ``damage`` at the end."""

    def __init__(self, source: Source, progress: bool, is_json: Callable[[str], bool]) -> None:
        """``is_json`` tells whether a text is one JSON document, faster than Python does."""
        self.source, self._is_json = source, is_json
        self.damage: list[Damage] = []
        self.replaced = 0  # bytes that are not of the file's encoding
        self._progress = progress

    def batches(self) -> Iterator[list[Document]]:
        """Lists of documents; those that stand a line each are not yet known to be JSON."""
        blocks = self._blocks()
        first = next(blocks, "")
        if _has_one_a_line(first):
            yield from self._lines(first, blocks)
            return
        text = [first]
        size = len(first)
        for block in blocks:
            size += len(block)
            if size > _LONGEST:
                raise InputError(
                    f"{self.source.name}: one JSON document of more than {_LONGEST >> 30} GB; ask for bulk data "
                    "(NDJSON, one resource a line), or for pages"
                )
            text.append(block)
        yield self._whole("".join(text))

    def _blocks(self) -> Iterator[str]:
        """The text in blocks; bytes that are not of its encoding are counted and replaced."""
        decoder = None
        with self.source.open() as stream, progress_bar(self.source, self._progress) as advance:
            while block := stream.read(BLOCK):
                advance(len(block))
                if decoder is None:
                    decoder = codecs.getincrementaldecoder(encoding_of(block))(errors="replace")
                text = decoder.decode(block)
                self.replaced += text.count("�")
                yield text
        if decoder is not None and (text := decoder.decode(b"", True)):
            self.replaced += text.count("�")
            yield text

    def _lines(self, first: str, blocks: Iterator[str]) -> Iterator[list[Document]]:
        rest, number, batch, size = first, 0, [], 0
        while True:
            *whole, rest = rest.split("\n")
            for line in whole:
                number += 1
                if line and not line.isspace():
                    batch.append(Document(f"line {number}", line))
                    size += len(line)
            if size > BATCH:
                yield batch
                batch, size = [], 0
            if len(rest) > _LONGEST:
                raise InputError(f"{self.source.name}: line {number + 1} is longer than {_LONGEST >> 30} GB")
            block = next(blocks, None)
            if block is None:
                break
            rest += block
        if rest and not rest.isspace():
            batch.append(Document(f"line {number + 1}", rest))
        yield batch

    def _whole(self, text: str) -> list[Document]:
        """The one document of a text, or those that stand behind one another in it."""
        if self._is_json(text):
            return [Document("", text)]
        decoder, found, at = json.JSONDecoder(), [], 0
        at = _WHITE.match(text).end()  # type: ignore[union-attr]
        while at < len(text):
            try:
                _, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                self.damage.append(Damage(_place(text, error), _reason(error), text[at : at + 500]))
                break
            found.append((at, end))
            at = _WHITE.match(text, end).end()  # type: ignore[union-attr]
        if self.damage and not any(text[start] in "{[" for start, _ in found):
            return []  # a scrap before the damage is no document
        return [
            Document(f"line {text.count(chr(10), 0, start) + 1}", text[start:end]) for start, end in found
        ]


def why_not(text: str) -> str:
    """Why a text is no JSON document, with the place in it."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return _reason(error)
    return "damaged JSON"


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"damaged JSON: {error.msg} at line {error.lineno}, column {error.colno}; ask for the resource again"
    return f"damaged JSON: {str(error) or type(error).__name__}"


def _place(text: str, error: Exception) -> str:
    return f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""


def _has_one_a_line(text: str) -> bool:
    """Whether most lines are closed in themselves, as those of bulk data are."""
    lines = [line.strip() for line in text.split("\n")]
    if len(text) >= BLOCK // 4:
        lines.pop()  # the block may end in it
    lines = [line for line in lines if line]
    closed = sum(line[0] == "{" and line[-1] == "}" for line in lines)
    return len(lines) > 1 and closed > 0.5 * len(lines)
