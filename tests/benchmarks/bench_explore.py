"""How long the explorer of denials takes in Python, from a filter to the parts that the browser draws.

    python -m tests.benchmarks.bench_explore [LINES …]      default: the demo and 1000000

Every control is set once to each of a few choices; median and worst of wall-clock and CPU milliseconds, until the page
has left. The tiles that measures declare are worked out afterwards, beside it; "kept" is what a notebook keeps of the
page. What the browser adds is measured by tests/browser.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cpticd as cx
from cpticd.claims import Claims
from tests.benchmarks.big_claims import folder_of

CHOICES = 3


def changes(explorer: Any) -> list[dict[str, Any]]:
    """One filter after the other set to some of its choices, and back."""
    found = []
    for spec in explorer.board.controls:
        if spec["kind"] in ("select", "several", "dates"):
            values: list[Any] = [option["value"] for option in spec["options"]]
            if spec["kind"] == "several":
                values = [*values[:CHOICES], values[1:3]]
            if spec["kind"] == "dates":
                values = [["2025-01-15", ""], ["", "2024-11"], ["2024-06", "2025-05"]]
            default = explorer.values[spec["name"]]
            picked = [value for value in values if value != default][:CHOICES]
            found += [{spec["name"]: value} for value in (*picked, default)]
    return found


async def measure(claims: Claims, name: str) -> None:
    start = time.perf_counter()
    explorer = cx.explore.denials(claims)
    opened = time.perf_counter() - start
    await explorer._waiting
    tiles = time.perf_counter() - start - opened
    start = time.perf_counter()
    explorer._repr_mimebundle_()
    kept = time.perf_counter() - start
    wall: dict[str, list[float]] = {}
    cpu, seen = [], []
    busy = 0.0
    explorer.board.observe(lambda _: first.append(1000 * (time.process_time() - busy)), "parts")
    for change in changes(explorer):
        explorer._cube._views.clear()
        first: list[float] = []
        began, busy = time.perf_counter(), time.process_time()
        explorer.board.values = explorer.values | change
        wall.setdefault(next(iter(change)), []).append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - busy))
        seen.append(first[0] if first else cpu[-1])
    every = [value for values in wall.values() for value in values]
    tail, busiest = (sorted(values)[int(0.9 * len(values))] for values in (every, cpu))
    print(
        f"{name}: whole page {opened:.2f} s; filter to parts: median {statistics.median(every):.0f} ms,",
        end=" ",
    )
    print(
        f"90 % within {tail:.0f} ms, worst {max(every):.0f} ms; CPU median {statistics.median(cpu):.0f}, "
        f"90 % within {busiest:.0f}, worst {max(cpu):.0f} ms"
    )
    in_view = sorted(seen)[int(0.9 * len(seen))]
    print(
        f"  CPU until what is in view leaves: median {statistics.median(seen):.0f} ms, 90 % within {in_view:.0f} ms"
    )
    print(f"  declared tiles {tiles:.2f} s, kept {kept:.2f} s")
    for control, values in wall.items():
        print(f"  {control:12} median {statistics.median(values):5.0f}  worst {max(values):5.0f} ms")


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000]
    if not sys.argv[1:]:
        asyncio.run(measure(cx.demo(), "demo"))
    with tempfile.TemporaryDirectory() as base:
        for lines in sizes:
            asyncio.run(measure(cx.open(folder_of(lines, Path(base))), f"{lines:,} lines"))


if __name__ == "__main__":
    main()
