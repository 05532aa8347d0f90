"""X12 claims and remittances: 837 professional and institutional, 835; 5010 and, leniently, 4010.

    claims = read_x12("inbox/*.837", "remits/")

Read in three steps: bytes into canonical segments (``splitter``), batches of segments into staged tables
(``places``, ``claims837``, ``remits835``), remittances joined to claims (``join``).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cpticd.core.errors import InputError

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.loaders.intake import Intake

__all__ = ["load_x12", "looks_like_x12", "read_x12"]

PathLike = str | os.PathLike[str]

_HEADER = re.compile(rb"ISA[^A-Za-z0-9\s]|(?:^|[\r\n])\s*(?:GS|ST)([^A-Za-z0-9\s])(?:[A-Z]{2}|[0-9]{3})\1")


def looks_like_x12(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an X12 interchange or a fragment of one."""
    from cpticd.loaders.x12.delimiters import find_header

    if b"\0" in head[:200]:  # UTF-16
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    return bool(_HEADER.search(head)) and find_header(head) is not None


def read_x12(
    *paths: PathLike | Iterable[PathLike], progress: bool = True, workers: int | None = None
) -> Claims:
    """Claims data set of X12 files: 837P, 837I and 835, joined.

    Parameters: ``paths`` are files, folders (searched through), globs, ``.gz`` and ``.zip``, in any mix, one by
    one or as lists;
    ``progress`` shows a bar where reading takes longer than two seconds; ``workers`` is the number
    of processes (None: one per core where there is enough to read, 1: this one).

    What cannot be placed or read stands in ``claims.rejects`` with file, segment number and reason, and
    ``claims.accounting()`` shows for every file that segments read = loaded + rejected.
    Raises InputError where a path does not exist or nothing that was given is X12.
    """
    from cpticd.loaders.intake import Intake

    intake = Intake(progress=progress)
    given = [[path] if isinstance(path, str | os.PathLike) else list(path) for path in paths]
    load_x12([path for some in given for path in some], intake, progress=progress, workers=workers)
    return intake.claims()


def load_x12(
    paths: PathLike | Iterable[PathLike],
    intake: Intake,
    *,
    progress: bool = True,
    workers: int | None = None,
) -> None:
    """Read X12 files as ``read_x12`` does, into an intake that other loaders may share."""
    from tqdm.auto import tqdm

    from cpticd.core.errors import ArgumentError
    from cpticd.loaders.x12.items import items
    from cpticd.loaders.x12.join import join
    from cpticd.loaders.x12.spool import staged
    from cpticd.loaders.x12.workers import read_items

    if workers is not None and workers < 1:
        raise ArgumentError(f"workers: {workers}; pass None, or a number of processes of at least 1")
    found, failed = items(paths)
    with tempfile.TemporaryDirectory(prefix="cpticd-") as name:
        total = sum(item.size for item in found)
        with tqdm(
            total=total,
            unit="B",
            unit_scale=True,
            desc="reading X12",
            delay=2,
            disable=not progress,
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
    import pyarrow.compute as pc

    rejects = intake.rejects()
    bad = rejects.filter(
        pc.and_(pc.equal(rejects["action"], "rejected"), pc.equal(rejects["table_name"], "segments"))
    )
    counts = bad["source"].value_counts()
    return {row["values"]: row["counts"] for row in counts.to_pylist()}


def _reject_file(intake: Intake, source: str, reason: str) -> None:
    intake.reject(source=source, location="file", table_name="segments", reason=reason)
