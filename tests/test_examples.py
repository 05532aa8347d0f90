"""The examples in docstrings run, and every public analysis has one."""

from __future__ import annotations

import doctest
import functools
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import cpticd as cx
from tests.conftest import ROOT

PACKAGE = ROOT / "cpticd"
#: Rooms whose public functions a user calls in a notebook.
CALLED = ("denials", "rules", "specificity", "patterns", "risk", "simulation")


@pytest.fixture(scope="module", autouse=True)
def invented_claims_made_once() -> Iterator[None]:
    """Most examples begin with invented claims, which take longer than what they show; nobody changes claims."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cx, "demo", functools.cache(cx.demo))
        patch.setattr(cx, "simulate", functools.cache(cx.simulate))
        yield


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def with_examples() -> list[str]:
    """Modules that hold an example."""
    return sorted(
        name_of(path) for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")
    )


def examples(module: str) -> list[doctest.DocTest]:
    """The examples of a module, of functions that a measure wraps as well."""
    loaded = importlib.import_module(module)
    finder = doctest.DocTestFinder(exclude_empty=True, recurse=True)
    found = []
    for name, value in [("", loaded), *vars(loaded).items()]:
        held = inspect.unwrap(value) if callable(value) else value
        if value is loaded or getattr(held, "__module__", None) == module:
            each = finder.find(held, name or module, module=False, globs=dict(vars(loaded)))
            found += [test for test in each if test.examples] if value is not loaded else []
    return found


@pytest.mark.parametrize("module", with_examples())
def test_the_examples_of_a_module_run(module: str) -> None:
    tests = examples(module)
    assert tests, f"{module}: no example was found where one stands"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("room", CALLED)
def test_every_public_function_has_an_example(room: str) -> None:
    module = importlib.import_module(f"cpticd.{room}")
    without = [
        name
        for name in module.__all__
        if inspect.isfunction(value := getattr(module, name)) and ">>> " not in (value.__doc__ or "")
    ]
    assert not without, f"cpticd.{room}: no example in {without}"


def test_an_example_that_fails_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faulty_example.py").write_text('def f():\n    """One.\n\n    >>> 1 + 1\n    3\n    """\n')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AssertionError):
        test_the_examples_of_a_module_run("faulty_example")
