"""How much of a question the default run asks; ``-m thorough`` asks the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(number: int, values: Iterable[Any]) -> list[Any]:
    """Values of a parameter: the default run takes the first ones, ``-m thorough`` the others.

    For seeds, sizes and calls that one piece of code serves: what one of them finds, the others find too. A tuple is
    the values of several parameters.
    """
    return [
        value
        if at < number
        else pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.thorough)
        for at, value in enumerate(values)
    ]
