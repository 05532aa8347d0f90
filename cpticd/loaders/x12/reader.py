"""X12 files into an intake: segments, staged tables, remittances joined to claims."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from tqdm.auto import tqdm

from cpticd.core.errors import ArgumentError, InputError
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample
from cpticd.loaders.x12.delimiters import find_header
from cpticd.loaders.x12.items import expanded, items
from cpticd.loaders.x12.join import join
from cpticd.loaders.x12.spool import staged
from cpticd.loaders.x12.workers import read_items

if TYPE_CHECKING:
    from cpticd.claims import Claims

__all__ = ["looks_like_x12", "read_x12"]

PathLike = str | os.PathLike[str]

_HEADER = re.compile(rb"ISA[^A-Za-z0-9\s]|(?:^|[\r\n])\s*(?:GS|ST)([^A-Za-z0-9\s])(?:[A-Z]{2}|[0-9]{3})\1")


def looks_like_x12(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an X12 interchange or a fragment of one."""
    if b"\0" in head[:200]:  # UTF-16
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    return bool(_HEADER.search(head)) and find_header(head) is not None


def read_x12(
    *paths: PathLike | Iterable[PathLike], progress: bool = True, workers: int | None = None
) -> Claims:
    """One data set of X12 files: 837P, 837I and 835, joined.

    Parameters: ``paths`` are files, folders (searched through), globs, ``.gz`` and ``.zip``, in any mix, one by
    one or as lists; ``progress`` shows a bar where reading takes longer than two seconds; ``workers`` is the number
    of processes (None: one per core where there is enough to read, 1: this one).

    What cannot be placed or read stands in ``claims.rejects`` with file, segment number and reason, and
    ``claims.accounting()`` shows for every file that segments read = loaded + rejected.
    Raises InputError where a path does not exist or nothing that was given is X12.

    >>> import cpticd as cx, tempfile
    >>> from cpticd.simulation import write_x12
    >>> files = write_x12(cx.simulate(persons=20, seed=1), tempfile.mkdtemp())
    >>> claims = cx.read_x12(*files, progress=False)
    >>> bool(claims.accounting().eval("read == loaded + rejected").all())
    True
    """
    intake = Intake(progress=progress)
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
    paths = expanded([path for some in files.values() for path in some])
    intake.name(paths)
    found, failed = items({path: intake.shown(path) for path in paths})
    with tempfile.TemporaryDirectory(prefix="cpticd-") as name:
        total = sum(item.size for item in found)
        with tqdm(
            total=total,
            unit="B",
            unit_scale=True,
            desc="reading X12",
            delay=2,
            disable=not intake.progress,
            leave=False,
        ) as bar:
            outcomes, folders = read_items(found, Path(name), bar.update, workers)
        if not any(outcome.found_header for outcome in outcomes):
            reasons = [text for _, text in failed]
            reasons += [o.error or f"{found[o.number].name}: {_WHAT}" for o in outcomes]
            raise InputError(
                "; ".join(reasons[:3]) + (f"; and {len(reasons) - 3} more" if len(reasons) > 3 else "")
            )
        join(intake, staged(folders), {item.number: item.name for item in found})
    rejected = _rejected_segments(intake)
    for outcome in outcomes:
        item = found[outcome.number]
        loaded = outcome.segments - rejected.get(item.name, 0)
        intake.count(item.name, "segments", read=loaded, loaded=loaded)
        if outcome.error:
            _reject_file(intake, item.name, f"what follows could not be read: {outcome.error}")
        elif not outcome.segments:
            _reject_file(intake, item.name, "the file is empty")
    for source, reason in failed:
        _reject_file(intake, source, reason)


_WHAT = (
    "not X12: no interchange (ISA), group (GS) or transaction set (ST) begins in it; pass 837 or 835 files"
)


def _rejected_segments(intake: Intake) -> dict[str, int]:
    """How many segments of each source were rejected."""
    rejects = intake.rejects()
    bad = rejects.filter(
        pc.and_(pc.equal(rejects["action"], "rejected"), pc.equal(rejects["table_name"], "segments"))
    )
    counts = bad["source"].value_counts()
    return {row["values"]: row["counts"] for row in counts.to_pylist()}


def _reject_file(intake: Intake, source: str, reason: str) -> None:
    intake.reject(source=source, location="file", table_name="segments", reason=reason)


LOADER = Loader("X12", tell, load, takes=frozenset({"workers"}), last=True)
