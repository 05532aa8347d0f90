"""The commands and their arguments.

Results go to standard output, progress and messages to standard error. Heavy modules are imported by the
command that needs them, so that ``--help`` and a wrong argument answer at once.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cpticd as cx
from cpticd import __version__
from cpticd.cli import add, convert, look, showing
from cpticd.core.errors import (
    ArgumentError,
    CpticdError,
    EngineError,
    InputError,
    OutputExistsError,
    QueryError,
    SchemaError,
)

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.cli.terminal import Terminal
    from cpticd.reporting.findings import Options

#: What each kind of error exits with; the first that fits.
EXIT_CODES: tuple[tuple[type[CpticdError], int], ...] = (
    (ArgumentError, 2),
    (OutputExistsError, 3),
    (InputError, 1),
    (SchemaError, 1),
    (QueryError, 1),
    (EngineError, 1),
)
#: Models of risk adjustment, the default first; cpticd.risk.hcc_tables has them, too heavy to import for --help.
MODELS = ("V28", "V24", "V22", "ESRD V24", "RxHCC V08", "HHS V08", "HHS V07")
#: Fewest persons of a cell; cpticd.disclosure has it, too heavy to import for --help.
MINIMUM = 11
#: Payment year of the demo, whose claims end in the year before.
DEMO_PAYMENT_YEAR = 2026
#: Claims of so many persons are read sooner than several threads have shared them out.
FEW_PERSONS = 5_000
EPILOG = """\
exit codes:
  0    done
  1    an input cannot be read as claims
  2    a wrong argument
  3    an output exists already; --overwrite replaces it
  130  interrupted

CPTICD_DEBUG=1 shows the traceback of an error.
"""


def answered(arguments: Sequence[str] | None, interrupted: Sequence[int]) -> int:
    """Run one command; the package's own errors become a line and an exit code.

    ``interrupted``: not empty once the user has interrupted it.
    """
    options = parser().parse_args(arguments)
    try:
        code = _run(options)
        sys.stdout.flush()
        return code
    except CpticdError as error:
        if interrupted or os.environ.get("CPTICD_DEBUG"):
            raise
        print(f"cpticd: {_one_line(error)}", file=sys.stderr)
        return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # The reader, such as `head`, has all it wants; keep the interpreter from writing to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    top = argparse.ArgumentParser(
        prog="cpticd",
        description="Which diagnosis and procedure pairs are denied, by whom, why, and for how much.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"cpticd {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    look.arguments(commands, _pair, EPILOG)
    _demo_arguments(_command(commands, "demo", "analyse built-in synthetic claims and write a report"))
    _report_arguments(_command(commands, "report", "analyse your own claim files and write a report"))
    convert.arguments(_command(commands, "convert", convert.WORDS), _pair)
    add.arguments(_command(commands, "add", add.WORDS, replaces=False), _pair)
    _simulate_arguments(_command(commands, "simulate", "write synthetic claims as Parquet, CSV or X12"))
    return top


def _command(
    commands: argparse._SubParsersAction, name: str, text: str, *, replaces: bool = True
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if replaces:
        command.add_argument("--overwrite", action="store_true", help="replace an output that exists")
    command.add_argument(
        "--quiet", action="store_true", help="print nothing but errors and the path of the result"
    )
    _limits(command)
    return command


def _limits(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what it may take of this machine")
    group.add_argument(
        "--memory-limit", metavar="SIZE", help="before it spills to disk, e.g. 4GB or 50%% (default: 60%%)"
    )
    group.add_argument("--threads", type=_positive, help="how many work at once (default: every processor)")
    group.add_argument("--spill-folder", metavar="FOLDER", help="default: the system's temporary folder")


def _demo_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=Path, default=Path("cpticd-report.html"), help="report to write (default: %(default)s)"
    )
    command.add_argument(
        "--persons", type=_positive, help="how many persons to simulate (default: the demo's, about 2,000)"
    )
    command.add_argument("--seed", type=int, help="same seed, same claims (default: the demo's)")
    showing.arguments(command, _positive, MINIMUM)
    _rules(command)
    _risk(command)


def _report_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="X12 837 and 835 files, CSV, Parquet; folders, .gz and .zip too",
    )
    command.add_argument("--out", type=Path, required=True, help="report to write")
    command.add_argument(
        "--rename", action="append", default=[], type=_pair, metavar="THEIRS=OURS",
        help="what a column of a flat file holds, e.g. --rename PROC=hcpcs_code; repeatable",
    )  # fmt: skip
    command.add_argument(
        "--payers",
        type=Path,
        metavar="FILE",
        help="CSV of alias and payer: which payer a name or a payer id stands for",
    )
    command.add_argument("--title", help="heading of the report")
    showing.arguments(command, _positive, MINIMUM)
    _rules(command)
    _risk(command)


def _simulate_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--persons", type=_positive, required=True, help="number of persons")
    command.add_argument("--seed", type=int, default=1, help="same seed, same claims (default: %(default)s)")
    command.add_argument(
        "--format", choices=["parquet", "csv", "x12"], default="parquet", help="default: %(default)s"
    )
    command.add_argument(
        "--stories",
        action="store_true",
        help="plant second payers, replacements, reversals, appeals, and what became of every service",
    )
    command.add_argument(
        "--recurring",
        action="store_true",
        help="plant services that recur, and what denies lines together: courses, spells, gaps, habits of providers",
    )
    command.add_argument("--out", type=Path, required=True, help="folder to write to")


def _risk(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("risk adjustment, where the claims come with members")
    group.add_argument("--model", choices=MODELS, default=MODELS[0], help="default: %(default)s")
    group.add_argument(
        "--payment-year",
        type=_positive,
        metavar="YEAR",
        help="scores diagnoses of the year before (HHS: of the year itself); without it there is no risk adjustment",
    )
    group.add_argument(
        "--base-rate",
        type=_dollars,
        metavar="DOLLARS",
        help="US dollars per member and month at score 1; shows dollars beside scores",
    )


def _rules(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("coding rules")
    group.add_argument(
        "--tables",
        type=Path,
        metavar="FOLDER",
        help="folder with rule tables that cpticd.reference.add has read (default: your own)",
    )
    group.add_argument(
        "--payer-kind", action="append", default=[], type=_pair, metavar="PAYER=KIND",
        help="medicare, medicare advantage, medicaid, commercial or marketplace; repeatable",
    )  # fmt: skip


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; give a whole number from 1")
    return number


def _dollars(text: str) -> float:
    try:
        number = float(text.removeprefix("$").replace(",", ""))
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"found {text!r}; give US dollars above 0, e.g. 1100")
    return number


def _pair(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not equals or not theirs.strip() or not ours.strip():
        raise argparse.ArgumentTypeError(f"found {text!r}; give THEIRS=OURS, e.g. PROC=hcpcs_code")
    return theirs.strip(), ours.strip()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _run(options: argparse.Namespace) -> int:
    from cpticd.cli.terminal import Terminal

    _limit(options)
    terminal = Terminal(quiet=options.quiet)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: terminal.warn(str(message))
        if options.command == "look":
            look.run(options)
        else:
            runs = {
                "demo": _demo,
                "report": _report,
                "convert": convert.run,
                "add": add.run,
                "simulate": _simulate,
            }
            runs[options.command](options, terminal)
    return 0


def _limit(options: argparse.Namespace) -> None:
    """Set what the command line says of memory, threads and spill folder, for this process."""
    given = {name: getattr(options, name, None) for name in ("memory_limit", "threads", "spill_folder")}
    if any(value is not None for value in given.values()):
        cx.settings(**given)


def _demo(options: argparse.Namespace, terminal: Terminal) -> None:
    from cpticd.reporting import check_output

    check_output(options.out, overwrite=options.overwrite)
    with terminal.working("simulating claims"):
        from cpticd.simulation import demo

        options.payment_year = options.payment_year or DEMO_PAYMENT_YEAR
        chosen = _chosen(options)
        given = {"persons": options.persons, "seed": options.seed}
        with _one_thread(few=(options.persons or 0) <= FEW_PERSONS):
            claims = demo(**{name: value for name, value in given.items() if value is not None})
    _analyse(
        claims, options, chosen, terminal, title="Claim denials by diagnosis and procedure: synthetic demo"
    )


@contextlib.contextmanager
def _one_thread(*, few: bool) -> Iterator[None]:
    """Data sets that are made while it lasts are worked on by one thread, unless the user set how many."""
    if not few or cx.settings().origins["threads"] != "default":
        yield
        return
    cx.settings(threads=1)
    try:
        yield
    finally:
        cx.settings(threads=0)


def _report(options: argparse.Namespace, terminal: Terminal) -> None:
    from cpticd.reporting import check_output

    check_output(options.out, overwrite=options.overwrite)
    chosen = _chosen(options)
    from cpticd.loaders import read

    # The loaders show bars of their own, over bytes.
    extra: dict[str, Any] = {"rename": dict(options.rename)} if options.rename else {}
    if options.payers is not None:
        extra["payers"] = options.payers
    # What a reader prints, such as its guess at the columns, is for people.
    with contextlib.redirect_stdout(io.StringIO() if options.quiet else sys.stdout):
        claims = read(*options.files, progress=terminal.shows_progress, **extra)
    _analyse(claims, options, chosen, terminal, title=options.title)


def _chosen(options: argparse.Namespace) -> Options:
    """What the user chose of the report; a wrong choice is refused before anything is read."""
    from cpticd.reporting.findings import Options

    return Options(
        min_lines=options.min_lines, model=options.model, payment_year=options.payment_year,
        base_rate=options.base_rate, folder=options.tables, payer_kinds=dict(options.payer_kind) or None,
        detail=options.detail,
    )  # fmt: skip


def _analyse(
    claims: Claims, options: argparse.Namespace, chosen: Options, terminal: Terminal, *, title: str | None
) -> None:
    from cpticd import disclosure
    from cpticd.reporting import write
    from cpticd.reporting.findings import gather, steps
    from cpticd.reporting.release import protected

    with disclosure.using(minimum=options.minimum):
        with terminal.steps(steps(chosen)) as step:
            findings = gather(claims, chosen, step=step)
        with terminal.working("writing the report"):
            findings = protected(findings, claims)
            path = write(findings, options.out, title=title)
    terminal.show(findings)
    terminal.result(path)
    showing.show(options, path, terminal)


def _simulate(options: argparse.Namespace, terminal: Terminal) -> None:
    from cpticd.cli.export import check_folder, export

    check_folder(options.out, overwrite=options.overwrite)
    with terminal.working(f"simulating {options.persons:,} persons"):
        simulation = cx.simulate(
            options.persons, options.seed, stories=options.stories, recurring=options.recurring
        )
    with terminal.working("writing"):
        path = export(simulation, options.out, format=options.format, overwrite=options.overwrite)
    terminal.result(path)
