"""``store``: a data set on disk to which next month's files are added."""

from __future__ import annotations

import dataclasses
import json
import shutil
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow.parquet as pq

from cpticd import claims
from cpticd.claims import Claims
from cpticd.core import places, sources
from cpticd.core.errors import ArgumentError, InputError
from cpticd.loaders import registry
from cpticd.loaders.growing import changes, segments
from cpticd.loaders.growing.journal import (
    FILES,
    SETS,
    File,
    Journal,
    Reading,
    digest,
    is_read,
    read,
    state_of,
    writing,
)  # fmt: skip
from cpticd.loaders.growing.making import PARSED, SEGMENTS, Making

#: What ``read`` is asked beside the files, kept in the store.
_OPTIONS: Final = ("payers", "rename", "keep", "layout", "sheet", "reasons")
_READ, _BEFORE, _UNREAD = "files read", "files read before", "files that cannot be read"
_CHANGED: Final = "files changed since they were read: not read again"
#: States of a file whose path is looked at again.
_SAME, _OTHER, _GONE = "as it was read", "changed since it was read", "no longer there"


def store(folder: str | Path, **options: Any) -> Store:
    """A data set in a folder that grows: files are added to it, and taken out of it again.

    Parameters: ``folder`` is made when the first file is added; by keyword ``payers``, ``rename``, ``keep``,
    ``layout``, ``sheet`` and ``reasons``, as :func:`read` takes them (mappings, lists and words): they are kept with
    the data set and hold for every file, also those added later. Raises InputError where the folder holds something
    else, ArgumentError for an option that :func:`read` has not, or that differs from those kept: make another store.

    >>> import cpticd as cx, pathlib, tempfile
    >>> place = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (place / "january.csv").write_text("Claim #,CPT,Dx1,Charges,Status\\nA1,99213,I10,80,Denied\\n")
    >>> _ = (place / "february.csv").write_text("Claim #,CPT,Dx1,Charges,Status\\nA2,99214,I10,90,Paid\\n")
    >>> book = cx.store(place / "book")
    >>> _ = book.add(place / "january.csv", progress=False)
    >>> changed = book.add(place, progress=False)
    >>> changed[["change", "n"]].head(3).values.tolist()
    [['files read', 1], ['files read before', 1], ['new services', 1]]
    >>> len(book.claims().table("claims"))
    2
    """
    return Store(Path(folder), options)


class Store:
    """A data set on disk that grows. Made by :func:`store`.

    It holds a copy of every file that was read, so that files may be moved away, and one be taken out again. One
    process adds at a time; others read the state before until the next one is whole.
    """

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        self.folder = folder
        if unknown := [name for name in options if name not in _OPTIONS]:
            raise ArgumentError(f"store: no option {unknown}; there are {list(_OPTIONS)}")
        try:
            self._options = json.loads(json.dumps({k: v for k, v in options.items() if v is not None}))
        except TypeError as error:
            raise ArgumentError(
                f"store: {error}: options are kept in the folder; pass mappings, lists and words"
            ) from error
        journal = read(folder)
        try:
            strange = not journal.loads and folder.exists() and not folder.is_dir()
            strange = strange or (
                not journal.loads
                and folder.is_dir()
                and any(not _is_own(each.name) for each in folder.iterdir())
            )
        except OSError as error:
            raise InputError(
                f"{folder}: cannot be opened: {error.strerror or error}; check the path"
            ) from error
        if strange:
            raise InputError(f"{folder} holds something else; name a new or empty folder for the store")
        self._check(journal)

    def _check(self, journal: Journal) -> None:
        """ArgumentError where the options given are not those kept."""
        if journal.loads and self._options and self._options != journal.options:
            raise ArgumentError(
                f"{self.folder}: its files were read with {journal.options or 'no options'}, not with {self._options}; "
                "leave them out, or make another store"
            )

    def __repr__(self) -> str:
        journal = read(self.folder)
        made = f"; {journal.read_whole}" if journal.read_whole else ""
        return f"Store: {self.folder}, {len(journal.files):,} files of {journal.loads:,} loads{made}"

    # -- what is there -------------------------------------------------------------------------------

    def claims(self, *, memory_limit: str | None = None) -> Claims:
        """The data set as it is now, as :func:`open` gives it; what is added later is not in it.

        ``memory_limit``: DuckDB's, such as "4GB". InputError where nothing was added yet.
        """
        for _ in range(20):  # a writer may remove a state between reading its name and holding it
            path = state_of(self.folder)
            with suppress(OSError):
                held = Reading(path)
                if state_of(self.folder) == path:
                    state = segments.read_state(path)
                    if state is None:
                        made = claims.open(path, memory_limit=memory_limit)
                    else:
                        made = segments.opened(path, state, self.folder / SEGMENTS, memory_limit=memory_limit)
                    made.engine._held = held  # type: ignore[attr-defined]
                    places.remember(made.engine, self.folder)  # states come and go
                    return made
        raise InputError(f"{self.folder}: its state is gone; add or remove a file, and it is made anew")

    def files(self) -> pd.DataFrame:
        """One row per file that was added: load, file, path, size (bytes), sha256, state, reason.

        ``state`` is what lies at the path now: as it was read, changed since it was read, or no longer there (its copy
        is in the store). ``reason``: why nothing could be read of it.
        """
        rows = [
            (each.load, each.name, each.path, each.size, each.sha256, _state(each), each.reason)
            for each in read(self.folder).files
        ]
        names = ["load", "file", "path", "size", "sha256", "state", "reason"]
        made = pd.DataFrame(rows, columns=names)
        return made.astype({name: "int64" if name in ("load", "size") else "str" for name in names})

    def accounting(self) -> pd.DataFrame:
        """One row per source and table, as ``claims.accounting()``, with the load by which the source came."""
        return self._by_load(self.claims().accounting())

    def rejects(self) -> pd.DataFrame:
        """One row per thing that was rejected, repaired or noted, as ``claims.rejects``, and its load."""
        return self._by_load(self.claims().rejects)

    def _by_load(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with the load of their source; null where it is of the data as a whole."""
        journal = read(self.folder)
        shown = sources.names_of([self._copy(each) for each in journal.files])
        loads = {shown[self._copy(each)]: each.load for each in journal.files}

        def load_of(source: str) -> int | None:
            fits = [name for name in loads if source == name or source.startswith(name)]
            return loads[max(fits, key=len)] if fits else None

        found = {source: load_of(source) for source in rows["source"].unique()}
        rows.insert(0, "load", rows["source"].map(found).astype("Int64"))
        return rows

    # -- what changes it -----------------------------------------------------------------------------

    def add(
        self, *paths: sources.PathLike | Iterable[sources.PathLike], progress: bool = True
    ) -> pd.DataFrame:
        """One row per kind of change: change, n, charge_amount, files. Reads the files that were not read yet.

        ``paths`` are files, globs and folders of any kind that :func:`read` takes. A file is known by its content: what
        was read before, under whatever name, is not read again. A file whose content changed since it was read is named
        and not read: ``remove`` it first. The data set is what reading all of its files at once gives, in whatever
        order they came; killed or interrupted, it is what it was before. Of X12 files, only claims that the new ones
        touch are joined and derived again; where there are others, or options, all copies are read anew, as a row says.

        Raises InputError where nothing of the new files can be read, or another process adds at this moment,
        ArgumentError where the folder cannot be written.
        """
        with writing(self.folder):
            before = journal = self._begin()
            own = self.folder.absolute()
            found = [each for each in registry.found(paths) if own not in each.absolute().parents]
            told: dict[str, list[str]] = {_READ: [], _BEFORE: [], _CHANGED: [], _UNREAD: []}
            new = self._new(found, journal, told)
            services: list[tuple[str, int, float]] = []
            rejected = 0
            if new:
                journal, services, rejected = self._made(journal, new, told, progress=progress)
            for name in told[_CHANGED]:
                warnings.warn(
                    f"{name} changed since it was read, and was not read again; remove(path) takes out what was read",
                    stacklevel=2,
                )
            self._sweep(journal)
        return changes.frame(told, services, rejected, anew=_anew(before, journal))

    def remove(self, *which: sources.PathLike | int, progress: bool = True) -> pd.DataFrame:
        """One row per kind of change, as :meth:`add`. Takes files out again.

        ``which``: the path of a file as it was added, its name where no other has it, or the number of a load. Raises
        ArgumentError where there is no such file.
        """
        with writing(self.folder):
            journal = self._begin()
            meant = [each for one in which for each in self._meant(one, journal.files)]
            gone = [each for each in journal.files if each in meant]
            rest = [each for each in journal.files if each not in gone]
            made = dataclasses.replace(journal, files=rest, state=None)
            if any(not each.reason for each in rest):
                services, _ = self._make(journal, made, [], progress=progress)
            else:
                services = changes.between(self._state(journal), None, self.folder / SEGMENTS)
            made.write(self.folder)
            self._sweep(made)
        names = [each.name for each in gone]
        return changes.frame({"files taken out": names}, services, 0, anew=_anew(journal, made))

    def _begin(self) -> Journal:
        """The journal, and nothing that a killed process left."""
        journal = read(self.folder)
        self._check(journal)
        if not journal.loads:
            journal.options = self._options
        self._sweep(journal)
        return journal

    def _state(self, journal: Journal) -> Path | None:
        return None if journal.state is None else self.folder / SETS / f"{journal.state:06d}"

    def _copy(self, file: File) -> Path:
        return self.folder / FILES / file.copy

    def _new(self, paths: list[Path], journal: Journal, told: dict[str, list[str]]) -> list[File]:
        """The files of which nothing was read yet; what became of the others is ``told``."""
        known = {each.sha256 for each in journal.files}
        read_at = {each.path: each for each in journal.files if not each.reason}
        names = sources.names_of(paths)
        new: list[File] = []
        for path in sorted(paths, key=lambda path: names[path]):
            try:
                content, size, modified = digest(path)
            except OSError as error:
                raise InputError(
                    f"{path}: cannot be read: {error.strerror or error}; nothing was added"
                ) from error
            at = str(path.absolute())
            if content in known:
                told[_BEFORE].append(names[path])
            elif at in read_at:
                told[_CHANGED].append(str(path))
            else:
                known.add(content)
                number = journal.numbers + len(new)
                new.append(File(journal.loads + 1, names[path], at, content, size, modified, number))
        return new

    def _made(
        self, journal: Journal, new: list[File], told: dict[str, list[str]], *, progress: bool
    ) -> tuple[Journal, list[tuple[str, int, float]], int]:
        """The journal with the new files, which is in force; what of services changed, and how many rejects."""
        for each in new:
            self._keep(each)
        at = {each.path for each in new}
        files = [each for each in journal.files if not (each.reason and each.path in at)] + new
        made = dataclasses.replace(
            journal, files=files, state=None, loads=journal.loads + 1, numbers=journal.numbers + len(new)
        )
        services, rejected = self._make(journal, made, new, progress=progress)
        for each in new:
            told[_UNREAD if each.reason else _READ].append(each.name)
        if all(each.reason for each in new):
            raise InputError("; ".join(each.reason for each in new[:3]))
        made.write(self.folder)
        return made, services, rejected

    def _keep(self, file: File) -> None:
        """Copy a file into the store; InputError where it changes meanwhile."""
        source, copy = Path(file.path), self._copy(file)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copyfile(source, copy)
            if digest(copy)[0] != file.sha256:
                raise InputError(f"{source}: changed while it was read; nothing was added: add it again")
        except OSError as error:
            raise ArgumentError(
                f"{source} cannot be copied into {self.folder}: {error.strerror or error}; nothing was added: free "
                "space there, or check the file"
            ) from error

    def _make(self, before: Journal, after: Journal, new: list[File], *, progress: bool) -> tuple[Any, int]:
        """Make the state of a journal's files; what of services changed, and how many rejects ``new`` have."""
        making = Making(self.folder, before, after, new, progress=progress)
        services = making.make()
        path = self._state(after)
        assert path
        rejects = pq.read_table(path / "rejects.parquet", columns=["source", "action"]).to_pandas()
        last = {making.names[each.number] for each in new}
        return services, int(((rejects["action"] == "rejected") & rejects["source"].isin(last)).sum())

    def _sweep(self, journal: Journal) -> None:
        """Remove what belongs to no file of the journal, and states that nobody reads."""
        kept = {self._copy(each) for each in journal.files}
        above = {parent for copy in kept for parent in copy.parents}
        place = self.folder / FILES
        with suppress(OSError):
            for each in sorted(place.rglob("*"), reverse=True) if place.is_dir() else ():
                if each in kept or each in above or not kept.isdisjoint(each.parents):
                    continue
                each.rmdir() if each.is_dir() else each.unlink()
        current = self._state(journal)
        for each in (self.folder / SETS).iterdir() if (self.folder / SETS).is_dir() else ():
            with suppress(OSError):
                if each != current and not is_read(each):
                    shutil.rmtree(each, ignore_errors=True)
        self._sweep_parts(journal)

    def _sweep_parts(self, journal: Journal) -> None:
        """Remove what was read of loads that are gone, and segments of no state that is there."""
        kept = {PARSED: {f"{each.load:04d}" for each in journal.files}, SEGMENTS: set[str]()}
        states = self.folder / SETS
        for each in states.iterdir() if states.is_dir() else ():
            with suppress(InputError):
                if state := segments.read_state(each):
                    kept[SEGMENTS] |= {*state.segments}
        for name, used in kept.items():
            place = self.folder / name
            for each in place.iterdir() if place.is_dir() else ():
                if each.name not in used:
                    shutil.rmtree(each, ignore_errors=True)

    def _meant(self, which: sources.PathLike | int, files: list[File]) -> list[File]:
        """The files that a user names; ArgumentError where there are none."""
        if isinstance(which, int):
            found = [each for each in files if each.load == which]
        else:
            path = str(Path(which).absolute())
            found = [each for each in files if each.path == path]
            named = [each for each in files if each.name == str(which)]
            found = found or (named if len(named) == 1 else [])
        if not found:
            raise ArgumentError(
                f"{self.folder}: no file or load {which!r}; there are loads {sorted({each.load for each in files})} "
                f"and files {[each.path for each in files[:5]]}"
            )
        return found


def _anew(before: Journal, after: Journal) -> tuple[str, int] | None:
    """Why a change was not made by joining what is new to what was there, and of how many files; None where it was."""
    if before.state is None or after.state in (None, before.state) or not after.read_whole:
        return None
    return after.read_whole, len(after.files)


def _is_own(name: str) -> bool:
    """Whether a name in a folder is one that a store makes before its journal is there."""
    return name in (FILES, SETS, PARSED, SEGMENTS) or name.startswith((".", "cpticd-store.json"))


def _state(file: File) -> str:
    """What lies now where a file was."""
    path = Path(file.path)
    try:
        now = path.stat()
        if path.is_file() and (now.st_size, now.st_mtime_ns) == (file.size, file.modified):
            return _SAME
        return _SAME if digest(path)[0] == file.sha256 else _OTHER
    except OSError:
        return _GONE
