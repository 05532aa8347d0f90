"""The next state of a store: joined from what was read where files are X12, else read anew from the copies of all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from cpticd.core import sources
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError, QueryError
from cpticd.core.whole_folders import flush
from cpticd.loaders import registry
from cpticd.loaders.growing import changes, parsed, segments
from cpticd.loaders.growing.joined import Joined, stamp
from cpticd.loaders.growing.journal import FILES, SETS, File, Journal
from cpticd.loaders.growing.parsed import Cannot, Parsed
from cpticd.loaders.growing.segments import Live, State, read_state

#: Below a store: what was read of X12 files by load, and the segments of states.
PARSED, SEGMENTS = "parsed", "segments"
#: Segments from which on all but the first become one, and the share of the first from which on all do.
_MOST: Final = 6
_STALE: Final = 0.25


class Making:
    """What the files of a journal make, beside the state that is there."""

    def __init__(
        self, folder: Path, before: Journal, after: Journal, new: Sequence[File], *, progress: bool
    ) -> None:
        self.folder, self.before, self.after, self.new, self.progress = folder, before, after, new, progress
        copies = {file.number: folder / FILES / file.copy for file in after.files}
        names = sources.names_of([*copies.values()])
        #: The name by which rejects and accounting show each file, by its number.
        self.names = {number: names[copy] for number, copy in copies.items()}
        self._copies = copies

    def make(self) -> list[tuple[str, int, float]]:
        """Write the next state and enter it in the journal; returns what of services changed."""
        with _writing(self.folder):
            number = max([0, *(int(each.name) for each in _numbered(self.folder / SETS))]) + 1
            target = self.folder / SETS / f"{number:06d}"
            old = self._live(self.before)
            self.after.read_whole = ""
            try:
                self._joined(target, old)
            except Cannot as reason:
                shutil.rmtree(target, ignore_errors=True)
                self.after.read_whole = f"all was read anew: {reason}"
                self._read(target)
            self.after.state = number
            return changes.between(self._state(self.before), target, self.folder / SEGMENTS)

    def _state(self, journal: Journal) -> Path | None:
        return None if journal.state is None else self.folder / SETS / f"{journal.state:06d}"

    def _live(self, journal: Journal) -> State | None:
        """The state before, where it can be added to."""
        if segments.fault(self._state(journal), self.folder / SEGMENTS):
            return None
        state = read_state(self._state(journal))
        names = {str(number): name for number, name in self.names.items()}
        if state is None or state.stamp != stamp() or not state.names.items() <= names.items():
            return None
        return state

    def _joined(self, target: Path, old: State | None) -> None:
        """Join what was read of X12 files; Cannot where there are others, or what is read depends on more."""
        if self.after.options:
            raise Cannot("the files are read with options")
        loads: dict[int, dict[Path, File]] = {}
        for file in self.after.files:
            loads.setdefault(file.load, {})[self._copies[file.number]] = file
        places = {load: self.folder / PARSED / f"{load:04d}" for load in loads}
        for load, place in places.items():
            if not parsed.is_parsed(place):
                self._parse(loads[load], place)
        for state in [old, None] if old is not None else [None]:
            try:
                self._segment(target, state, [*places.values()])
                return
            except Cannot as reason:
                self.after.read_whole = f"all was joined anew: {reason}"
                shutil.rmtree(target, ignore_errors=True)
                if state is None:
                    raise

    def _parse(self, files: dict[Path, File], place: Path) -> None:
        """Read the files of a load; why they cannot be joined is kept by their content, and they are not read again."""
        known = parsed.refused(place, files.values(), stamp())
        if known:
            raise Cannot(known)
        shutil.rmtree(place, ignore_errors=True)
        try:
            parsed.parse(files, place, progress=self.progress)
        except Cannot as reason:
            parsed.refuse(place, files.values(), stamp(), str(reason))
            raise
        flush(place)

    def _segment(self, target: Path, state: State | None, places: list[Path]) -> None:
        """Write a segment of what is new, or of all, and the state's folder."""
        place = self.folder / SEGMENTS
        engine = DuckDBEngine()
        try:
            before = self._state(self.before)
            live = Live(engine, before, state, place) if state is not None and before is not None else None
            joined = Joined(Parsed(engine, places, self.after.files), engine, self.names, live)
            new = [file.number for file in (self.new if live else self.after.files)]
            joined.make(new, place / self._next(), target)
            flush(place / joined.state.segments[-1])
            self._compacted(target, joined.state)
            flush(target)
        finally:
            engine.close()

    def _next(self) -> str:
        return f"{max([0, *(int(each.name) for each in _numbered(self.folder / SEGMENTS))]) + 1:06d}"

    def _compacted(self, target: Path, state: State) -> None:
        """Make one of segments where there are many, or much of the first stands in later ones."""
        place = self.folder / SEGMENTS
        gone = target / "gone_claims_0.parquet"
        stale = pq.read_metadata(gone).num_rows if gone.is_file() else 0
        first = (
            0 if stale > _STALE * pq.read_metadata(place / state.segments[0] / "ids.parquet").num_rows else 1
        )
        if first and len(state.segments) <= _MOST:
            return
        engine = DuckDBEngine()
        made = place / self._next()
        merged = {number: name for number, name in enumerate(state.segments) if number >= first}
        segments.compact(Live(engine, target, state, place), merged, made)
        held = {name: state.contents[name] for name in state.segments[:first]}
        state.contents = held | {made.name: segments.hold(made)}
        state.segments = [*state.segments[:first], made.name]
        for number in merged:
            for kind in ("claims", "persons"):
                (target / f"gone_{kind}_{number}.parquet").unlink(missing_ok=True)
        engine.close()
        flush(made)
        state.write(target)

    def _read(self, target: Path) -> None:
        """Read the copies of all files at once."""
        files = sorted(self.after.files, key=lambda each: (each.name, each.load))
        made = registry.read(
            *(self._copies[each.number] for each in files),
            quiet=True,
            progress=self.progress,
            **self.after.options,
        )
        rejects = made.rejects
        whole = rejects[(rejects["action"] == "rejected") & (rejects["location"] == "file")]
        reasons = dict(zip(whole["source"], whole["reason"], strict=True))
        made.save(target)
        for each in files:
            each.reason = reasons.get(self.names[each.number], "")


def _numbered(place: Path) -> list[Path]:
    """Folders that are numbered, among them those that a killed process has not finished."""
    return [each for each in place.iterdir() if each.name.isdecimal()] if place.is_dir() else []


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """What the system says against writing, as ArgumentError."""
    try:
        yield
    except (OSError, QueryError) as error:
        if isinstance(error, QueryError) and not isinstance(error.__cause__, duckdb.IOException):
            raise
        text = getattr(error, "strerror", None) or error
        raise ArgumentError(
            f"{folder} cannot be written: {text}; what was there is unchanged: free space there, then add again"
        ) from error
