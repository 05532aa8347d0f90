"""Bytes of text files, whatever they are wrapped in: gzip, zip, UTF-16, cp1252; bounded in memory."""

from __future__ import annotations

import codecs
import glob
import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tqdm.auto import tqdm

from cpticd.core.errors import InputError

#: What a user may give where files are wanted.
PathLike = str | os.PathLike[str]

BLOCK = 8 << 20  # bytes read at a time
SAMPLE = 1 << 18  # bytes that are looked at to tell what a file is
LONGEST_LINE = 4 << 20  # bytes; a longer line is no row of a table
# A compressed file that grows more than this, and beyond this size, is taken for a decompression bomb.
BOMB_RATIO, BOMB_SIZE = 250, 1 << 28

_MAGIC = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook or Word document",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"<\x00SAS": "a SAS file",
}


@dataclass(frozen=True)
class Source:
    """One text file, or one member of a zip archive."""

    name: str  # as rejects and accounting show it
    path: Path
    size: int  # bytes as stored, for progress bars
    open: Callable[[], BinaryIO]


def paths_of(given: PathLike | Iterable[PathLike], *, folders: bool = False) -> list[Path]:
    """Existing files, in order, each once: globs are expanded.

    With ``folders`` folders are allowed and stay as they are. Raises InputError for what is not there,
    and for a folder where a file is wanted.
    """
    items = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    if not items:
        raise InputError("no file was given; pass at least one path")
    found: dict[Path, None] = {}
    for item in items:
        text = os.fspath(item)
        if not isinstance(text, str) or "\0" in text or not text.strip():
            raise InputError(f"{item!r} is not a path")
        path = Path(text).expanduser()
        if not path.exists():
            matches = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
            if not matches:
                what = "no file matches" if glob.has_magic(text) else "no such file:"
                raise InputError(f"{what} {text} (looked in {Path.cwd()})")
            found.update(dict.fromkeys(p for p in map(Path, matches) if folders or p.is_file()))
        elif path.is_dir() and not folders:
            inside = sorted(p.name for p in path.iterdir())[:5]
            raise InputError(
                f"{text} is a folder, and a file is wanted; it holds {inside or 'nothing'}; "
                f"pass its files, e.g. '{text.rstrip('/')}/*.csv'"
            )
        else:
            found[path] = None
    return list(found)


def names_of(paths: list[Path]) -> dict[Path, str]:
    """Names to show: the file's own where all differ, else with the folders that are not shared."""
    own = [path.name for path in paths]
    if len(set(own)) == len(own):
        return {path: path.name for path in paths}
    absolute = [str(path.absolute()) for path in paths]
    shared = os.path.commonpath([str(Path(path).parent) for path in absolute])
    return {
        path: Path(full).relative_to(shared).as_posix() for path, full in zip(paths, absolute, strict=True)
    }


def texts(path: Path, name: str = "") -> Iterator[Source]:
    """The text files that ``path`` holds: itself, unpacked, or every member of a zip archive.

    ``name``: what to show instead of the file's own name.
    Raises InputError where it is no text: binary, an unreadable archive, a workbook.
    """
    name = name or path.name
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if start[:2] == b"\x1f\x8b":
        yield Source(
            name, path, size, lambda: _guarded(path, lambda: cast(BinaryIO, gzip.GzipFile(path)), size)
        )
    elif start[:4] == b"PK\x03\x04" or start[:4] == b"PK\x05\x06":
        yield from _members(path, name)
    else:
        yield Source(name, path, size, lambda: path.open("rb"))


def _members(path: Path, shown: str) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")
            ]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: the zip archive is damaged: {error}; get the file again") from error
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names:
        raise InputError(f"{path}: an Excel workbook or Office document; save the sheet as CSV and read that")
    if not members:
        raise InputError(f"{path}: the zip archive holds no file")
    for member in members:
        if member.flag_bits & 1:
            raise InputError(f"{path}: {member.filename} is encrypted; unpack it and pass the unpacked file")
        name = shown if len(members) == 1 else f"{shown}/{member.filename}"

        def opened(member: zipfile.ZipInfo = member) -> BinaryIO:
            return cast(BinaryIO, zipfile.ZipFile(path).open(member))

        def reader(opened: Callable[[], BinaryIO] = opened, size: int = member.compress_size) -> BinaryIO:
            return _guarded(path, opened, size)

        yield Source(name, path, member.compress_size, reader)


class _Guarded(io.RawIOBase):
    """A stream being unpacked, stopped before it grows out of all proportion."""

    def __init__(self, path: Path, stream: BinaryIO, stored: int) -> None:
        self._path, self._stream, self._stored, self._read = path, stream, max(stored, 1), 0

    def read(self, size: int = -1) -> bytes:
        try:
            block = self._stream.read(BLOCK if size < 0 else size)
        except (
            OSError,
            EOFError,
            zlib.error,
            zipfile.BadZipFile,
            lzma.LZMAError,
            NotImplementedError,
        ) as error:
            raise InputError(
                f"{self._path}: cannot be unpacked beyond byte {self._read:,} of its content "
                f"(cut off or damaged): {error}; get the file again"
            ) from error
        self._read += len(block)
        if self._read > BOMB_SIZE and self._read > BOMB_RATIO * self._stored:
            raise InputError(
                f"{self._path}: {self._stored:,} bytes unpack to more than {self._read:,}: taken for a "
                "decompression bomb; if the file is sound, unpack it yourself and pass the unpacked file"
            )
        return block

    def close(self) -> None:
        self._stream.close()
        super().close()


def _guarded(path: Path, opened: Callable[[], BinaryIO], size: int) -> BinaryIO:
    return cast(BinaryIO, _Guarded(path, opened(), size))


def sample(source: Source, size: int = SAMPLE) -> bytes:
    """The first bytes of a source, unpacked."""
    with source.open() as stream:
        parts, left = [], size
        while left and (block := stream.read(left)):
            parts.append(block)
            left -= len(block)
    return b"".join(parts)


def encoding_of(start: bytes) -> str:
    """Encoding that the first bytes of a text tell: ``utf-8-sig``, ``utf-16``… or ``utf-8``, still open."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[0:4096:2], start[1:4096:2]
    if len(odd) > 8 and odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if len(odd) > 8 and even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return "utf-8"


def check_text(source: Source, start: bytes) -> None:
    """Raise InputError where the first bytes are not those of a text."""
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise InputError(f"{source.name}: {what}, not a text table; export it as CSV or Parquet")
    if encoding_of(start) not in ("utf-8", "utf-8-sig"):
        return
    control = sum(start.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13, 26, 28, 29, 30, 31))
    if control > max(2, 0.01 * len(start)):
        raise InputError(
            f"{source.name}: binary content ({control:,} control characters in {len(start):,} bytes), "
            "not a text table; check that the right file was passed"
        )


@contextmanager
def progress_bar(source: Source, progress: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of a source, shown if reading takes longer than two seconds."""
    with tqdm(
        total=None if source.path.suffix in (".gz", ".zip") else source.size,
        unit="B", unit_scale=True, desc=source.name, delay=2, disable=not progress, leave=False,
    ) as bar:  # fmt: skip
        yield bar.update


def lines_in_blocks(source: Source, progress: bool = False, block_size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole lines, newline-terminated but perhaps the last; UTF-16 and UTF-32 become UTF-8.

    Raises InputError where a line is longer than ``LONGEST_LINE``, so that memory stays bounded.
    """
    rest, decoder, first, line = b"", None, True, 1
    with source.open() as stream, progress_bar(source, progress) as advance:
        while block := stream.read(block_size):
            advance(len(block))
            if first:
                first = False
                encoding = encoding_of(block)
                if encoding == "utf-8-sig":
                    block = block[len(codecs.BOM_UTF8) :]
                elif encoding != "utf-8":
                    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            if decoder is not None:
                block = decoder.decode(block).encode("utf-8", errors="replace")
            block = rest + block
            # A lone carriage return ends a line too, but not as the last byte: a newline may follow.
            cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, max(len(block) - 1, 0))) + 1
            whole, rest = block[:cut], block[cut:]
            if len(rest) > LONGEST_LINE:
                line += whole.count(b"\n")
                raise InputError(
                    f"{source.name}: line {line} is longer than {LONGEST_LINE >> 20} MB: not a table with "
                    "one row per line; check the file, and that it has line ends"
                )
            if whole:
                whole = _newlines(whole)
                line += whole.count(b"\n")
                yield whole
        if decoder is not None:
            rest += decoder.decode(b"", True).encode("utf-8", errors="replace")
    if rest:
        yield _newlines(rest)


def _newlines(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
