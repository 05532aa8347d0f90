"""Many files by all cores: worker processes that read items and spool what they find.

Workers are plain child processes told what to do line by line, not a multiprocessing pool: they never run the
caller's main module again, so a script or notebook needs no guard, and no thread or connection is inherited.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from cpticd.errors import InputError
from cpticd.loaders.x12.batches import Batches, Outcome
from cpticd.loaders.x12.sources import Item, blocks
from cpticd.loaders.x12.spool import Spool

#: Bytes below which starting processes costs more than it gains.
SMALL: Final = 24 << 20
#: Bytes of small files that a worker is given at a time.
TASK: Final = 8 << 20

Advance = Callable[[int], None]


def read_items(
    items: Sequence[Item], folder: Path, advance: Advance, workers: int | None
) -> tuple[list[Outcome], list[Path]]:
    """Spool ``items`` below ``folder``; returns what became of each, and the folders of staged tables.

    ``workers``: processes; None takes one per core where there is enough to do, 1 reads in this process.
    """
    tasks = _tasks(items)
    cores = (
        workers or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else workers or os.cpu_count() or 1
    )
    small = workers is None and sum(item.size for item in items) < SMALL
    count = min(cores, len(tasks))
    if count <= 1 or small or not sys.executable:
        return run(items, folder / "0", advance), [folder / "0"]
    outcomes = _spread(tasks, folder, advance, count)
    return outcomes, [folder / str(number) for number in range(len(tasks))]


def run(items: Sequence[Item], folder: Path, advance: Advance | None = None) -> list[Outcome]:
    """Read ``items`` in this process into staged tables in ``folder``."""
    batches = Batches(Spool(folder))
    try:
        return [batches.read(item.number, blocks(item, advance)) for item in items]
    finally:
        batches.close()


def _tasks(items: Sequence[Item]) -> list[list[Item]]:
    """Items in order, small ones together."""
    tasks: list[list[Item]] = [[]]
    size = 0
    for item in items:
        if tasks[-1] and size + item.size > TASK:
            tasks.append([])
            size = 0
        tasks[-1].append(item)
        size += item.size
    return tasks


def _spread(tasks: list[list[Item]], folder: Path, advance: Advance, count: int) -> list[Outcome]:
    """Let ``count`` processes take tasks, the largest first, until none is left."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in sorted(range(len(tasks)), key=lambda n: -sum(item.size for item in tasks[n])):
        waiting.put(number)
    results: dict[int, list[Outcome]] = {}
    failures: list[str] = []
    lock = threading.Lock()

    def serve() -> None:
        with tempfile.TemporaryFile() as log, _start(log) as process:
            assert process.stdin and process.stdout
            while not failures:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    break
                order = {
                    "folder": str(folder / str(number)),
                    "items": [asdict(item) for item in tasks[number]],
                }
                answer = _ask(process, json.dumps(order))
                with lock:
                    if answer is None:
                        log.seek(0)
                        said = log.read().decode("utf-8", "replace").strip().splitlines()[-1:]
                        failures.append(
                            f"{tasks[number][0].name}: the process that read it ended: {''.join(said)}"
                        )
                        return
                    results[number] = [Outcome(**outcome) for outcome in answer]
                    advance(sum(item.size for item in tasks[number]))
            process.stdin.close()

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise InputError(f"{failures[0]}; read it with workers=1 to see more")
    return [outcome for number in sorted(results) for outcome in results[number]]


def _start(log: Any) -> subprocess.Popen[bytes]:
    package = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "cpticd.loaders.x12.workers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, "PYTHONPATH": path},
    )


def _ask(process: subprocess.Popen[bytes], order: str) -> list[dict[str, Any]] | None:
    """Send one order and wait for its answer; None where the process is gone."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(order.encode() + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    except OSError:
        return None
    return json.loads(answer) if answer else None


def main() -> None:
    """The worker's side: an order a line on standard input, an answer a line on standard output."""
    for line in sys.stdin:
        order = json.loads(line)
        outcomes = run([Item(**item) for item in order["items"]], Path(order["folder"]))
        print(json.dumps([asdict(outcome) for outcome in outcomes]), flush=True)


if __name__ == "__main__":
    main()
