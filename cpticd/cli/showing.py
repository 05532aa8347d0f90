"""How a report is shown: in which form it is written, and whether a browser opens it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpticd.cli.terminal import Terminal


def arguments(command: argparse.ArgumentParser, positive: Callable[[str], int], minimum: int) -> None:
    """Options of commands that write a report; ``minimum``, the fewest persons of a cell unless given."""
    command.add_argument(
        "--detail",
        choices=["short", "full"],
        default="short",
        help="short: one screen first, long lists folded; full: all of it, for analysts (default: %(default)s)",
    )
    command.add_argument(
        "--open", action="store_true", help="open the report in the browser when it is written"
    )
    command.add_argument(
        "--min-lines",
        type=positive,
        default=30,
        help="fewest lines of a pair that is judged (default: %(default)s)",
    )
    command.add_argument(
        "--minimum",
        type=positive,
        default=minimum,
        metavar="PERSONS",
        help="fewest persons of a cell that is shown; 1 shows all (default: %(default)s)",
    )


def show(options: argparse.Namespace, path: Path, terminal: Terminal) -> None:
    """Open the report where that was asked for; a machine without a browser is a warning, not a failure."""
    if not options.open:
        return
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        terminal.warn(f"no browser opened {path}; open the file by hand")
