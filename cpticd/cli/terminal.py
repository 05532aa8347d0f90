"""What the command line prints: tables with units to standard output, progress to standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import pandas as pd
from rich.box import ASCII2, SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cpticd.charts.table import cells
from cpticd.report.findings import Findings, reject_counts, top_pairs
from cpticd.report.words import headlines

#: Work shorter than this shows no progress.
PROGRESS_AFTER: Final = 2.0
ACCOUNTING: Final = ["source", "table_name", "read", "loaded", "rejected", "amount_read", "amount_rejected"]
CAUSES: Final = ["category", "lines", "denied_amount", "share", "cumulative_share", "preventable"]
RATES: Final = ["measure", "n", "denied", "partly_denied", "rate", "low", "high", "denied_amount"]
#: Characters that a terminal without UTF-8 cannot show.
_PLAIN: Final = str.maketrans({"–": "-", "…": "...", "×": "x", "≤": "<=", "≥": ">=", "−": "-", "′": "'"})


def _is_unicode(stream: TextIO) -> bool:
    return "utf" in (getattr(stream, "encoding", None) or "").lower()


class Terminal:
    """Writes for one command; ``quiet`` leaves only results and errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.unicode = _is_unicode(sys.stdout)
        # Piped into a file there is no width to keep to: 120 columns, whatever the machine.
        self.out = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120)
        self.progress = Console(file=sys.stderr, highlight=False)

    # -- progress ----------------------------------------------------------------------------------

    @contextmanager
    def working(self, label: str) -> Iterator[None]:
        """A spinner with the elapsed time, once the work has taken two seconds."""
        with self._bar(total=None, label=label):
            yield

    @contextmanager
    def steps(self, total: int) -> Iterator[Callable[[str], None]]:
        """A bar over ``total`` steps; the function that comes with it names the step that starts."""
        with self._bar(total=total, label="analysing") as (bar, task):
            started = 0

            def step(label: str) -> None:
                nonlocal started
                bar.update(task, completed=started, description=f"analysing: {label}")
                started += 1

            yield step

    @contextmanager
    def _bar(self, *, total: int | None, label: str) -> Iterator[tuple[Progress, TaskID]]:
        spinner = "dots" if _is_unicode(sys.stderr) else "line"
        columns = [SpinnerColumn(spinner), TextColumn("{task.description}"), TimeElapsedColumn()]
        if total is not None:
            columns.insert(2, BarColumn(bar_width=24))
        bar = Progress(*columns, console=self.progress, transient=True)
        task = bar.add_task(label, total=total)
        timer = threading.Timer(PROGRESS_AFTER, bar.start)
        timer.daemon = True
        if not self.quiet:
            timer.start()
        try:
            yield bar, task
        finally:
            timer.cancel()
            bar.stop()

    # -- results -----------------------------------------------------------------------------------

    def result(self, path: Path) -> None:
        """The path of what was written: the only line of a quiet run."""
        if self.quiet:
            print(path)
        else:
            self.out.print(Text(f"\nWritten: {path}", style="bold"), soft_wrap=True)

    def show(self, findings: Findings) -> None:
        """Accounting, headline rates, top causes and top pairs as tables."""
        if self.quiet:
            return
        self.table("What was read", findings.get("accounting"), ACCOUNTING, max_rows=30)
        rejects = reject_counts(findings.get("rejects"))
        if not rejects.empty:
            self.table("Rejected, repaired or noted", rejects, list(rejects.columns), max_rows=8)
        self.table("Denial rates", _rates(findings), RATES)
        self._section(findings, "causes", "Top root causes of first denials", CAUSES, rows=8)
        pairs = top_pairs(findings.get("pairs"), 10)
        findings.frames["top pairs"] = pairs.drop(columns=["low", "high"], errors="ignore")
        title = f"Pairs to look at first (at least {findings.min_lines} lines)"
        self._section(findings, "top pairs", title, list(findings.frames["top pairs"].columns), rows=10)
        self.out.print()
        for sentence in headlines(findings):
            self.out.print(Text(self._fit(f"• {sentence}" if self.unicode else f"* {sentence}")))

    def _section(self, findings: Findings, name: str, title: str, columns: list[str], *, rows: int) -> None:
        if findings.has(name):
            self.table(title, findings.get(name), columns, max_rows=rows)
        else:
            source = "pairs" if name == "top pairs" else name
            self.out.print(Text(self._fit(f"\n{title}: {findings.reason(source, 'none')}")))

    def table(self, title: str, frame: pd.DataFrame, columns: list[str], *, max_rows: int = 20) -> None:
        """One table with its title; cells carry their units, numbers stand right."""
        if frame.empty:
            self.out.print(Text(self._fit(f"\n{title}: none")))
            return
        headings, rows, numeric = cells(frame, columns=columns, max_rows=max_rows)
        table = Table(title=self._fit(title), title_justify="left", title_style="bold", pad_edge=False,
                      box=SIMPLE_HEAD if self.unicode else ASCII2)  # fmt: skip
        for heading, right in zip(headings, numeric, strict=True):
            table.add_column(Text(self._fit(heading)), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(self._fit(cell)) for cell in row))
        self.out.print()
        self.out.print(table)
        if len(frame) > len(rows):
            self.out.print(Text(self._fit(f"… {len(frame) - len(rows):,} more in the report")))

    def _fit(self, text: str) -> str:
        """Text that the terminal can show, without control characters that claims may hold."""
        clean = "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
        if self.unicode:
            return clean
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        return clean.translate(_PLAIN).encode(encoding, "replace").decode(encoding)


def _rates(findings: Findings) -> pd.DataFrame:
    labels = {"lines": "lines, at first", "claims": "claims, at first", "charge": "dollars, at first",
              "final": "lines, in the end"}  # fmt: skip
    parts = [findings.get(name).assign(measure=label) for name, label in labels.items() if findings.has(name)]
    return pd.concat(parts) if parts else pd.DataFrame(columns=RATES)
