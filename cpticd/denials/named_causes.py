"""Root causes by which denials are chosen: one, several, or none named, which is any."""

from __future__ import annotations

from collections.abc import Collection

from cpticd.core.selection import names

Causes = str | Collection[str] | None


def in_order(causes: Causes) -> str | tuple[str, ...] | None:
    """Causes in one form, whatever their order and kind: a tuple of several, a text of one, None of any."""
    if causes is None or isinstance(causes, str):
        return causes
    named = tuple(sorted(set(causes)))
    return named if len(named) > 1 else named[0] if named else None


def said(causes: Causes) -> str:
    """The causes in words: ``authorization or eligibility``."""
    return " or ".join(names(causes))
