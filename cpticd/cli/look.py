"""``cpticd look``: what a file is, how it would be read, and the call that reads it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cpticd.core.errors import InputError


def arguments(
    commands: argparse._SubParsersAction, pair: Callable[[str], tuple[str, str]], epilog: str
) -> None:
    """The arguments of the command. ``pair`` reads THEIRS=OURS."""
    words = "say what a file is, how each column would be read, what is missing, and the call that reads it"
    command = commands.add_parser(
        "look", help=words, description=words[0].upper() + words[1:] + ".", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("file", type=Path, metavar="FILE", help="a file, or a folder of files")
    command.add_argument(
        "--rename", action="append", default=[], type=pair, metavar="THEIRS=OURS",
        help="what a column holds, e.g. --rename PROC=hcpcs_code; repeatable",
    )  # fmt: skip
    command.add_argument(
        "--layout", help="a published layout: apcd_cdl, marketscan, optum, taf, omop, pcornet"
    )
    command.add_argument("--sheet", help="the sheet of a workbook")
    command.set_defaults(quiet=False)


def run(options: argparse.Namespace) -> None:
    """Print what the file is; InputError where it is none of claims."""
    from cpticd.loaders import look

    found = look(
        options.file, rename=dict(options.rename) or None, layout=options.layout, sheet=options.sheet
    )
    if found.reason:
        raise InputError(f"{options.file}: {found.reason.removeprefix(f'{options.file}: ')}")
    print(found)
