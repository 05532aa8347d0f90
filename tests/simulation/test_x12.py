"""X12 files of simulated claims: well formed, and read back to the same tables."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import TABLES
from cpticd.simulation import Simulation, simulate, write_x12
from tests.ledger.test_truth import assert_true, services_of

#: To write and read files takes a second or two: what fails is shown as it is, not made smaller first.
QUICKLY: Any = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}
#: Not in the files: where a row came from.
NOT_SENT = {"data_source"}
#: Of the members, only what an 837 says, and only of persons with a claim in the year.
SENT_OF_MEMBERS = ["person_id", "year", "birth_date", "sex"]
#: What tells apart the claims of one number.
TELLING = ["source_claim_id", "frequency_code", "payer", "charge_amount", "received_date"]
#: What is not read of another payer's answer that a claim reports.
NOT_REPORTED = ["payer_kind", "hcpcs_modifier_1", "hcpcs_modifier_2", "revenue_center_code"]


def numbers(sent: cx.Claims, found: cx.Claims) -> dict[str, str]:
    """The simulation's number of every claim that was read: several may bear one number of the sender's."""
    both = found.table("claims").merge(sent.table("claims"), on=TELLING, how="left", suffixes=("", "_sent"))
    assert both["claim_id"].is_unique
    assert both["claim_id_sent"].notna().all()
    return dict(zip(both["claim_id"], both["claim_id_sent"], strict=True))


def renumbered(rows: pd.DataFrame, name: str, own: dict[str, str]) -> pd.DataFrame:
    """Rows of a table under the simulation's numbers of claims."""
    if "claim_id" in rows:
        rows = rows.assign(claim_id=rows["claim_id"].map(own)).sort_values(list(TABLES[name].key))
    return rows.reset_index(drop=True)


def assert_same_tables(expected: cx.Claims, found: cx.Claims) -> None:
    """Every table that was sent is read; columns of which the simulation says nothing may be filled from the files."""
    own = numbers(expected, found)
    reported = expected.table("adjudications").query("is_reported.notna()")
    reported = set(zip(reported["claim_id"], reported["adjudication_number"], strict=True))
    for name, table in TABLES.items():
        first, second = expected.table(name), renumbered(found.table(name), name, own)
        if first.empty and name == "payments":
            continue
        first = renumbered(first, name, {claim: claim for claim in own.values()})
        said = [c for c in table.names if c not in NOT_SENT and first[c].notna().any()]
        columns = SENT_OF_MEMBERS if name == "members" else said
        first, second = first[columns], second[columns]
        if name == "members":
            first = first.merge(second[["person_id", "year"]], on=["person_id", "year"]).reset_index(
                drop=True
            )
        if "payer_kind" in columns:  # plans of the marketplace have no filing indicator of their own
            first = first.replace({"payer_kind": {"marketplace": "commercial"}})
        if (
            name == "adjudications" and "payer_sequence" in columns
        ):  # a reversal does not say whose turn it was
            second["payer_sequence"] = second["payer_sequence"].fillna(first["payer_sequence"])
        if name in ("adjudications", "line_payments"):
            rows = zip(first["claim_id"], first["adjudication_number"], strict=True)
            blank = pd.Series([key in reported for key in rows], index=first.index, dtype=bool)
            for frame in (first, second):
                frame.loc[blank, [c for c in NOT_REPORTED if c in columns]] = None
        pd.testing.assert_frame_equal(first, second, check_dtype=False, obj=name)


@settings(max_examples=3, **QUICKLY)
@given(persons=st.integers(1, 40), seed=st.integers(0, 10_000), effects=st.booleans(), stories=st.booleans())
def test_files_read_back_to_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, persons: int, seed: int, effects: bool, stories: bool
):
    simulation = simulate(persons, seed, effects=effects, stories=stories)
    if simulation.claims.table("claims").empty:
        return
    folder = tmp_path_factory.mktemp("x12")
    write_x12(simulation, folder)
    found = cx.read_x12(folder, progress=False, workers=1)
    assert not (found.rejects["action"] == "rejected").any()
    assert_same_tables(simulation.claims, found)
    assert found.accounting().eval("read == loaded + rejected + left_out").all()


@pytest.fixture(scope="module", params=[False, True], ids=["first answers", "stories"])
def told(request: pytest.FixtureRequest) -> Simulation:
    return simulate(200, 8, stories=request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, told: Simulation) -> Path:
    path = tmp_path_factory.mktemp("x12")
    write_x12(told, path)
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


def test_an_independent_reader_has_nothing_to_object(folder: Path, told: Simulation):
    oxedi = pytest.importorskip("oxedi")
    found = oxedi.parse_file(str(folder / "remittances.835"))
    assert [str(item) for item in found.diagnostics if item.kind == "BalanceMismatch"] == []
    tables = found.tables.to_pandas()
    key = ["claim_id", "adjudication_number"]
    answers = told.claims.table("adjudications").query("is_reported.isna()")
    assert len(tables["claims"]) == len(answers)
    assert len(tables["services"]) == len(told.claims.table("line_payments").merge(answers[key], on=key))
    assert len(tables["adjustments"]) == len(told.claims.table("adjustments").merge(answers[key], on=key))
    assert round(tables["claims"]["payment_amount"].astype(float).sum(), 2) == round(
        answers["paid_amount"].sum(), 2
    )


def test_special_segments_are_there(folder: Path, told: Simulation):
    text = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert "REF*F8*" in text["claims-professional.837"]
    assert ":B:7*" in text["claims-professional.837"]
    assert ":::::::Y" in text["claims-institutional.837"]
    assert "HI*BBR:" in text["claims-institutional.837"]
    assert "*22*-" in text["remittances.835"]
    assert "LQ*HE*" in text["remittances.835"]
    assert "REF*6R*" in text["remittances.835"]
    if "services" in told.truth:
        institutional, professional, remittances = (text[name] for name in sorted(text))
        for part in ("SBR*S*18*******CI~", "SBR*P*18*******MB~", "\nSVD*10101*", "*573*D8*", ":B:8*"):
            assert part in professional
        assert "SBR*P*18*******MA~" in institutional
        assert "CAS*CO*94*-" in remittances
        assert "BPR*H*0*C*NON~" in remittances or "BPR*H*0*C*NON*" in remittances
        status = {row[2] for row in segments(folder / "remittances.835") if row[0] == "CLP"}
        assert status >= {"1", "2", "4", "19", "22", "23"}
        frequency = {row[9] for row in segments(folder / "remittances.835") if row[0] == "CLP"}
        assert frequency >= {"1", "7"}


def scattered(path: Path, into: Path, parts: int, draw: random.Random) -> None:
    """The transaction sets of a file in another order, in several files."""
    head, *sets = path.read_text(encoding="utf-8").split("~\nST*")
    sets[-1] = sets[-1].split("~\nGE*")[0]
    draw.shuffle(sets)
    for part in range(parts):
        mine = sets[part::parts]
        number = f"{part + 1}{draw.randrange(10**7):08d}"
        if mine:
            body = "".join(f"~\nST*{item}" for item in mine)
            text = f"{head.replace('000000001', number)}{body}~\nGE*{len(mine)}*1~\nIEA*1*{number}~\n"
            (into / f"{draw.random()}{path.suffix}").write_text(text, encoding="utf-8")


@pytest.mark.thorough
@settings(max_examples=3, **QUICKLY)
@given(persons=st.integers(20, 60), seed=st.integers(0, 10_000), parts=st.integers(1, 5))
def test_services_are_those_planted_in_whatever_order_files_come(
    tmp_path_factory: pytest.TempPathFactory, persons: int, seed: int, parts: int
):
    simulation = simulate(persons, seed, stories=True)
    folder, inbox = tmp_path_factory.mktemp("x12"), tmp_path_factory.mktemp("inbox")
    draw = random.Random(seed)
    for path in write_x12(simulation, folder):
        scattered(path, inbox, parts, draw)
    found = cx.read_x12(inbox, progress=False, workers=1)
    own = numbers(simulation.claims, found)
    services = services_of(found)
    for column in ("claim_id", "chain_id"):
        services[column] = services[column].map(own)
    services["claims"] = [" ".join(sorted(own[c] for c in cell.split())) for cell in services["claims"]]
    assert_true(simulation.truth["services"], services)
    payments = found.table("payments")
    assert (payments["imbalance_amount"].fillna(0) == 0).all()
    assert payments["amount"].sum() == pytest.approx(simulation.claims.table("payments")["amount"].sum())


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
