"""Where a data set was opened from, by its engine: what a user adds to it is kept beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

_PLACES: Final[WeakKeyDictionary[Any, Path]] = WeakKeyDictionary()


def remember(engine: Any, path: Path) -> None:
    """Note that the data set of an engine lies in this folder, or in this file."""
    _PLACES[engine] = path


def place_of(claims: Any) -> Path | None:
    """The folder or file that claims, or those that they were selected from, were opened from; None in memory."""
    while getattr(claims, "_parent", None) is not None:
        claims = claims._parent
    return _PLACES.get(claims.engine)
