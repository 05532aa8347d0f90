"""What it costs to add next month's X12 files to a store, beside reading all: ``python -m tests.benchmarks.bench_store``.

``--persons`` of simulated claims, the latest ``--share`` of whose transaction sets are the new month. Seconds are the
processor's, of all processes.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cpticd as cx
from cpticd.loaders.growing import journal


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of some work, and what it returns."""
    before = _used()
    result = work()
    return _used() - before, result


def _used() -> float:
    every = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in every)


def months(folder: Path, persons: int, share: float) -> tuple[list[Path], list[Path]]:
    """X12 files of all months but the last, and of the last."""
    old, new = folder / "old", folder / "new"
    old.mkdir()
    new.mkdir()
    for path in cx.simulation.write_x12(cx.simulate(persons=persons, seed=3), folder / "whole"):
        head, *sets = path.read_text().split("\nST*")
        sets = [f"\nST*{text.partition(chr(10) + 'GE*')[0]}" for text in sets]
        last = max(1, round(len(sets) * share))
        for place, some in ((old, sets[:-last]), (new, sets[-last:])):
            text = f"{head}{''.join(some)}\nGE*{len(some)}*1~\nIEA*1*000000001~\n"
            (place / f"{place.name}-{path.name}").write_text(text)
        path.unlink()
    return sorted(old.iterdir()), sorted(new.iterdir())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--persons", type=int, default=8000)
    arguments.add_argument("--share", type=float, default=0.02)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        old, new = months(place, given.persons, given.share)
        size = [sum(path.stat().st_size for path in paths) / 1e6 for paths in (old, new)]
        read, claims = seconds(lambda: cx.read(*old, *new, progress=False))
        saved, _ = seconds(lambda: claims.save(place / "set"))
        store = cx.store(place / "book")
        first, _ = seconds(lambda: store.add(old, progress=False))
        added, changed = seconds(lambda: store.add(new, progress=False))
        print(f"{len(claims.table('lines')):,} lines, {size[0]:.1f} and {size[1]:.1f} MB of X12")
        print(f"reading all {read:.1f} s, deriving and saving {saved:.1f} s; first addition {first:.1f} s")
        print(
            f"adding the month {added:.2f} s: {added / (read + saved):.1%} of reading, deriving and saving all"
        )
        print(changed.to_string(), journal.read(store.folder).read_whole)


if __name__ == "__main__":
    main()
