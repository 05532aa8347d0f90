"""Temporary folders that hold claims: gone with their owner, or with the next start where the owner was killed.

A folder is locked as long as its owner lives, on every system that has such locks; what is not locked is left over.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows: nothing tells whether the owner lives, and nothing is swept
    fcntl = None  # type: ignore[assignment]

PREFIX: Final = "cpticd-"
_LOCK: Final = ".owner"
#: Seconds after which a folder without a lock is left over: it is locked at once after it is made.
_OLD: Final = 3600.0
_swept: set[Path] = set()


class Folder:
    """One temporary folder; ``path`` exists until :meth:`close`, or until this object is gone."""

    def __init__(self, beside: Path | None = None) -> None:
        """``beside``: the folder in which it is made; the system's for what is temporary without one."""
        place = beside or Path(tempfile.gettempdir())
        if place not in _swept:
            _swept.add(place)
            sweep(place)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        lock = _lock(self.path / _LOCK, create=True)
        self._gone = weakref.finalize(self, _remove, self.path, lock, os.getpid())

    def close(self) -> None:
        """Remove the folder and what is in it."""
        self._gone()


@contextmanager
def temporary() -> Iterator[Path]:
    """A temporary folder for as long as the context lasts."""
    made = Folder()
    try:
        yield made.path
    finally:
        made.close()


def sweep(place: Path | None = None) -> list[Path]:
    """Remove folders that killed processes have left behind; returns them."""
    gone = []
    for path in (place or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if fcntl is None or not path.is_dir() or path.is_symlink():
                continue
            if not (path / _LOCK).exists():
                if time.time() - path.stat().st_mtime < _OLD or any(path.iterdir()):
                    continue
                path.rmdir()
            elif (lock := _lock(path / _LOCK, create=False)) is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
            else:
                continue
            gone.append(path)
    return gone


def _lock(path: Path, *, create: bool) -> int | None:
    """An open, locked file; None where another process has locked it, or nothing can be locked here."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove(path: Path, lock: int | None, owner: int) -> None:
    if os.getpid() != owner:  # a forked child ends: the folder is its parent's
        return
    shutil.rmtree(path, ignore_errors=True)
    if lock is not None:
        with contextlib.suppress(OSError):
            os.close(lock)
