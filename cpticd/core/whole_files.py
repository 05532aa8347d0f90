"""Files that are whole or were never there: written beside under another name, then renamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cpticd.core.errors import ArgumentError


@contextmanager
def whole(target: Path, *, parents: bool = False) -> Iterator[Path]:
    """Where a file is written until it is whole; ArgumentError where it cannot be.

    ``parents``: folders above it are made.
    """
    working = target.with_name(f"{target.name}.writing")
    try:
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        yield working
        working.replace(target)
    except OSError as error:
        raise ArgumentError(
            f"{target} cannot be written: {error.strerror or error}; choose another path"
        ) from error
    finally:
        with suppress(OSError):
            working.unlink(missing_ok=True)
