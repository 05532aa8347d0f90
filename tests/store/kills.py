"""Kill processes that add files to a store, at random steps; what the next one makes of it must be what was to come.

``python -m tests.store.kills COUNT [SEED]`` prints one line per kill that left anything else, then how many were tried.
Each kill (SIGKILL) comes in a process of its own before a random change of the folder, in the first or the second of
two additions, or in a removal.
"""

from __future__ import annotations

import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cpticd as cx
from cpticd.loaders.growing.store import Store
from tests.store.months import differences, differences_of, tables, x12_files

#: What changes names or files, as Python reports it.
_EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile", "shutil.rmtree")


def in_child(work: Callable[[], Any]) -> Any:
    """What a function returns in a forked process; None where that died."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(content) if content else None


def watched(store: Store, work: Callable[[], Any], *, at: int) -> int:
    """How many changes of the folder some work makes; killed before number ``at``."""
    seen, folder = 0, str(store.folder)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in _EVENTS and str(arguments[0]).startswith(folder):
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    work()
    return seen


def steps(store: Store, files: list[Path]) -> list[Callable[[], Any]]:
    """Two additions, and a removal."""
    half = len(files) // 2
    return [
        lambda: store.add(files[:half], progress=False),
        lambda: store.add(files, progress=False),
        lambda: store.remove(files[0], progress=False),
    ]


def wrong(book: Path, files: list[Path], step: int, at: int, expected: list[dict[str, Any]]) -> list[str]:
    """What differs from an uninterrupted step after one was killed, and done again where that is needed."""
    store = cx.store(book)
    work = steps(store, files)[step]
    in_child(lambda: watched(store, work, at=at))
    left = in_child(lambda: _opened(book))
    if left is None:
        return ["after the kill it does not open"]
    return in_child(lambda: _again(work, step, store, files, expected)) or []


def _opened(book: Path) -> int:
    """How many lines there are; the store opens, or nothing was added yet."""
    there = len(cx.store(book).files()) > 0
    return len(cx.store(book).claims().table("lines")) if there else 0


def _again(
    work: Callable[[], Any], step: int, store: Store, files: list[Path], expected: list[dict[str, Any]]
) -> list[str]:
    """Do a step, which the killed process may have done, and compare."""
    if step != 2 or str(files[0].absolute()) in set(store.files()["path"]):
        work()
    return differences(store.claims(), expected[step])


def main(count: int, seed: int) -> int:
    draw, failed = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files, expected, lengths = in_child(lambda: _prepared(place))
        for number in range(count):
            step = draw.randrange(3)
            at = draw.randint(1, lengths[step])
            book = place / "killed"
            shutil.copytree(place / f"before-{step}", book)
            if found := wrong(book, files, step, at, expected):
                failed += 1
                print(f"kill {number}, step {step}, change {at} of {lengths[step]}: {found}", flush=True)
            shutil.rmtree(book, ignore_errors=True)
    print(f"{count - failed} of {count} kills leave what was to come; changes by step: {lengths}")
    return failed


def _prepared(place: Path) -> tuple[list[Path], list[dict[str, Any]], list[int]]:
    """Files, what each step makes of them, and of how many changes it consists; the stores before each lie beside."""
    files = x12_files(place / "inbox", persons=3, seed=5, pieces=2)
    store, expected, lengths = cx.store(place / "book"), [], []
    for number in range(3):
        (place / "book").mkdir(exist_ok=True)
        shutil.copytree(place / "book", place / f"before-{number}")
        lengths.append(watched(store, steps(store, files)[number], at=0))
        expected.append(tables(store.claims()))
    whole = tables(cx.read(*sorted(files), progress=False))
    assert not differences_of(expected[1], whole)
    return files, expected, lengths


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1), 100))
