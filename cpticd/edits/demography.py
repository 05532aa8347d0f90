"""Rules of this family are to come."""

from __future__ import annotations

from typing import Final

from cpticd.edits.rules import Rule

RULES: Final[tuple[Rule, ...]] = ()
