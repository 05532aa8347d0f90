"""The first look at a file: what it is, what its columns are read as, what is missing, and the call that reads it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.cli import main
from cpticd.errors import CpticdError, InputError
from tests.amount import first
from tests.loaders.x12_text import PLAIN, interchange, professional

LINES = """\
Claim #,Patient,DOS,CPT,Dx1,Billed,Paid,Reason Code,Ins Desc,Clerk
A1,P1,1/31/2025,99213,I10,100.00,60.00,CO-45,Alder,kim
A2,P2,2/1/2025,99214,E11.9,200.00,0.00,CO-50,Birch,lee
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "lines.csv").write_text(LINES)
    return tmp_path / "lines.csv"


def run_call(call: str) -> cx.Claims:
    """What the call makes, pasted as it stands."""
    names: dict[str, Any] = {"cx": cx}
    exec(call, names)
    return names["claims"]


def test_a_flat_file_column_by_column(path: Path) -> None:
    found = cx.look(path)
    assert (found.kind, found.grain) == ("a flat file", "a service line")
    assert found.columns.set_index("column").loc[["Claim #", "Reason Code", "Clerk"]].values.tolist() == [
        ["claim_id", "a usual heading", 1.0, "A1 | A2"],
        ["carc_1", "a usual heading", 1.0, "CO-45 | CO-50"],
        ["", "no known meaning", 1.0, "kim | lee"],
    ]
    assert found.missing["missing"].tolist() == ["payer"]
    assert found.sample[["claim_id", "hcpcs_code", "charge_amount", "outcome"]].values.tolist() == [
        ["A1", "99213", 100.0, "paid"], ["A2", "99214", 200.0, "denied"],
    ]  # fmt: skip
    assert not found.reason and not found.sampled


def test_the_call_pasted_reads_the_file_with_what_was_missing(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = run_call(cx.look(path).call)
    assert claims.table("claims")["payer"].tolist() == ["Alder", "Birch"]
    again = cx.look(path, rename={"Ins Desc": "payer"})
    assert again.missing.empty and '"Ins Desc": "payer",\n' in again.call


def test_a_column_that_names_the_claim_is_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.csv").write_text("HAR ID,dos,cpt,payer,denial code\nC1,2025-01-31,99213,Alder,CO-50\n")
    found = cx.look(tmp_path / "w.csv")
    assert any("names the claim" in note for note in found.notes)
    assert len(run_call(found.call).table("claims")) == 1
    assert cx.look(tmp_path / "w.csv", rename={"HAR ID": "claim_id"}).grain.endswith(
        "a list of denials alone"
    )


def test_columns_are_proposed_by_their_cells_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "Account No,DOS,Code,ProblemA,ProblemB,Amount Billed\nX1,1/31/25,99213,E11.9,I10,180\nX2,2/3/25,G0101,I10,,90\n"
    )
    call = cx.look(tmp_path / "x.csv").call
    for line in (
        '"Code": "hcpcs_code",  # likely, by its cells',
        '"ProblemA": "diagnosis_code_1",',
        '"ProblemB": "diagnosis_code_2",',
    ):
        assert line in call
    claims = cx.read_wide(
        tmp_path / "x.csv", quiet=True, progress=False,
        rename={"Code": "hcpcs_code", "ProblemA": "diagnosis_code_1", "ProblemB": "diagnosis_code_2"},
    )  # fmt: skip
    assert claims.table("lines")["hcpcs_code"].tolist() == ["99213", "G0101"]


def test_the_grain_is_the_one_that_loading_finds(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "claim_id,line,dos,cpt,charge,paid,group,carc,adjustment_amount\n"
        "R1,1,2025-01-01,99213,100,60,CO,45,30\nR1,1,2025-01-01,99213,100,60,PR,2,10\n"
    )
    found = cx.look(tmp_path / "a.csv")
    assert "reason" in found.grain
    assert found.sample["paid_amount"].tolist() == [60.0]


def test_it_shows_itself_as_text_and_as_html_without_markup_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("claim_id,cpt,charge,<b>note</b>\nA1,99213,5,<script>x</script>\n")
    found = cx.look(tmp_path / "x.csv")
    text, html = repr(found), found._repr_html_()
    for words in (
        "a row is a service line",
        "no payer: denials by payer cannot be distinguished",
        "cx.read_wide(",
    ):
        assert words in text and words.split(":")[0].split("(")[0] in html
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_of_a_large_file_a_part_is_read_the_middle_too(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    head = "Claim ID,DOS,CPT,Charge,Paid,CARC\n"
    rows = [f"C{n},2025-01-{1 + n % 28:02},99213,{n % 90}.00,0,CO-50\n" for n in range(60_000)]
    path.write_text(head + "".join(rows))
    began = time.process_time()
    found = cx.look(path)
    assert time.process_time() - began < 4
    assert "of its middle and end" in found.sampled
    assert found.columns["read_as"].tolist() == [
        "claim_id", "claim_line_start_date", "hcpcs_code", "charge_amount", "paid_amount", "carc_1",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", first(1, ["parquet", "csv.gz", "xlsx"]))
def test_other_wrappings_are_looked_into(tmp_path: Path, path: Path, kind: str) -> None:
    frame = pd.read_csv(path, dtype="str")
    other = tmp_path / f"other.{kind}"
    {"parquet": frame.to_parquet, "csv.gz": frame.to_csv, "xlsx": frame.to_excel}[kind](other, index=False)
    assert cx.look(other).columns["read_as"].tolist() == cx.look(path).columns["read_as"].tolist()


def test_other_kinds_and_folders(tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "claims.837").write_text(interchange(professional(PLAIN)))
    found = cx.look(tmp_path / "claims.837")
    assert found.kind == "X12" and "1 claims" in found.grain
    run_call(found.call)
    (tmp_path / "notes.txt").write_text("Dear all,\nplease see the list.\n")
    folder = cx.look(tmp_path)
    assert folder.columns.set_index("file")["kind"].to_dict() == {
        "claims.837": "X12", "lines.csv": "flat file", "notes.txt": "not read",
    }  # fmt: skip
    saved = cx.read(path, quiet=True, progress=False).save(tmp_path / "saved")
    assert "saved" in cx.look(saved).kind and len(cx.look(saved).sample) == 2


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, len(LINES)),
    cut=st.integers(0, 30),
    put=st.binary(max_size=12),
    name=st.sampled_from(["x.csv", "x.xls", "x.txt"]),
)
def test_a_damaged_file_is_no_error_from_inside(
    tmp_path: Path, place: int, cut: int, put: bytes, name: str
) -> None:
    text = LINES.encode()
    (tmp_path / name).write_bytes(text[:place] + put + text[place + cut :])
    try:
        found = cx.look(tmp_path / name)
    except CpticdError:
        return
    assert found.reason or found.call
    assert repr(found) and found._repr_html_()


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        cx.look(tmp_path / "none.csv")


def test_the_command_prints_it_and_exits_1_where_nothing_is_read(
    tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", str(path), "--rename", "Ins Desc=payer"]) == 0
    assert '"Ins Desc": "payer",' in capsys.readouterr().out
    (tmp_path / "codes.csv").write_text("CARC,Description\n50,Not necessary\n")
    assert main(["look", str(tmp_path / "codes.csv")]) == 1
    assert "a list of codes" in capsys.readouterr().err
