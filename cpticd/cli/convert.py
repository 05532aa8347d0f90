"""``cpticd convert``: claims of any files, in another form."""

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

WORDS = "read claims of any files and write them in another form, which holds persons, line by line"
#: cpticd.exports has them, too heavy to import for --help.
FORMS = ("duckdb", "parquet", "csv", "xlsx", "tuva", "rejects")


def arguments(command: argparse.ArgumentParser, pair: Callable[[str], tuple[str, str]]) -> None:
    """The arguments of the command. ``pair`` reads THEIRS=OURS."""
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="files and folders of any kind that cpticd reads"
    )
    command.add_argument(
        "--to", choices=FORMS, dest="form",
        help="duckdb, parquet: all of it; csv, xlsx: one row per line and decision, codes mended, with outcome and "
        "cause; tuva: medical_claim, eligibility, pharmacy_claim; rejects: what goes back to the sender "
        "(default: by the suffix of the output)",
    )  # fmt: skip
    command.add_argument(
        "-o", "--out", type=Path, required=True, metavar="PATH", help="file or folder to write"
    )
    command.add_argument(
        "--rename", action="append", default=[], type=pair, metavar="THEIRS=OURS",
        help="what a column of a flat file holds, e.g. --rename PROC=hcpcs_code; repeatable",
    )  # fmt: skip
    command.add_argument("--payers", type=Path, metavar="FILE", help="CSV of alias and payer")


def run(options: argparse.Namespace, terminal: Terminal) -> None:
    """Read, write, and say what was written and what the form cannot hold."""
    from cpticd.exports.forms import check_target, form_of, line
    from cpticd.loaders import read

    form = form_of(options.out, options.form)
    check_target(options.out, form, overwrite=options.overwrite)
    extra: dict[str, Any] = {"rename": dict(options.rename)} if options.rename else {}
    if options.payers is not None:
        extra["payers"] = options.payers
    # What a reader prints, such as its guess at the columns, is for people.
    with contextlib.redirect_stdout(io.StringIO() if options.quiet else sys.stdout):
        claims = read(*options.files, progress=terminal.shows_progress, **extra)
    with terminal.working("writing"):
        found = claims.export(options.out, form, overwrite=options.overwrite, quiet=True)
    if not options.quiet:
        print(line(found, options.out))
        for row in found[found["note"] != ""].itertuples():
            print(f"  {row.table_name}: {row.note}")
    terminal.result(options.out)
