"""What the package takes of the machine: in one place, from the session, the environment or the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import cpticd as cx
from cpticd.cli import main
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from tests.small_claims import small_claims


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    yield
    cx.settings(memory_limit="default", threads=0, spill_folder="default")


def of(engine: DuckDBEngine) -> tuple[str, int, str]:
    sql = "SELECT current_setting('memory_limit') AS m, current_setting('threads') AS t, current_setting('temp_directory') AS f"
    row = engine.fetch(sql).to_pylist()[0]
    return row["m"], int(row["t"]), row["f"]


def test_a_setting_holds_for_what_is_opened_after_it(tmp_path: Path) -> None:
    folder = small_claims().save(tmp_path / "set")
    (tmp_path / "spill").mkdir()
    cx.settings(memory_limit="512MiB", threads=1, spill_folder=tmp_path / "spill")
    claims = cx.open(folder)
    memory, threads, spill = of(claims.engine)  # type: ignore[arg-type]
    assert (memory, threads) == ("512.0 MiB", 1) or (memory, threads) == ("511.1 MiB", 1)
    assert Path(spill).parent == tmp_path / "spill"
    assert of(cx.open(folder, memory_limit="1GB").engine)[0].startswith("953")  # type: ignore[arg-type]
    with claims.session() as s:  # every analysis stays under it
        assert of(s.engine)[:2] == (memory, threads)  # type: ignore[arg-type]
    claims.engine.close()
    assert not any((tmp_path / "spill").glob("cpticd-*/*"))


def test_the_environment_is_asked_where_the_session_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPTICD_MEMORY_LIMIT", "3GB")
    monkeypatch.setenv("CPTICD_THREADS", "1")
    found = cx.settings()
    assert (found.memory_limit, found.threads) == ("3000MB", 1)
    assert "3000MB" in repr(found) and "from the environment" in repr(found)
    assert cx.settings(memory_limit="1GB").memory_limit == "1000MB"
    monkeypatch.setenv("CPTICD_THREADS", "many")
    with pytest.raises(ArgumentError, match="CPTICD_THREADS: found 'many'"):
        cx.settings()


@pytest.mark.parametrize(
    "given",
    [
        {"memory_limit": "lots"},
        {"memory_limit": "120%"},
        {"memory_limit": "-1GB"},
        {"threads": -1},
        {"threads": "x"},
    ],
)
def test_what_is_no_limit_is_refused(given: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=f"{next(iter(given))}: found"):
        cx.settings(**given)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="can be written to"):
        cx.settings(spill_folder=tmp_path / "nowhere")
    with pytest.raises(ArgumentError, match="memory_limit: found 'lots'"):
        DuckDBEngine(memory_limit="lots")


def test_the_command_line_sets_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines.csv").write_text("Claim,CPT,Charge\nA1,99213,80\n")
    given = ["--memory-limit", "700MB", "--threads", "1", "--quiet"]
    assert main(["convert", str(tmp_path / "lines.csv"), "--out", str(tmp_path / "set"), *given]) == 0
    assert (cx.settings().memory_limit, cx.settings().threads) == ("700MB", 1)
    assert main(["convert", "x", "--out", str(tmp_path / "y"), "--memory-limit", "much"]) == 2
    assert "memory_limit: found 'much'" in capsys.readouterr().err
