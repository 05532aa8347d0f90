"""Whatever is done to a file of any kind: the package's own error or success, and no row or dollar unaccounted.

X12, FHIR and Medicare's files have fuzz tests of their own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import CpticdError
from tests.loaders.flat_text import balanced
from tests.loaders.mutations import mutated, texts
from tests.loaders.test_tuva import FILLS, MEDICAL, SPANS
from tests.spec import frame

FUZZ = settings(
    max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
FLAT = (
    "Claim #,Line,Member ID,Payer,DOS,CPT,Mod,Units,Dx1,Dx2,Charge,Allowed,Paid,Paid Date,Status,CARC,Adj Amt,Clinic\n"
    "A1,1,M1,Acme,2024-01-05,99213,25,1,E11.9,I10,100.00,80.00,60.00,2024-02-01,Paid,CO-45,20.00,east\n"
    'A1,2,M1,Acme,01/05/2024,36415,,1,E11.9,,20.00,,0.00,2024-02-01,Denied,CO-50,20.00,"e, w"\n'
    "A2,1,M2,Bond,45000,00100,,3,I10,,$1200.50,,,,,,,west\n"
    "A2,1,M2,Bond,45000,00100,,3,I10,,-1200.50,,-5.00,2024-03-01,Reversed,,,west\n"
)
LINES = (
    "claim_id,claim_line_number,claim_line_start_date,hcpcs_code,revenue_center_code,charge_amount,rendering_npi\n"
    "A1,1,2024-01-05,99213,,100.00,1234567893\nA1,2,2024-01-05,36415,0300,20.00,\nA2,1,2024-01-06,00100,,50.5,\n"
)
ADJUSTMENTS = (
    "claim_id,adjudication_number,claim_line_number,adjustment_position,group_code,carc,amount\n"
    "A1,1,1,1,CO,45,20.00\nA1,1,2,1,CO,50,20.00\n"
)


def csv(text: str) -> str:
    return frame(text).to_csv(index=False)


def holds(read: Callable[[], Claims]) -> None:
    """Nothing but the package's own error; where it is read, what was read is accounted for, and derived."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            claims = read()
        except CpticdError:
            return
    assert balanced(claims), claims.accounting().to_string()
    claims.query("SELECT count(*) AS n FROM services")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@FUZZ
@given(texts(FLAT))
def test_flat(folder: Path, content: bytes) -> None:
    (folder / "flat.csv").write_bytes(content)
    holds(lambda: cx.read_wide(folder / "flat.csv", quiet=True, progress=False))


@pytest.mark.thorough
@FUZZ
@given(st.one_of(texts(LINES), texts(ADJUSTMENTS)), st.booleans())
def test_tables(folder: Path, content: bytes, together: bool) -> None:
    (folder / "lines.csv").write_bytes(content)
    (folder / "adjustments.csv").write_text(ADJUSTMENTS)
    given = [folder / "lines.csv", folder / "adjustments.csv"][: 1 + together]
    holds(lambda: cx.read(*given, quiet=True, progress=False))
    holds(lambda: cx.read_tables(lines=given[0], progress=False))


@pytest.mark.thorough
@FUZZ
@given(st.sampled_from([MEDICAL, SPANS, FILLS]).flatmap(lambda text: texts(csv(text))))
def test_tuva_as_text(folder: Path, content: bytes) -> None:
    (folder / "tuva.csv").write_bytes(content)
    holds(lambda: cx.read_tuva(folder / "tuva.csv", progress=False))


@pytest.fixture(scope="module")
def stored(folder: Path) -> dict[str, bytes]:
    """Tuva's tables as Parquet and as a DuckDB file, and an exported data set."""
    made = {"medical_claim": frame(MEDICAL), "eligibility": frame(SPANS)}
    made["medical_claim"].to_parquet(folder / "a.parquet")
    with duckdb.connect(str(folder / "a.duckdb")) as connection:
        for name, each in made.items():
            connection.register("incoming", each)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
    cx.read_tuva(made, progress=False).export(folder / "b.duckdb", quiet=True)
    return {name: (folder / name).read_bytes() for name in ("a.parquet", "a.duckdb", "b.duckdb")}


@pytest.mark.thorough
@FUZZ
@given(st.data())
def test_files_of_databases(folder: Path, stored: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(stored)))
    (folder / name).write_bytes(data.draw(mutated(stored[name])))
    holds(lambda: cx.read(folder / name, quiet=True, progress=False))


@pytest.mark.thorough
@FUZZ
@given(st.data())
def test_workbooks(folder: Path, data: st.DataObject) -> None:
    pytest.importorskip("python_calamine")
    path = folder / "book.xlsx"
    if not path.exists():
        (folder / "seed.csv").write_text(FLAT)
        cx.read_wide(folder / "seed.csv", quiet=True, progress=False).export(path, quiet=True)
        (folder / "book.seed").write_bytes(path.read_bytes())
    path.write_bytes(data.draw(mutated((folder / "book.seed").read_bytes())))
    holds(lambda: cx.read(path, quiet=True, progress=False))
