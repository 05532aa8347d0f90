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
        if spec["kind"] in ("select", "dates"):
            values: list[Any] = [option["value"] for option in spec["options"]]
            if spec["kind"] == "dates":
                values = [[month, ""] for month in values] + [["", month] for month in values]
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
    cpu = []
    for change in changes(explorer):
        explorer._cube._views.clear()
        began, busy = time.perf_counter(), time.process_time()
        explorer.board.values = explorer.values | change
        wall.setdefault(next(iter(change)), []).append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - busy))
    every = [value for values in wall.values() for value in values]
    print(
        f"{name}: first page {opened:.2f} s; filter to parts: median {statistics.median(every):.0f} ms,",
        end=" ",
    )
    print(f"worst {max(every):.0f} ms; CPU median {statistics.median(cpu):.0f}, worst {max(cpu):.0f} ms")
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
