"""Folders that are whole or were never there: written beside under a name of one's own, then renamed in.

What was there before stands aside between two renames. A process that dies leaves at most two folders beside the
target, ``<name>.<own>.writing`` and ``<name>.<own>.replaced``; whoever opens or writes the target next puts them right.
A folder that is being written is locked by its owner, so that nobody takes a living process's folder away.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from cpticd.core.errors import ArgumentError, OutputExistsError

try:
    import fcntl
except ImportError:  # Windows: an old folder counts as one whose owner is gone
    fcntl = None  # type: ignore[assignment]

WRITING: Final = ".writing"
_REPLACED: Final = ".replaced"
#: Bytes of a name beyond which the folders beside it are named by a digest of it.
_LONG: Final = 180
#: Seconds after which a folder counts as left over where nothing can be locked.
_OLD: Final = 86_400.0


class Kind(NamedTuple):
    """What the folders of one kind have in common."""

    mark: str  # the file that is written last: a folder without it is not whole
    own: Callable[[Path], Collection[str]]  # names of what belongs to such a folder, and may go with it


@contextmanager
def whole(target: Path, kind: Kind) -> Iterator[Path]:
    """Where a folder is written until it is whole; then it takes the place of ``target``, which it is called.

    Files of the old folder that are not its own are moved into the new one. ArgumentError where nothing can be written.
    """
    working, lock = None, None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        recover(target, kind)
        working = _beside(target, WRITING)
        working.mkdir()
        lock = _locked(working)
        yield working
        flush(working)
        _put(working, target, kind)
    except OSError as error:
        raise ArgumentError(
            f"{target} cannot be written: {error.strerror or error}; what was there is unchanged: free space there, or "
            "choose another path"
        ) from error
    finally:
        if working is not None:
            shutil.rmtree(working, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def recover(target: Path, kind: Kind) -> None:
    """Put right what a process that died while it wrote ``target`` has left beside it.

    ArgumentError where the target is not there and cannot be put back: it names the folder that is whole.
    """
    if not _left(target):
        return
    with suppress(OSError), alone(target.parent):
        _right(target, kind)
    if not target.exists() and (held := [each for each in _left(target) if (each / kind.mark).is_file()]):
        raise ArgumentError(
            f"{target}: a process died while it replaced it, and it cannot be put back here; {held[0]} is whole: "
            "rename it, or open it"
        )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The only process that changes names in a folder, among those that ask."""
    handle = None
    if fcntl is not None:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _put(working: Path, target: Path, kind: Kind) -> None:
    """Rename a whole folder in, the old one aside."""
    with alone(target.parent):
        _right(target, kind)
        if not target.exists():
            working.rename(target)
            return
        others = {each.name for each in target.iterdir()} - {*kind.own(target)}
        if both := sorted(others & {each.name for each in working.iterdir()}):
            raise OutputExistsError(
                f"{target} holds {', '.join(both)}, which {'are' if len(both) > 1 else 'is'} not its own and would be "
                "replaced; move what is yours to another folder"
            )
        aside = _beside(target, _REPLACED)
        target.rename(aside)
        try:
            working.rename(target)
        except OSError:
            aside.rename(target)
            raise
        with suppress(OSError):  # the next that opens the target goes on
            _clear(aside, target, kind)


def _right(target: Path, kind: Kind) -> None:
    """What dead processes left: the target is put back, what is not the old one's own goes into it, the rest goes."""
    left = [each for each in _left(target) if not _lives(each)]
    if not target.exists():
        by_rank = sorted(left, key=lambda each: (each.suffix != WRITING, -each.stat().st_mtime))
        if ready := next((each for each in by_rank if (each / kind.mark).is_file()), None):
            ready.rename(target)
            left.remove(ready)
    for each in left:
        if each.suffix == WRITING:
            shutil.rmtree(each, ignore_errors=True)
        elif target.exists():
            _clear(each, target, kind)


def _clear(aside: Path, target: Path, kind: Kind) -> None:
    """Move what is not its own into the target, then remove an old folder, the mark last."""
    own = {*kind.own(aside)}
    for each in sorted(aside.iterdir()):
        if each.name not in own and not (target / each.name).exists():
            each.rename(target / each.name)
    for name in sorted(own & {each.name for each in aside.iterdir()}, key=lambda name: name == kind.mark):
        place = aside / name
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    with suppress(OSError):  # what is of somebody else, and has a namesake in the target, stays
        aside.rmdir()


def flush(folder: Path) -> None:
    """Have the system write files out before their folder gets its name."""
    for each in (*folder.rglob("*"), folder):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError:  # a system that flushes no folders
            if each.is_file():
                raise
        finally:
            os.close(handle)


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(f"{_stem(target)}.{os.getpid()}-{secrets.token_hex(4)}{suffix}")


def _stem(target: Path) -> str:
    name = target.name.encode()
    return target.name if len(name) < _LONG else f"cpticd-{hashlib.blake2b(name, digest_size=8).hexdigest()}"


def _left(target: Path) -> list[Path]:
    """Folders beside a target that were made when it was written."""
    start = f"{_stem(target)}."
    try:
        names = os.listdir(target.parent)  # noqa: PTH208
    except OSError:
        return []
    return [
        target.with_name(name)
        for name in sorted(names)
        if name.startswith(start)
        and name.endswith((WRITING, _REPLACED))
        and name.count(".") == start.count(".") + 1
    ]


def _locked(folder: Path) -> int | None:
    """A folder open and locked; None where that cannot be, or another process has locked it."""
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _lives(folder: Path) -> bool:
    """Whether the process that writes a folder lives."""
    try:
        if fcntl is None:
            return time.time() - folder.stat().st_mtime < _OLD
        if (handle := _locked(folder)) is None:
            return True
        os.close(handle)
    except OSError:
        return True  # gone meanwhile, or not ours
    return False
