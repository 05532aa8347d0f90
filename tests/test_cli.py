"""The command line: what it prints, where, and what it exits with."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import cpticd as cx
from cpticd import cli
from cpticd.cli import commands
from cpticd.cli import terminal as terminals
from cpticd.cli.terminal import Terminal
from cpticd.reporting.findings import Findings
from tests.amount import first
from tests.conftest import ROOT
from tests.reporting.few_parts import BASIC, RISK, only
from tests.reporting.test_report import findings

FLAT = """\
claim_id,line,PROC,dx1,ptr,charge,date,payer
A1,1,99213,E11.9,A,100.00,2024-01-05,North
A1,2,83036,E11.9,A,20.00,2024-01-05,North
A2,1,99213,I10,A,100.00,2024-02-05,South
"""


@pytest.fixture(scope="module", autouse=True)
def without_rules() -> Iterator[None]:
    """Coding rules take most of a report's time and stand in reporting/test_release."""
    from cpticd import denials, risk, specificity
    from cpticd.reporting import data_set, findings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "PACKAGES", (data_set, denials, specificity, risk))
        yield


#: The command of a process that leaves out what takes long and bears on nothing that leaves the process.
BRIEF = (
    "import sys; from cpticd.cli import main; from tests.reporting.few_parts import BASIC, only\n"
    "with only(*BASIC): sys.exit(main())"
)


def run(*arguments: str, brief: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a user runs it."""
    return subprocess.run(
        [sys.executable, *(["-c", BRIEF] if brief else ["-m", "cpticd.cli"]), *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = tmp_path_factory.mktemp("demo") / "report.html"
    return run("demo", "--persons", "150", "--seed", "3", "--min-lines", "10", "--out", str(out)), out


def test_demo_prints_tables_and_writes_the_report(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, out = demo
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for title in (
        "What was read",
        "Denial rates",
        "Top root causes",
        "Pairs to look at first",
        f"Written: {out}",
    ):
        assert title in done.stdout
    assert "adjudicated service lines were denied at first (95 % interval" in done.stdout
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_quiet_prints_the_path_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "lines.csv", tmp_path / "report.html"
    source.write_text(FLAT.replace("PROC", "hcpcs_code"), encoding="utf-8")
    done = run("report", str(source), "--quiet", "--out", str(out), brief=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")


def test_a_terminal_without_unicode_gets_plain_characters(tmp_path: Path) -> None:
    command = ("demo", "--persons", "20", "--minimum", "1", "--out", str(tmp_path / "r.html"))
    done = run(*command, brief=True, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "95 % interval" in done.stdout


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    brief = shlex.join([sys.executable, "-u", "-c", BRIEF])
    command = f"{brief} demo --persons 20 --out {shlex.quote(str(tmp_path / 'r.html'))} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_report_of_a_flat_file_with_renamed_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "lines.csv", tmp_path / "report.html"
    source.write_text(FLAT, encoding="utf-8")
    code = cli.main(
        ["report", str(source), "--out", str(out), "--rename", "PROC=hcpcs_code", "--title", "Mine"]
    )
    captured = capsys.readouterr()
    assert code == 0, captured.err
    assert "What was read" in captured.out
    assert "None of these service lines has been adjudicated" in captured.out
    assert "risk adjustment needs a payment year" in captured.out
    assert "<h1>Mine</h1>" in out.read_text(encoding="utf-8")


def test_a_table_of_payers_makes_names_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, names, seen = tmp_path / "lines.csv", tmp_path / "names.csv", []
    source.write_text(FLAT, encoding="utf-8")
    names.write_text("alias,payer\nNorth,Compass\nSouth,Compass\n", encoding="utf-8")
    monkeypatch.setattr(commands, "_analyse", lambda claims, *_, **__: seen.append(claims))
    given = [
        "report",
        str(source),
        "--out",
        str(tmp_path / "report.html"),
        "--rename",
        "PROC=hcpcs_code",
        "--payers",
    ]
    assert cli.main([*given, str(names)]) == 0
    assert set(seen[0].table("claims")["payer"]) == {"Compass"}
    assert cli.main([*given, str(tmp_path / "none.csv")]) != 0
    assert "pass a CSV of alias and payer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (None, "missing.csv"),
        (b"", "empty.csv"),
        (bytes(range(256)) * 40, "binary.dat"),
        (b"hello world\n", "prose.txt"),
    ],
)
def test_what_cannot_be_read_is_one_line_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, name: str
) -> None:
    source, out = tmp_path / name, tmp_path / "report.html"
    if content is not None:
        source.write_bytes(content)
    code = cli.main(["report", str(source), "--out", str(out)])
    captured = capsys.readouterr()
    assert code == 1
    assert captured.out == ""
    assert captured.err.startswith("cpticd: ")
    assert captured.err.count("\n") == 1
    assert name in captured.err
    assert not out.exists()


def test_an_existing_report_is_kept_and_nothing_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    out.write_text("mine", encoding="utf-8")
    for command in (["demo"], ["report", str(tmp_path / "missing.837")]):
        assert cli.main([*command, "--out", str(out)]) == 3
        assert "--overwrite" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "mine"
    assert cli.main(["demo", "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


@only(*BASIC)
def test_overwrite_replaces_it_and_quiet_prints_no_guess(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "lines.csv", tmp_path / "report.html"
    source.write_text(FLAT.replace("PROC", "hcpcs_code"), encoding="utf-8")
    out.write_text("mine", encoding="utf-8")
    assert cli.main(["report", str(source), "--out", str(out), "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")
    assert out.read_text(encoding="utf-8") != "mine"


@only(*BASIC, *RISK)
def test_demo_tells_both_directions_of_risk_adjustment_in_dollars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    command = ["demo", "--persons", "400", "--seed", "3", "--minimum", "1", "--out", str(out)]
    assert cli.main([*command, "--base-rate", "$1,000", "--payment-year", "2026", "--model", "V28"]) == 0
    printed = capsys.readouterr().out
    table = printed.partition("Risk adjustment, both directions, to review")[2]
    assert re.search(r"Lapsed +\d+ +\d+ +\+\$[\d,]+ +\$", table)
    assert re.search(r"Unsupported +\d+ +\d+ +-?\$[\d,]+ ", table)
    assert re.search(r"Coded and thinly supported: \d+ condition", printed)
    scored = re.search(r"(\d+) persons scored by V28 for payment year 2026", printed)
    assert scored and 100 < int(scored[1]) < 400  # of 400 persons those with Medicare Part B
    assert "$1,000 per member and month" in out.read_text(encoding="utf-8")


def test_a_wrong_payment_year_is_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["report", str(tmp_path / "missing.837"), "--out", str(tmp_path / "r.html")]
    assert cli.main([*command, "--payment-year", "2050"]) == 2
    assert "no tables for payment_year=2050" in capsys.readouterr().err


def test_the_models_of_the_command_line_are_those_that_there_are() -> None:
    from cpticd.risk.hcc_tables import KNOWN

    assert sorted(commands.MODELS) == sorted(KNOWN)


@pytest.mark.parametrize("form", first(1, ["parquet", "csv", "x12"]))
def test_simulated_files_load_back(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    out = tmp_path / form
    command = ["simulate", "--persons", "15", "--seed", "5", "--format", form, "--out", str(out), "--quiet"]
    assert cli.main(command) == 0
    assert capsys.readouterr().out == f"{out}\n"
    truth = cx.simulate(persons=15, seed=5)
    assert sorted(path.stem for path in (out / "truth").iterdir()) == sorted(truth.truth)
    expected = truth.claims.query("SELECT count(*) AS n, sum(charge_amount) AS dollars FROM lines")
    if form == "parquet":
        again = cx.open(out)
    elif form == "csv":
        again = cx.read_tables(**{path.stem: path for path in out.glob("*.csv")})
    else:
        again = cx.read_x12(
            [path for path in out.rglob("*") if path.is_file() and path.parent.name != "truth"]
        )
    found = again.query("SELECT count(*) AS n, sum(charge_amount) AS dollars FROM lines")
    assert found.to_dict("records") == expected.to_dict("records")
    assert cli.main(command) == 3
    assert "--overwrite" in capsys.readouterr().err
    assert cli.main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["report"], "FILE"),
        (["simulate", "--persons", "0", "--out", "x"], "found '0'; give a whole number from 1"),
        (["simulate", "--persons", "5", "--format", "xls", "--out", "x"], "invalid choice: 'xls'"),
        (["report", "a.csv", "--out", "r.html", "--rename", "PROC"], "give THEIRS=OURS"),
        (
            ["report", "a.csv", "--out", "r.html", "--base-rate", "free"],
            "found 'free'; give US dollars above 0",
        ),
        (["demo", "--base-rate", "inf"], "found 'inf'; give US dollars above 0"),
        (["demo", "--model", "V27"], "invalid choice: 'V27'"),
    ],
)
def test_wrong_arguments_exit_2_with_a_reason(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert says in capsys.readouterr().err


def test_help_explains_exit_codes_and_loads_nothing_heavy() -> None:
    script = "import sys\nfrom cpticd.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "exit codes:" in done.stdout
    assert not {"pandas", "duckdb", "plotly", "rich", "scipy"} & set(done.stdout.split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"cpticd {cx.__version__}\n"


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = run("report", str(tmp_path / "no.837"), "--out", str(tmp_path / "r.html"), CPTICD_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def shown(width: int, found: Findings, monkeypatch: pytest.MonkeyPatch) -> str:
    terminal = Terminal()
    terminal.out = Console(file=io.StringIO(), width=width, highlight=False)
    terminal.show(found)
    return terminal.out.file.getvalue()  # type: ignore[attr-defined]


def test_tables_carry_units(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(120, findings(), monkeypatch)
    for cell in (
        "99213",
        "E119",
        "25.0 %",
        "21.0–29.0 %",
        "$50,000",
        "<0.001",
        "2,100",
        "19.3 %",
        "$12,000",
        "60.0 %",
    ):
        assert cell in text


def test_narrow_terminals_lose_columns_but_no_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(60, findings(), monkeypatch)
    for cell in ("99213", "25.0 %", "$50,000", "<0.001"):
        assert cell in text


def test_control_characters_of_claims_do_not_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    base = findings()
    payers = base.get("payers").assign(payer=["\x1b[31mred", "plain", "x"], n=100)
    text = shown(120, findings(payers=payers), monkeypatch)
    assert "\x1b[31m" not in text
    assert "?[31mred 5.0 %" in text


def test_progress_appears_after_a_while_and_not_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "PROGRESS_AFTER", 0.05)
    for quiet, shows in ((False, True), (True, False)):
        terminal = Terminal(quiet=quiet)
        terminal.progress = Console(file=io.StringIO(), force_terminal=True, width=80)
        with terminal.steps(2) as step:
            step("first")
            time.sleep(0.3)
            step("second")
        written = terminal.progress.file.getvalue()  # type: ignore[attr-defined]
        assert ("analysing: first" in written) is shows


def test_short_work_shows_no_progress() -> None:
    terminal = Terminal()
    terminal.progress = Console(file=io.StringIO(), force_terminal=True, width=80)
    with terminal.working("thinking"):
        pass
    assert terminal.progress.file.getvalue() == ""  # type: ignore[attr-defined]
