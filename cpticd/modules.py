"""Modules that can be called: ``cpticd.simulate(...)`` is a function, ``cpticd.simulate.write_x12`` a member."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__dict__["_called"](*args, **kwargs)


def make_callable(name: str, function: Callable[..., Any]) -> None:
    """Let module ``name`` be called as ``function``, whose documentation it takes."""
    module = sys.modules[name]
    module.__class__ = _CallableModule
    module.__dict__["_called"] = function
    module.__doc__ = function.__doc__
