"""Expressions of groups: their alternatives against a truth table, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpticd.core.errors import ArgumentError
from cpticd.rules.logic import MOST_ALTERNATIVES, alternatives

EXPRESSIONS = [
    ("1", [[1]]),
    ("1 or 2", [[1], [2]]),
    ("1 and 2", [[1, 2]]),
    ("(1 and 2) or 3", [[3], [1, 2]]),
    ("1 and 2 or 3", [[3], [1, 2]]),
    ("1 and (2 or 3)", [[1, 2], [1, 3]]),
    ("(1 or 2) and (3 or 4)", [[1, 3], [1, 4], [2, 3], [2, 4]]),
    ("1 or (1 and 2)", [[1]]),
    ("((2))", [[2]]),
    ("1 AND 2", [[1, 2]]),
    ("1&2|12", [[12], [1, 2]]),
]
REFUSED = [
    ("", "an empty expression"),
    ("1 and", "found its end where the number of a group is expected"),
    ("and 1", "found 'and' where the number of a group is expected"),
    ("(1 or 2", "a bracket is not closed"),
    ("1 or 2)", r"'\)' does not follow"),
    ("1 2", "'2' does not follow"),
    ("1 and not 2", "has 'not'"),
    ("__import__('os')", "has .__import__"),
    (
        " and ".join(f"({2 * i} or {2 * i + 1})" for i in range(12)),
        f"more than {MOST_ALTERNATIVES} combinations",
    ),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_an_expression_is_its_alternatives(expression: str, expected: list[list[int]]) -> None:
    assert alternatives(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"), REFUSED, ids=[text[:16] or "empty" for text, _ in REFUSED]
)
def test_what_is_no_expression_is_refused_with_its_place(expression: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"row 3.*{message}"):
        alternatives(expression, where="row 3")


trees = st.recursive(
    st.integers(1, 5),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    max_leaves=6,
)


@given(trees, st.sets(st.integers(1, 5)))
def test_the_alternatives_are_true_just_where_the_tree_is(tree: object, met: set[int]) -> None:
    found = alternatives(_text(tree))
    assert any(set(groups) <= met for groups in found) == _true(tree, met)
    assert not any(set(one) < set(other) for one in found for other in found)


def _text(tree: object) -> str:
    if isinstance(tree, tuple):
        word, left, right = tree
        return f"({_text(left)} {word} {_text(right)})"
    return str(tree)


def _true(tree: object, met: set[int]) -> bool:
    if isinstance(tree, tuple):
        word, left, right = tree
        both = (_true(left, met), _true(right, met))
        return all(both) if word == "and" else any(both)
    return tree in met
