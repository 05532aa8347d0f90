"""X12 files of simulated claims: well formed, and read back to the same tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import TABLES
from cpticd.simulation import Simulation, simulate, write_x12

#: Not in the files: where a row came from.
NOT_SENT = {"data_source"}
#: Of the members, only what an 837 says, and only of persons with a claim in the year.
SENT_OF_MEMBERS = ["person_id", "year", "birth_date", "sex"]


def assert_same_tables(expected: cx.Claims, found: cx.Claims) -> None:
    for name, table in TABLES.items():
        columns = SENT_OF_MEMBERS if name == "members" else [c for c in table.names if c not in NOT_SENT]
        first, second = expected.table(name)[columns], found.table(name)[columns]
        if name == "members":
            first = first.merge(second[["person_id", "year"]], on=["person_id", "year"]).reset_index(
                drop=True
            )
        pd.testing.assert_frame_equal(first, second, check_dtype=False, obj=name)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(persons=st.integers(1, 60), seed=st.integers(0, 10_000), effects=st.booleans())
def test_files_read_back_to_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, persons: int, seed: int, effects: bool
):
    simulation = simulate(persons, seed, effects=effects)
    if simulation.claims.table("claims").empty:
        return
    folder = tmp_path_factory.mktemp("x12")
    write_x12(simulation, folder)
    found = cx.read_x12(folder, progress=False, workers=1)
    assert not (found.rejects["action"] == "rejected").any()
    assert_same_tables(simulation.claims, found)
    assert found.accounting().eval("read == loaded + rejected").all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("x12")
    write_x12(simulate(400, 8), path)
    return path


def segments(path: Path) -> list[list[str]]:
    return [item.strip().split("*") for item in path.read_text(encoding="utf-8").split("~") if item.strip()]


def test_envelopes_count_what_they_hold(folder: Path):
    versions = {}
    for path in sorted(folder.iterdir()):
        rows = segments(path)
        assert len(path.read_text(encoding="utf-8").split("~")[0]) == 105
        assert [rows[0][0], rows[1][0], rows[-2][0], rows[-1][0]] == ["ISA", "GS", "GE", "IEA"]
        versions[path.name] = rows[1][8]
        starts = [i for i, row in enumerate(rows) if row[0] == "ST"]
        ends = [i for i, row in enumerate(rows) if row[0] == "SE"]
        assert rows[-2][1] == str(len(starts)) == str(len(ends))
        for start, end in zip(starts, ends, strict=True):
            assert rows[end][1] == str(end - start + 1)
            assert rows[end][2] == rows[start][2]
        assert rows[-1][2] == rows[0][13]
    assert versions == {
        "claims-institutional.837": "005010X223A2",
        "claims-professional.837": "005010X222A1",
        "remittances.835": "005010X221A1",
    }


def test_hierarchical_levels_point_to_their_parents(folder: Path):
    for path in folder.glob("*.837"):
        levels: dict[str, str] = {}
        for row in segments(path):
            if row[0] == "ST":
                levels = {}
            if row[0] == "HL":
                assert row[1] == str(len(levels) + 1)
                assert row[3] == "20" or levels[row[2]] == "20"
                levels[row[1]] = row[3]


def test_remittances_balance_by_themselves(folder: Path):
    """BPR is the sum of the claims, each claim and line its adjustments: told from the file alone, in cents."""

    def cents(text: str) -> int:
        return round(float(text or 0) * 100)

    paid = claimed = 0
    claim: list[int] = []
    line: list[int] = []

    def close(open_: list[int]) -> None:
        if open_:
            assert open_[0] == open_[1] + open_[2]
            open_.clear()

    for row in segments(folder / "remittances.835"):
        if row[0] in ("SVC", "CLP", "SE"):
            close(line)
        if row[0] in ("CLP", "SE"):
            close(claim)
        if row[0] == "BPR":
            paid, claimed = cents(row[2]) * (-1 if row[3] == "D" else 1), 0
        if row[0] == "CLP":
            claim[:] = [cents(row[3]), cents(row[4]), 0]
            claimed += cents(row[4])
        if row[0] == "SVC":
            line[:] = [cents(row[2]), cents(row[3]), 0]
        if row[0] == "CAS":
            total = sum(cents(amount) for amount in row[3::3])
            claim[2] += total
            if line:
                line[2] += total
        if row[0] == "PLB":
            claimed -= cents(row[4])
        if row[0] == "SE":
            assert paid == claimed >= 0


def test_an_independent_reader_has_nothing_to_object(folder: Path):
    oxedi = pytest.importorskip("oxedi")
    found = oxedi.parse_file(str(folder / "remittances.835"))
    assert [str(item) for item in found.diagnostics if item.kind == "BalanceMismatch"] == []
    ours = simulate(400, 8).claims
    tables = found.tables.to_pandas()
    assert len(tables["claims"]) == len(ours.table("adjudications"))
    assert len(tables["services"]) == len(ours.table("line_payments"))
    assert len(tables["adjustments"]) == len(ours.table("adjustments"))
    assert round(tables["claims"]["payment_amount"].astype(float).sum(), 2) == round(
        ours.table("adjudications")["paid_amount"].sum(), 2
    )


def test_special_segments_are_there(folder: Path):
    text = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert "REF*F8*" in text["claims-professional.837"]
    assert ":B:7*" in text["claims-professional.837"]
    assert ":::::::Y" in text["claims-institutional.837"]
    assert "HI*BBR:" in text["claims-institutional.837"]
    assert "*22*-" in text["remittances.835"]
    assert "LQ*HE*" in text["remittances.835"]
    assert "REF*6R*" in text["remittances.835"]


def test_names_are_made_up(folder: Path):
    for path in folder.iterdir():
        people = [row for row in segments(path) if row[0] == "NM1" and row[2] == "1"]
        assert {row[3] for row in people} <= {"PATIENT", "DOCTOR"}


def test_a_selection_is_written_as_what_it_selects(tmp_path: Path):
    claims = simulate(60, 8).claims
    chosen = claims.where(payer="Aspen Medicare")
    found = cx.read_x12(*write_x12(chosen, tmp_path))
    assert set(found.table("claims")["payer"]) == {"Aspen Medicare"}
    assert 0 < len(found.table("lines")) == len(chosen.table("lines")) < len(claims.table("lines"))


def test_what_is_no_data_set_is_refused(tmp_path: Path):
    claims = simulate(5, 1).claims
    with pytest.raises(ArgumentError, match="found a DataFrame"):
        write_x12(claims.table("claims"), tmp_path)  # type: ignore[arg-type]


def test_what_is_there_is_kept_unless_told(tmp_path: Path, simulation: Simulation):
    small = simulate(5, 1)
    first = write_x12(small, tmp_path)
    with pytest.raises(OutputExistsError, match="overwrite=True"):
        write_x12(small.claims, tmp_path)
    before = [path.read_bytes() for path in first]
    assert [path.read_bytes() for path in write_x12(small.claims, tmp_path, overwrite=True)] == before
    with pytest.raises(ArgumentError, match="is a file"):
        write_x12(small, first[0])
