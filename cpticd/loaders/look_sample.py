"""A small file that stands for a large one: its beginning, and rows of its middle and end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from cpticd.core import folders, sources
from cpticd.loaders import excel

#: Rows that are looked at of a table that is no text.
ROWS: Final = 2_000
NEWLINE: Final = b"\n"
_HEAD: Final = 1 << 18  # bytes of the beginning
_PART: Final = 1 << 16  # bytes of each further place
_PLACES: Final = (0.35, 0.65, 0.95)  # of the file's length
_WHOLE: Final = 1 << 20  # bytes; a file of this size is read whole


class Sampled(NamedTuple):
    """The file to read, and in words how much of the original it is."""

    path: Path
    words: str
    is_whole: bool


@contextmanager
def sampled(path: Path, *, is_table: bool = True) -> Iterator[Sampled]:
    """A file of the same name with a part of what ``path`` holds; itself where it is small or cannot be cut.

    ``is_table``: rows of the middle may be added to those of the beginning.
    """
    if path.is_dir() or path.stat().st_size <= _WHOLE:
        yield Sampled(path, "", True)
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4096)
    if _is_binary(start) or excel.is_workbook(path, start):
        yield Sampled(path, f"its first {ROWS:,} rows", False)
        return
    source = next(sources.texts(path))
    head = sources.sample(source, _HEAD)
    if len(head) < _HEAD:
        yield Sampled(path, "", True)
        return
    head = head[: head.rfind(b"\n") + 1] or head
    parts = []
    if is_table and sources.encoding_of(start).startswith("utf-8") and start[:2] not in (b"PK", b"\x1f\x8b"):
        parts = [_part(path, int(size * place)) for place in _PLACES if size * place > len(head)]
    with folders.temporary() as folder:
        target = folder / path.name.removesuffix(".gz").removesuffix(".zip")
        target.write_bytes(head + b"".join(parts))
        further = sum(part.count(b"\n") for part in parts)
        words = f"its first {head.count(NEWLINE):,} lines"
        yield Sampled(target, words + (f" and {further:,} of its middle and end" if further else ""), False)


def _is_binary(start: bytes) -> bool:
    """Whether a file is no text, packed or not: Parquet, a database."""
    if start[:2] in (b"PK", b"\x1f\x8b") or not sources.encoding_of(start).startswith("utf-8"):
        return False
    return start[:4] in (b"PAR1", b"DUCK") or start.count(0) > 2


def _part(path: Path, place: int) -> bytes:
    """Whole lines from a place of a file on."""
    with path.open("rb") as file:
        file.seek(place)
        block = file.read(_PART)
    return block[block.find(b"\n") + 1 : block.rfind(b"\n") + 1]
