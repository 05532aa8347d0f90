"""Files that are whole or were never there: written beside under a name of one's own, then renamed."""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cpticd.core.errors import ArgumentError

#: What ends the name under which a file is written.
WRITING: Final = ".writing"
#: Bytes of a name beyond which the file beside it is named by a digest of it, and seconds after which it is left over.
_LONG: Final = 180
_OLD: Final = 86_400.0


@contextmanager
def whole(target: Path, *, parents: bool = False) -> Iterator[Path]:
    """Where a file is written until it is whole and on the disk; ArgumentError where it cannot be.

    Of two that write at once, each writes its own file; the later one stays. ``parents``: folders above it are made.
    """
    name = target.name
    if len(name.encode()) > _LONG:
        name = hashlib.sha256(name.encode()).hexdigest()
    working = target.with_name(f"{name}.{os.getpid()}-{secrets.token_hex(4)}{WRITING}")
    try:
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent, name)
        yield working
        with working.open("r+b") as file:
            os.fsync(file.fileno())
        working.replace(target)
    except OSError as error:
        raise ArgumentError(
            f"{target} cannot be written: {error.strerror or error}; choose another path"
        ) from error
    finally:
        with suppress(OSError):
            working.unlink(missing_ok=True)


def _sweep(folder: Path, name: str) -> None:
    """Remove what processes that died have left of a file, long ago."""
    for each in folder.glob(f"{glob.escape(name)}.*-*{WRITING}"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > _OLD:
                each.unlink()
