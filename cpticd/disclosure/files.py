"""Files that leave the session: protected, and safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.measure import measure_of
from cpticd.disclosure.release import Release
from cpticd.disclosure.sheets import write
from cpticd.disclosure.tables import Names

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Sheet, or file, that says what was suppressed.
NOTES = "disclosure"
#: Sheet, or file, that says how each number is defined.
DEFINITIONS = "definitions"
TABLE = "table"


def protect(
    frame: pd.DataFrame,
    *,
    by: Names | Mapping[str, str] | None = None,
    persons: str | None = None,
    facts: Any = None,
    **more: Any,
) -> pd.DataFrame:
    """One row per row of ``frame``, whose rows are cells: what is of fewer persons than the minimum is missing.

    by, persons and ``more`` are those of :meth:`Release.add`, facts that of :class:`Release`. A table alone is safe
    alone: tables that leave together belong in one Release. ``attrs["disclosure"]`` says what was suppressed.
    """
    return Release(facts).add(TABLE, frame, by=by, persons=persons, **more)[TABLE]


def export(
    what: Release | pd.DataFrame,
    path: str | Path,
    *,
    facts: Claims | pd.DataFrame | None = None,
    identifiers: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a release, a result or records as ``.csv`` or ``.xlsx`` (a release also as a folder); the path.

    what: a :class:`Release`; a frame that came out of one or of :func:`protect`; the result of an analysis, with
        ``facts=claims`` where its cells are counted over them; or records, that is rows with a column of persons or
        claims, such as a worklist. Other frames are counts of unknown numbers of persons, and are refused
        (DisclosureError) while disclosure control is on.
    identifiers: persons and claims under their own names instead of pseudonyms.

    Suppressed values read ``suppressed``; cells that a spreadsheet would run are made harmless. In a workbook or
    folder the sheet, or file, ``disclosure`` says what was suppressed, ``definitions`` how numbers are defined.
    Raises ArgumentError and OutputExistsError.
    """
    release = what if isinstance(what, Release) else _release(what, facts)
    if not release.names:
        raise ArgumentError("export: the release holds no table; add one with .add or .records")
    target = Path(path)
    frames = {name: release.marked(name, identifiers=identifiers) for name in release.names}
    if target.suffix.lower() == ".csv":
        return write(frames, target, overwrite=overwrite)
    frames[_free(NOTES, frames)] = release.notes()
    if len(release.definitions()):
        frames[_free(DEFINITIONS, frames)] = release.definitions()
    if target.suffix:
        return write(frames, target, overwrite=overwrite)
    return _folder(frames, target, overwrite=overwrite)


def _release(frame: pd.DataFrame, facts: Claims | pd.DataFrame | None) -> Release:
    """A frame as the release that it is alone."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"export: found {type(frame).__name__}; give a Release or a DataFrame")
    if "disclosure" in frame.attrs or measure_of(frame) is None:
        return Release().records(TABLE, frame)
    return Release(facts).add(TABLE, frame)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += " notes"
    return name


def _folder(frames: Mapping[str, pd.DataFrame], folder: Path, *, overwrite: bool) -> Path:
    names = {name: "".join(c if c.isalnum() or c in "-_ " else "_" for c in name) for name in frames}
    if len({name.lower() for name in names.values()}) < len(names):
        raise ArgumentError(
            f"export: {list(names)} are not names of different files; choose others, or .xlsx"
        )
    files = {name: folder / f"{file}.csv" for name, file in names.items()}
    there = sorted(str(file) for file in files.values() if file.exists())
    if folder.is_file() or (there and not overwrite):
        raise OutputExistsError(
            f"{there[0] if there else folder} exists; pass overwrite=True to replace it, or choose another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentError(f"{folder} cannot be made: {error.strerror or error}; choose another") from error
    for name, frame in frames.items():
        write(frame, files[name], overwrite=overwrite)
    return folder
