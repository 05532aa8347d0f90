"""How the groups of a coverage policy combine: "1 and 2", "(1 and 2) or 3", read into a small tree, never evaluated.

An expression becomes its alternatives: sets of groups, each set enough by itself. "(1 or 2) and 3" is the two sets
{1, 3} and {2, 3}. Words and numbers are all that there is: group numbers, and, or, brackets; "and" binds closer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cpticd.core.errors import ArgumentError

Alternatives = frozenset[frozenset[int]]

#: More sets than any policy has; an expression that multiplies out to more is not one.
MOST_ALTERNATIVES: Final = 1000
_TOKEN: Final = re.compile(r"\s*(?:(\d+)|(and|or|[()&|,])|(\S+))", re.IGNORECASE)
_SAME: Final = {"&": "and", "|": "or", ",": "or"}


def alternatives(expression: str, *, where: str = "coverage_logic") -> list[list[int]]:
    """The sets of groups each of which satisfies an expression, the smallest first; none holds another one.

    Raises ArgumentError, with ``where``, for what is no such expression.
    """
    tokens = _tokens(expression, where)
    found, rest = _either(tokens, expression, where)
    if rest:
        raise ArgumentError(
            f"{where}: {expression!r}: {rest[0]!r} does not follow; join groups by 'and' or 'or'"
        )
    return sorted((sorted(groups) for groups in found), key=lambda groups: (len(groups), groups))


def _tokens(expression: str, where: str) -> list[str]:
    found = []
    for number, word, strange in _TOKEN.findall(expression):
        if strange:
            raise ArgumentError(
                f"{where}: {expression!r} has {strange!r}; expected numbers of groups, 'and', 'or' and brackets"
            )
        found.append(number or _SAME.get(word, word.lower()))
    if not found:
        raise ArgumentError(f"{where}: an empty expression; expected one such as '1 and 2'")
    return found


def _either(tokens: Sequence[str], expression: str, where: str) -> tuple[Alternatives, Sequence[str]]:
    found, rest = _both(tokens, expression, where)
    while rest and rest[0] == "or":
        more, rest = _both(rest[1:], expression, where)
        found = _least(found | more, expression, where)
    return found, rest


def _both(tokens: Sequence[str], expression: str, where: str) -> tuple[Alternatives, Sequence[str]]:
    found, rest = _one(tokens, expression, where)
    while rest and rest[0] == "and":
        more, rest = _one(rest[1:], expression, where)
        found = _least(frozenset(a | b for a in found for b in more), expression, where)
    return found, rest


def _one(tokens: Sequence[str], expression: str, where: str) -> tuple[Alternatives, Sequence[str]]:
    if tokens and tokens[0].isdigit():
        return frozenset({frozenset({int(tokens[0])})}), tokens[1:]
    if tokens and tokens[0] == "(":
        found, rest = _either(tokens[1:], expression, where)
        if rest and rest[0] == ")":
            return found, rest[1:]
        raise ArgumentError(f"{where}: {expression!r}: a bracket is not closed")
    got = repr(tokens[0]) if tokens else "its end"
    raise ArgumentError(f"{where}: {expression!r}: found {got} where the number of a group is expected")


def _least(found: Alternatives, expression: str, where: str) -> Alternatives:
    """Without the sets that hold another one, which is enough."""
    if len(found) > MOST_ALTERNATIVES:
        raise ArgumentError(
            f"{where}: {expression!r} has more than {MOST_ALTERNATIVES} combinations of groups; split it by group of "
            "procedures"
        )
    return frozenset(groups for groups in found if not any(other < groups for other in found))
