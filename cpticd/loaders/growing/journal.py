"""What a growing data set consists of: its files by content, by which load each came, and which state readers see."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.store import JOURNAL
from cpticd.core.whole_files import whole

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two writers apart
    fcntl = None  # type: ignore[assignment]

FORMAT: Final = "cpticd-store/1"
#: Below a store: copies of what was read, states, and what a writer locks.
FILES, SETS, LOCK = "files", "sets", ".writer"
_BLOCK: Final = 1 << 22


@dataclass
class File:
    """One file, or folder of a saved data set, that was read."""

    load: int
    name: str  # below the folder of its load
    path: str  # where it was
    sha256: str
    size: int
    modified: int  # nanoseconds, as the system says
    number: int = 0  # of all files that were ever read
    reason: str = ""  # why nothing could be read of it

    @property
    def copy(self) -> str:
        """Where its copy lies below the store's files."""
        return f"{self.load:04d}/{self.name}"


@dataclass
class Journal:
    """The files of a store, in order; which state they make; and how they are read."""

    files: list[File] = field(default_factory=list)
    state: int | None = None
    loads: int = 0
    numbers: int = 0  # given to files
    read_whole: str = ""  # why the state was not made by joining what is new
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Take the place of the journal that is there, at once: from now on this is the data set."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        with whole(folder / JOURNAL) as working:
            working.write_text(text, encoding="utf-8")


def is_store(folder: Path) -> bool:
    """Whether a folder is a growing data set."""
    return (folder / JOURNAL).is_file()


def state_of(folder: Path) -> Path:
    """The saved data set that a store is now; InputError where nothing was added yet."""
    journal = read(folder)
    if journal.state is None:
        raise InputError(f"{folder}: nothing was added yet; add files with cpticd.store(folder).add(...)")
    return folder / SETS / f"{journal.state:06d}"


def read(folder: Path) -> Journal:
    """The journal of a store, an empty one where there is none; InputError where it is not readable."""
    try:
        text = (folder / JOURNAL).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Journal()
    except OSError as error:
        raise InputError(f"{folder}: cannot be opened: {error.strerror or error}; check the path") from error
    try:
        found = json.loads(text)
        if found.pop("format") != FORMAT:
            raise ValueError("of another format")
        files = [File(**each) for each in found.pop("files")]
        return Journal(files, **found)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder}: {JOURNAL} is not readable ({error}): a later cpticd may have written it (upgrade), else put it "
            "back from a backup"
        ) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """The only writer of a store.

    InputError where another one is at work, ArgumentError where nothing can be written.
    """
    handle = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ArgumentError(
            f"{folder} cannot be written: {error.strerror or error}; choose another path"
        ) from error
    try:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"{folder}: another process adds to it; wait until it ends, then add again"
                ) from error
        yield
    finally:
        os.close(handle)


class Reading:
    """A state that is being read, which no writer removes as long as this object is there."""

    def __init__(self, path: Path) -> None:
        self._handle: int | None = None
        if fcntl is not None:
            self._handle = os.open(path, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def __del__(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)


def is_read(path: Path) -> bool:
    """Whether a state is being read by anybody."""
    if fcntl is None:
        return True
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def digest(path: Path) -> tuple[str, int, int]:
    """sha256, size and time of change of a file, or of a folder of files; OSError where it cannot be read."""
    found, size = hashlib.sha256(), 0
    inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for each in inside:
        if path.is_dir():
            found.update(f"\0{each.relative_to(path).as_posix()}\0".encode())
        with each.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
                size += len(block)
    return found.hexdigest(), size, path.stat().st_mtime_ns
