"""Which files to read, as what names, and their bytes in blocks."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from cpticd.core import sources
from cpticd.core.errors import InputError

BLOCK: Final = 1 << 20
# A read that meets the end of a cut-off archive gives nothing: small ones lose little of what is sound.
PACKED_BLOCK: Final = 1 << 16


@dataclass(frozen=True)
class Item:
    """One file, or one member of a zip archive; small enough to be sent to a worker."""

    number: int  # by name, so that nothing depends on the order in which files were given
    name: str
    path: str
    member: int  # position in an archive; 0 for a plain file
    size: int  # bytes as stored


class Expanded(NamedTuple):
    """The files that paths lead to."""

    paths: list[Path]  # each once
    searched: list[Path]  # those of them that were found in folders
    empty: list[tuple[str, str]]  # name of a folder without files, and what is wrong with it


def expanded(given: sources.PathLike | Iterable[sources.PathLike]) -> Expanded:
    """The files that paths lead to; folders are searched with everything below them, but for hidden files.

    Raises InputError for a path that does not exist, and where there is no file at all.
    """
    paths: dict[Path, None] = {}
    searched: list[Path] = []
    empty = []
    for path in sources.paths_of(given, folders=True):
        if not path.is_dir():
            paths[path] = None
            continue
        inside = [p for p in sorted(path.rglob("*")) if _is_file(p) and not _hidden(p, path)]
        if not inside:
            reason = f"{path} is a folder without files; pass X12 files or a folder that holds some"
            empty.append((path.name, reason))
        searched += [found for found in inside if found not in paths]
        paths.update(dict.fromkeys(inside))
    if not paths and empty:
        raise InputError(empty[0][1])
    return Expanded(list(paths), searched, empty)


def _is_file(path: Path) -> bool:
    """Also a link that leads nowhere: it is told, not passed over."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def items(names: Mapping[Path, str]) -> tuple[list[Item], list[tuple[str, str]]]:
    """What to read of files, sorted by name; and (name, reason) of those that cannot be opened."""
    found: list[tuple[str, Path, int, int]] = []
    failed = []
    for path, name in names.items():
        try:
            members = list(sources.texts(path))
        except InputError as error:
            failed.append((name, str(error)))
            continue
        for member, source in enumerate(members):
            inner = source.name.removeprefix(path.name)
            found.append((name + inner if inner.startswith("/") else name, path, member, source.size))
    found.sort(key=lambda entry: (entry[0], str(entry[1]), entry[2]))
    return [Item(i, name, str(path), m, size) for i, (name, path, m, size) in enumerate(found)], failed


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)


def blocks(item: Item, advance: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Bytes of one item, unpacked; UTF-16 becomes UTF-8. ``advance`` is called with bytes of the file as stored.

    Raises InputError where the file cannot be read on.
    """
    source = list(sources.texts(Path(item.path)))[item.member]
    told = read = 0
    decoder = None
    try:
        with source.open() as stream:
            size = BLOCK if isinstance(stream, io.BufferedReader) else PACKED_BLOCK
            while block := stream.read(size):
                if read == 0 and sources.encoding_of(block) in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
                    decoder = codecs.getincrementaldecoder(sources.encoding_of(block))(errors="replace")
                read += len(block)
                yield decoder.decode(block).encode() if decoder else block
                if advance and told < item.size:
                    step = min(len(block), item.size - told)
                    told += step
                    advance(step)
            if decoder and (rest := decoder.decode(b"", True)):
                yield rest.encode()
    except OSError as error:
        raise InputError(
            f"{item.name}: cannot be read beyond byte {read:,}: {error.strerror or error}"
        ) from error
    finally:
        if advance and told < item.size:
            advance(item.size - told)
