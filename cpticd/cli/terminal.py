"""What the command line prints: tables with units to standard output, progress to standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
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
from cpticd.reporting.data_set import by_table
from cpticd.reporting.drivers_section import listed, nothing_passes
from cpticd.reporting.findings import Findings
from cpticd.reporting.headlines import headlines
from cpticd.reporting.page import protection_text
from cpticd.reporting.sections import has_payer_pairs, rates_table, top_pairs
from cpticd.reporting.totals import Totals

#: Work shorter than this shows no progress.
PROGRESS_AFTER: Final = 2.0
#: Columns of the pairs that a narrow terminal leaves out, the first first; the report has them all.
OPTIONAL: Final = ["denied_lines", "low", "excess_denials", "first_cause"]
#: Cells up to this length are never broken.
SHORT: Final = 14
ACCOUNTING: Final = ["table_name", "sources", "read", "loaded", "rejected", "amount_read", "amount_rejected"]
CAUSES: Final = ["category", "lines", "denied_amount", "share", "cumulative_share", "preventable"]
DRIVERS: Final = [
    "driver",
    "lines",
    "denied_lines",
    "rate",
    "low",
    "high",
    "expected_rate",
    "excess_amount",
    "since",
]
RATES: Final = ["measure", "n", "denied", "partly_denied", "rate", "low", "high", "denied_amount"]
#: Characters that a terminal without UTF-8 cannot show.
_PLAIN: Final = str.maketrans({"–": "-", "…": "...", "×": "x", "≤": "<=", "≥": ">=", "−": "-", "′": "'"})


def _is_unicode(stream: TextIO) -> bool:
    return "utf" in (getattr(stream, "encoding", None) or "").lower()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command, which ends without an error; rich would exit with 1."""
        raise BrokenPipeError


class Terminal:
    """Writes for one command; ``quiet`` leaves only results and errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.unicode = _is_unicode(sys.stdout)
        # Piped into a file there is no width to keep to: 120 columns, whatever the machine.
        self.out = _Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 120)
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
        if self.shows_progress:
            timer.start()
        try:
            yield bar, task
        finally:
            timer.cancel()
            if bar.live.is_started:
                bar.stop()

    @property
    def shows_progress(self) -> bool:
        """Whether somebody watches: not in a quiet run, and not where messages go into a file."""
        return self.progress.is_terminal and not self.quiet

    def warn(self, message: str) -> None:
        """One line on standard error, but in a quiet run."""
        if not self.quiet:
            print(f"cpticd: {' '.join(message.split())}", file=sys.stderr)

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
        self.table("What was read", by_table(findings.get("accounting")), ACCOUNTING, max_rows=30)
        rejects = findings.get("rejects")
        if not rejects.empty:
            self.table("Rejected, repaired or noted", rejects, list(rejects.columns), max_rows=8)
        self.table("Denial rates", rates_table(findings), RATES)
        if findings.has("causes"):
            self.table("Top root causes of first denials", findings.get("causes"), CAUSES, max_rows=8)
        else:
            self.line(f"\nTop root causes: {findings.reason('causes', 'no line was denied')}")
        title = f"Pairs to look at first (at least {findings.min_lines} lines)"
        self._drivers(findings)
        pairs = top_pairs(findings.get("pairs"), 10)
        if len(pairs):
            self.table(
                title,
                pairs,
                list(pairs.columns),
                optional=OPTIONAL,
            )
        elif findings.has("pairs"):
            self.line(f"\n{title}: {nothing_passes(findings, 'pairs')}")
        else:
            self.line(f"\n{title}: {findings.reason('pairs', 'none has so many')}")
        if has_payer_pairs(findings) and len(pairs := top_pairs(findings.get("payer_pairs"), 5)):
            self.table("The same, payer by payer", pairs, list(pairs.columns), optional=OPTIONAL)
        self._risk(findings)
        self.line(f"\n{protection_text(findings)}")
        self.out.print()
        for sentence in headlines(findings):
            self.line(f"• {sentence}" if self.unicode else f"* {sentence}")

    def _drivers(self, findings: Findings) -> None:
        """Where denials come from, or that nothing passes (a sentence at the end says what could have been missed)."""
        if findings.has("drivers"):
            rows = listed(findings.get("drivers"))
            columns = [name for name in DRIVERS if name in rows]
            self.table(
                "Where denials come from", rows, columns, max_rows=10, optional=("denied_lines", "low")
            )

    def _risk(self, findings: Findings) -> None:
        """What would raise and what would lower scores, in one table; or why there is none."""
        if "risk_impact" in findings.frames:
            both = Totals(findings.get("risk_impact")).table()
            self.table("Risk adjustment, both directions, to review", both, list(both.columns))
        else:
            self.line(f"\nRisk adjustment: {findings.reason('risk_impact', 'nothing was found')}")

    def line(self, text: str) -> None:
        self.out.print(Text(self._fit(text)))

    def table(
        self,
        title: str,
        frame: pd.DataFrame,
        columns: list[str],
        *,
        max_rows: int = 20,
        optional: Sequence[str] = (),
    ) -> None:
        """One table with its title; cells carry their units, numbers stand right.

        Where the terminal is too narrow, ``optional`` columns are left out, the first first.
        """
        if frame.empty:
            self.line(f"\n{title}: none")
            return
        layout = Layout(frame, columns, max_rows, self._fit)
        for name in optional:
            if layout.least <= self.out.width:
                break
            columns = [column for column in columns if column != name and (column, name) != ("high", "low")]
            layout = Layout(frame, columns, max_rows, self._fit)
        width = self.out.width
        self.out.print()
        # A table that is wider than the terminal all the same is wrapped by it: no digit is cut.
        self.out.width = max(width, layout.least)
        self.out.print(layout.table(self._fit(title), self.out.width, unicode=self.unicode), crop=False)
        self.out.width = width
        if len(frame) > max_rows:
            self.line(f"… {len(frame) - max_rows:,} more in the report")

    def _fit(self, text: str) -> str:
        """Text that the terminal can show, without control characters that claims may hold."""
        clean = "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
        if self.unicode:
            return clean
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        return clean.translate(_PLAIN).encode(encoding, "replace").decode(encoding)


class Layout:
    """A table's cells and the widths that its columns need; words may wrap, numbers and codes may not."""

    def __init__(
        self, frame: pd.DataFrame, columns: Sequence[str], max_rows: int, fit: Callable[[str], str]
    ) -> None:
        headings, rows, self.numeric = cells(frame, columns=columns, max_rows=max_rows)
        self.headings = [fit(heading) for heading in headings]
        self.rows = [[fit(cell) for cell in row] for row in rows]
        self._least, self._natural = [], []
        for index, (heading, right) in enumerate(zip(self.headings, self.numeric, strict=True)):
            longest = max(len(row[index]) for row in self.rows)
            word = max(map(len, heading.split()))
            self._least.append(max(word, longest if right else min(longest, SHORT)))
            self._natural.append(max(longest, len(heading)))

    @property
    def least(self) -> int:
        """Columns of the terminal that show every number whole."""
        return sum(self._least) + self._between

    @property
    def _between(self) -> int:
        return 2 * len(self.headings) + 1

    def _widths(self, total: int) -> list[int]:
        """Every column as wide as it would be, as far as there is room; words get it first."""
        room = max(total - self.least, 0)
        widths = list(self._least)
        for index in sorted(range(len(widths)), key=lambda index: self.numeric[index]):
            more = min(room, self._natural[index] - widths[index])
            widths[index] += more
            room -= more
        return widths

    def table(self, title: str, total: int, *, unicode: bool) -> Table:
        """The table for a terminal of ``total`` columns."""
        table = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            pad_edge=False,
            padding=(0, 1, 0, 0),
            box=SIMPLE_HEAD if unicode else ASCII2,
        )
        for heading, right, width in zip(self.headings, self.numeric, self._widths(total), strict=True):
            table.add_column(
                Text(heading), justify="right" if right else "left", width=width, overflow="fold"
            )
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table
