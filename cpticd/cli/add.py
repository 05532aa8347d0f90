"""``cpticd add``: next month's files into a data set that grows."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpticd.cli.terminal import Terminal

WORDS = "add files to a data set on disk: those that were not read yet; cpticd.store(folder) opens it"


def arguments(command: argparse.ArgumentParser, pair: Callable[[str], tuple[str, str]]) -> None:
    """The arguments of the command. ``pair`` reads THEIRS=OURS."""
    command.add_argument(
        "folder", type=Path, metavar="FOLDER", help="the data set; made where it is not there"
    )
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="files and folders of any kind that cpticd reads"
    )
    command.add_argument(
        "--rename", action="append", default=[], type=pair, metavar="THEIRS=OURS",
        help="what a column of a flat file holds, given with the first files and kept; repeatable",
    )  # fmt: skip


def run(options: argparse.Namespace, terminal: Terminal) -> None:
    """Add, and show what changed."""
    from cpticd.loaders.growing.store import store

    given: dict[str, Any] = {"rename": dict(options.rename)} if options.rename else {}
    with contextlib.redirect_stdout(io.StringIO() if options.quiet else sys.stdout):
        changed = store(options.folder, **given).add(*options.files, progress=terminal.shows_progress)
    if not options.quiet:
        terminal.table("What was added", changed, list(changed.columns))
    terminal.result(options.folder)
