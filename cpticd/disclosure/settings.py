"""How few persons a cell may show, and whether persons keep their names: one setting for the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from cpticd.core.errors import ArgumentError

#: CMS's cell size suppression policy: no cell of 1 to 10 persons may be shown or derived.
MINIMUM: Final = 11


@dataclass(frozen=True)
class Settings:
    """What leaves the session: cells of at least ``minimum`` persons, persons under ``pseudonyms`` or not."""

    minimum: int = MINIMUM
    pseudonyms: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.minimum, bool) or not isinstance(self.minimum, int) or self.minimum < 1:
            raise ArgumentError(
                f"minimum: found {self.minimum!r}; give the fewest persons that a cell may show, such as 11; "
                "1 shows every cell"
            )
        if not isinstance(self.pseudonyms, bool):
            raise ArgumentError(f"pseudonyms: found {self.pseudonyms!r}; give True or False")

    @property
    def is_on(self) -> bool:
        """Whether any cell is too small to be shown."""
        return self.minimum > 1

    def __repr__(self) -> str:
        cells = (
            f"cells of fewer than {self.minimum} persons are suppressed, and what would give them away"
            if self.is_on
            else "suppression is switched OFF: cells of any size leave the session"
        )
        names = "pseudonyms" if self.pseudonyms else "their own identifiers"
        return f"Disclosure control: {cells}; persons and claims appear under {names}."


_current = Settings()
#: Settings for a block of one thread alone.
_here: Final[ContextVar[Settings | None]] = ContextVar("cpticd_disclosure", default=None)


def settings() -> Settings:
    """The settings of this session."""
    return _here.get() or _current


def set_disclosure(*, minimum: int = MINIMUM, pseudonyms: bool = True) -> Settings:
    """What may leave this session in exports, reports and saved notebooks; returns the settings, which say so.

    minimum: the fewest persons of a cell that is shown (CMS: 11); 1 switches suppression off.
    pseudonyms: persons and claims are numbered (``person 1``) instead of named, unless an export asks for
    ``identifiers=True``. Raises ArgumentError for a minimum below 1.
    """
    global _current  # noqa: PLW0603 - one setting for the session, as its name says
    _current = Settings(minimum=minimum, pseudonyms=pseudonyms)
    return _current


@contextmanager
def using(**changes: Any) -> Iterator[Settings]:
    """Settings for a block, in this thread alone; the former ones come back after it."""
    token = _here.set(Settings(**changes))
    try:
        yield settings()
    finally:
        _here.reset(token)
