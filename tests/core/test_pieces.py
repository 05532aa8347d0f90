"""What is derived in pieces is what one statement derives, to the last cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd import pieces, sql

RELATIONS = ("ledger", "chains", "versions", "services", "line_outcomes", "claim_outcomes")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    claims = cx.simulate(persons=40, seed=3, stories=True).claims
    folder = tmp_path_factory.mktemp("pieces")
    found = {}
    for name in ("claims", "lines", "adjudications", "line_payments", "adjustments", "remarks"):
        found[name] = folder / f"{name}.parquet"
        claims.table(name).assign(claim_id=lambda rows: rows["claim_id"] + "'{}").to_parquet(found[name])
    return found


def derived(files: dict[str, Path]) -> dict[str, pd.DataFrame]:
    claims = cx.read_tables(**files, quiet=True, progress=False)  # type: ignore[arg-type]
    return {name: claims.table(name) for name in RELATIONS}


def test_pieces_are_the_whole(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = derived(files)
    assert len(whole["chains"]) > 20
    monkeypatch.setattr(pieces, "LINES", 240)
    for name, frame in derived(files).items():
        key = [column for column in frame.columns if column.endswith(("_id", "_number", "payer"))]
        pd.testing.assert_frame_equal(
            frame.sort_values(key, ignore_index=True), whole[name].sort_values(key, ignore_index=True)
        )


@pytest.mark.parametrize(
    "relation, others",
    [
        ("ledger", "{several}"),
        (
            "services",
            "SELECT claim_id FROM chains UNION SELECT claim_id FROM adjudications WHERE adjudication_number > 1",
        ),
    ],
)
def test_claims_of_one_answer_need_no_windows(files: dict[str, Path], relation: str, others: str) -> None:
    claims = cx.read_tables(**files, quiet=True, progress=False)  # type: ignore[arg-type]
    with claims.session() as s:
        s.create("others", others.format(several=sql.text("several_answers")))
        found = s.value(f"SELECT count(*) AS n FROM {relation} ANTI JOIN others USING (claim_id)")
        alone = f"SELECT * FROM ({sql.relation(relation, alone=True)}) ANTI JOIN others USING (claim_id)"
        every = f"SELECT * FROM {relation} ANTI JOIN others USING (claim_id)"
        assert found > 20
        assert s.rows(f"({alone} EXCEPT ALL {every}) UNION ALL ({every} EXCEPT ALL {alone})") == []


@pytest.mark.thorough
def test_what_lies_on_disk_is_gone_with_its_data_set(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "LINES", 240)
    cx.settings(spill_folder=tmp_path)
    try:
        claims = cx.read_tables(**files, quiet=True, progress=False)  # type: ignore[arg-type]
    finally:
        cx.settings(spill_folder="default")
    assert len(claims.table("services"))
    assert [*tmp_path.rglob("services_*/*.parquet")]
    claims.engine.close()
    assert not [*tmp_path.rglob("*.parquet")]
