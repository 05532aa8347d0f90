"""Many files by all cores: worker processes that read items and spool what they find.

Workers are plain child processes told what to do line by line, not a multiprocessing pool: they never run the
caller's main module again, so a script or notebook needs no guard, and no thread or connection is inherited.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from cpticd.core.errors import InputError
from cpticd.loaders.x12.batches import Batches, Outcome
from cpticd.loaders.x12.items import Item, blocks
from cpticd.loaders.x12.spool import Spool

#: Bytes below which starting processes costs more than it gains.
SMALL: Final = 24 << 20
#: Bytes of small files that a worker is given at a time.
TASK: Final = 8 << 20
#: Seconds between two looks whether the parent process is there.
_WATCH: Final = 0.5

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
    if outcomes is None:  # no process can be started here, as in some sandboxes
        return run(items, folder / "0", advance), [folder / "0"]
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


class _Pool:
    """Processes that take tasks from a queue, the largest first, each served by a thread."""

    def __init__(self, tasks: list[list[Item]], folder: Path, advance: Advance) -> None:
        self._tasks, self._folder, self._advance = tasks, folder, advance
        self._waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in sorted(range(len(tasks)), key=lambda n: -sum(item.size for item in tasks[n])):
            self._waiting.put(number)
        self._lock = threading.Lock()
        self.results: dict[int, list[Outcome]] = {}
        self.failures: list[str] = []

    def serve(self, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        """Give one process tasks until none is left or one has failed."""
        assert process.stdin
        while not self.failures:
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                break
            items = self._tasks[number]
            order = {"folder": str(self._folder / str(number)), "items": [asdict(item) for item in items]}
            answer = _ask(process, json.dumps(order))
            with self._lock:
                if answer is None:
                    log.seek(0)
                    said = "".join(log.read().decode("utf-8", "replace").strip().splitlines()[-1:])
                    self.failures.append(f"{items[0].name}: the process that read it ended: {said}")
                    break
                self.results[number] = [Outcome(**outcome) for outcome in answer]
                self._advance(sum(item.size for item in items))
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.wait()


def _spread(tasks: list[list[Item]], folder: Path, advance: Advance, count: int) -> list[Outcome] | None:
    """Let ``count`` processes read all tasks; None where no process can be started."""
    pool = _Pool(tasks, folder, advance)
    with contextlib.ExitStack() as stack:
        started: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        try:
            for _ in range(count):
                log = stack.enter_context(tempfile.TemporaryFile())
                process = stack.enter_context(_start(log))
                stack.callback(process.kill)  # when interrupted; otherwise it has ended by then
                started.append((process, log))
        except OSError:
            if not started:
                return None
        threads = [threading.Thread(target=pool.serve, args=pair, daemon=True) for pair in started]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if pool.failures:
        raise InputError(f"{pool.failures[0]}; read it with workers=1 to see more")
    return [outcome for number in sorted(pool.results) for outcome in pool.results[number]]


def _start(log: IO[bytes]) -> subprocess.Popen[bytes]:
    package = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "cpticd.loaders.x12.workers", str(os.getpid())],
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


def _end_with(parent: int) -> None:
    """End this process soon after its parent has, also where that was killed in the middle of a file."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """The worker's side: an order a line on standard input, an answer a line on standard output."""
    _end_with(int(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        outcomes = run([Item(**item) for item in order["items"]], Path(order["folder"]))
        print(json.dumps([asdict(outcome) for outcome in outcomes]), flush=True)


if __name__ == "__main__":
    main()
