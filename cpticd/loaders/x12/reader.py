"""X12 files into an intake: segments, staged tables, remittances joined to claims."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from cpticd.core import folders, sources
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.schema import Severity
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample
from cpticd.loaders.payers import Aliases, aliases
from cpticd.loaders.x12 import acknowledgements, copies
from cpticd.loaders.x12.batches import Outcome
from cpticd.loaders.x12.delimiters import Header, find_header
from cpticd.loaders.x12.items import Item, expanded, items
from cpticd.loaders.x12.join import join
from cpticd.loaders.x12.segment_accounts import account
from cpticd.loaders.x12.spool import staged
from cpticd.loaders.x12.workers import read_items

if TYPE_CHECKING:
    from cpticd.claims import Claims

__all__ = ["looks_like_x12", "read_x12"]

PathLike = str | os.PathLike[str]

_HEADER = re.compile(rb"ISA[^A-Za-z0-9\s]|(?:^|[\r\n])\s*(?:GS|ST)([^A-Za-z0-9\s])(?:[A-Z]{2}|[0-9]{3})\1")
#: Bytes of files from which on what is read and derived may lie on disk, until it is whole; and what stays in memory.
_LARGE, _IN_MEMORY = 128 << 20, 280 << 20
#: Bytes that are looked at to tell X12 from text that quotes it.
_HEAD = 1 << 15
_MARKUP = (b"{", b"[", b"<", b"---", b"#", b"//", b"/*")


def looks_like_x12(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an X12 interchange or a fragment of one.

    Prose about X12, and the configurations of programs that read it, mention its segments: there most of the text is
    none.
    """
    if b"\0" in head[:200]:  # UTF-16
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    head = head[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if not _HEADER.search(head) or head.lstrip().startswith(_MARKUP):
        return False
    header = find_header(head)
    if header is None or _share(head, header) < 0.5:
        return False
    return not (header.guessed and _in_words(head))


def _in_words(head: bytes) -> bool:
    """Whether small letters make up much of a text, as in a list of segments with what they mean."""
    return sum(head.count(letter) for letter in range(97, 123)) > 0.25 * len(head)


def _share(head: bytes, header: Header) -> float:
    """How much of a text, from its first byte that is not blank, stands in segments."""
    marks = header.delimiters
    opening = re.compile(rb"\s*[A-Z][A-Z0-9]{1,2}" + re.escape(marks.element))
    pieces = head[header.start :].split(marks.segment)
    inside = sum(len(piece) for piece in pieces if opening.match(piece))
    blank = sum(len(piece) for piece in pieces if not piece.strip())
    whole = len(head.strip()) - blank
    return inside / max(whole, 1)


def read_x12(
    *paths: PathLike | Iterable[PathLike],
    payers: Aliases | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> Claims:
    """One data set of X12 files: 837P, 837I and 835, joined, and 834, whose members are ``members``.

    Parameters: ``paths`` are files, folders (searched through), globs, ``.gz`` and ``.zip``, in any mix, one by
    one or as lists; ``payers`` says which payer a name or a payer id stands for, as in ``read``; ``progress`` shows a
    bar where reading takes longer than two seconds; ``workers`` is the number of processes (None: one per core where
    there is enough to read, 1: this one).

    What cannot be placed or read stands in ``claims.rejects`` with file, segment number and reason, and
    ``claims.accounting()`` shows for every file that segments read = loaded + rejected + left out.
    Raises InputError where a path does not exist or nothing that was given is X12.

    >>> import cpticd as cx, tempfile
    >>> from cpticd.simulation import write_x12
    >>> files = write_x12(cx.simulate(persons=20, seed=1), tempfile.mkdtemp())
    >>> claims = cx.read_x12(*files, progress=False)
    >>> bool(claims.accounting().eval("read == loaded + rejected + left_out").all())
    True
    """
    intake = Intake(progress=progress)
    intake.aliases = aliases(payers)
    given = [[path] if isinstance(path, str | os.PathLike) else list(path) for path in paths]
    load({"x12": [path for some in given for path in some]}, intake, Options(workers=workers))
    return intake.claims()


def tell(sample: Sample) -> str | None:
    """``x12`` where an interchange or a fragment of one begins."""
    if sample.is_folder or sample.is_parquet:
        return None
    return "x12" if looks_like_x12(sample.head) else None


def load(files: Files, intake: Intake, options: Options) -> None:
    """Read X12 files; remittances answer the claims that are in the intake already, too."""
    workers = options.workers
    if workers is not None and workers < 1:
        raise ArgumentError(f"workers: {workers}; pass None, or a number of processes of at least 1")
    paths, searched, empty = expanded([path for some in files.values() for path in some])
    intake.name(paths)
    found, failed = items({path: intake.shown(path) for path in paths})
    failed += empty
    found, others = _of_x12(found, {str(path) for path in searched})
    names = {item.number: item.name for item in found}
    if sum(item.size for item in found) > _LARGE:
        intake.engine.spill_beyond(_IN_MEMORY)
    with folders.temporary() as folder:
        outcomes, spooled = _read(found, folder, intake, workers)
        if not any(outcome.found_header for outcome in outcomes):
            reasons = [text for _, text in failed + others]
            reasons += [o.error or f"{names[o.number]}: {_WHAT}" for o in outcomes]
            raise InputError(
                "; ".join(reasons[:3]) + (f"; and {len(reasons) - 3} more" if len(reasons) > 3 else "")
            )
        tables = staged(spooled)
        with tables.bounded():
            copied = join(intake, tables, names)
            kept = copies.without(tables).tables
            acknowledgements.mark(intake, kept, names)
            account(intake, outcomes, names, kept, copied)
        del tables, kept
    for outcome in outcomes:
        if outcome.error:
            reason = f"what follows could not be read: {outcome.error}"
            _reject_file(intake, names[outcome.number], reason)
        elif not outcome.segments:
            _reject_file(intake, names[outcome.number], "the file is empty")
    for source, reason in failed:
        _reject_file(intake, source, reason)
    for source, reason in others:
        _reject_file(intake, source, reason, "note")


_WHAT = "not X12: no interchange (ISA), group (GS) or transaction set (ST) begins in it; pass 837, 835 or 834 files"


def _read(
    found: list[Item], folder: Path, intake: Intake, workers: int | None
) -> tuple[list[Outcome], list[Path]]:
    """Read items into staged tables, with a bar."""
    with tqdm(
        total=sum(item.size for item in found),
        unit="B",
        unit_scale=True,
        desc="reading X12",
        delay=2,
        disable=not intake.progress,
        leave=False,
    ) as bar:
        return read_items(found, folder, bar.update, workers)


def _of_x12(found: list[Item], searched: set[str]) -> tuple[list[Item], list[tuple[str, str]]]:
    """Without files that a folder holds beside X12; and (name, reason) of these. A file that was named is believed."""
    good, others = [], []
    for item in found:
        if item.path in searched and not _begins_x12(item):
            others.append((item.name, f"{item.name}: {_WHAT}"))
        else:
            good.append(item)
    return good, others


def _begins_x12(item: Item) -> bool:
    try:
        source = list(sources.texts(Path(item.path)))[item.member]
        head = sources.sample(source, _HEAD)
    except (InputError, OSError):
        return True  # reading it will tell
    return not head.strip() or looks_like_x12(head)


def _reject_file(intake: Intake, source: str, reason: str, severity: Severity | None = None) -> None:
    intake.reject(source=source, location="file", table_name="segments", reason=reason, severity=severity)


LOADER = Loader("X12", tell, load, takes=frozenset({"workers"}), last=True)
