"""read(): which reader a file needs, told by what is in it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import cpticd as cx
from cpticd.cli import main
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from cpticd.loaders.registry import tell
from tests.amount import first
from tests.loaders.flat_text import assert_same
from tests.spec import SPEC, frame

FLAT = "Claim #,CPT,Dx1,Charges\n1,99213,I10,5\n"
X12 = (
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *240101*0101*^*00501*000000001*0*P*:~"
    "GS*HC*A*B*20240101*0101*1*X*005010X222A1~ST*837*0001*005010X222A1~SE*2*0001~GE*1*1~IEA*1*000000001~"
)


@pytest.mark.parametrize(
    ("name", "content", "family", "keyword"),
    [
        ("a.dat", X12, "X12", "x12"),
        ("a.csv", FLAT, "flat file", "flat"),
        ("lines.csv", "claim_id,claim_line_number,hcpcs_code\n", "canonical tables", "lines"),
        ("x.csv", "claim_id,diagnosis_position,diagnosis_code\n", "canonical tables", "diagnoses"),
        (
            "x.csv",
            "claim_id,claim_line_number,pointer_position,diagnosis_position\n",
            "canonical tables",
            "pointers",
        ),
        (
            "x.csv",
            "claim_id,rendering_id,billing_id,diagnosis_code_1,paid_amount\n",
            "Tuva's input layer",
            "medical_claim",
        ),
        (
            "x.csv",
            "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,CLM_THRU_DT,HCPCS_CD_1,LINE_PRCSG_IND_CD_1\n",
            "DE-SynPUF",
            "carrier",
        ),
        ("x.csv", "DESYNPUF_ID,BENE_BIRTH_DT\n", "DE-SynPUF", "beneficiary"),
        ("x.csv", "DESYNPUF_ID,CLM_ID,CLM_ADMSN_DT\n", "DE-SynPUF", "inpatient"),
    ],
)
def test_kinds(tmp_path: Path, name: str, content: str, family: str, keyword: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
    for path in (tmp_path / name, tmp_path / f"{name}.gz"):
        found = tell(path)
        assert (found.loader.name, found.kind) == (family, keyword)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b,c\n1,2,3\n", r"columns \['a', 'b', 'c'\].*read_wide"),
        (b'{"rows": [1, 2]}', "JSON"),
        (b"%PDF-1.4", "PDF"),
        (b"PAR1....", "damaged Parquet"),
        (b"PK\x03\x04....", "zip archive is damaged"),
    ],
)
def test_nothing_that_is_read_is_said_to_be_so(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError, match=message):
        cx.read(tmp_path / "x")


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no files"):
        cx.read(tmp_path)
    (tmp_path / "a.csv").write_text(FLAT)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.csv").write_text(FLAT.replace("1,", "2,"))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.4")
    with pytest.warns(UserWarning, match=r"skipped 1 files: .*PDF"):
        claims = cx.read(tmp_path, quiet=True, progress=False)
    assert list(claims.table("claims").claim_id) == ["1", "2"]
    assert len(cx.read(tmp_path / "a.csv", [tmp_path / "deep" / "b.csv"], quiet=True).table("lines")) == 2
    with pytest.raises(InputError, match="no such file"):
        cx.read(tmp_path / "none.csv")


def test_saved_claims_and_folders_of_tables(tmp_path: Path) -> None:
    claims = cx.read_tables(**{name: frame(text) for name, text in SPEC.items()}, progress=False)
    folder = claims.save(tmp_path / "saved")
    assert_same(cx.read(folder), claims)
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in SPEC:
        claims.table(name).to_csv(tables / f"{name}.csv", index=False)
    assert_same(cx.read(tables, progress=False), claims)
    with pytest.raises(ArgumentError, match="engine and session"):
        cx.read(folder, tables, engine="spark")


def test_options_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(FLAT)
    claims = cx.read(tmp_path / "a.csv", rename={"Dx1": "diagnosis_code_2"}, quiet=True, progress=False)
    assert list(claims.table("diagnoses").diagnosis_position) == [2]
    with pytest.raises(
        ArgumentError, match="workers: found flat file, which have no use for it; it goes with X12"
    ):
        cx.read(tmp_path / "a.csv", workers=2)
    with pytest.raises(SchemaError, match=r"rename: no column \['Dx9'\] in any of the files; found"):
        cx.read(tmp_path / "a.csv", rename={"Dx9": "diagnosis_code_2"})
    with pytest.raises(TypeError, match="nix"):
        cx.read(tmp_path / "a.csv", nix=1)  # type: ignore[call-arg]


def test_renamed_columns_tell_a_flat_file(tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text("Folder Key,CPT,DX1,Charges\nA1,99213,I10,100.00\n", encoding="utf-8")
    with pytest.raises(InputError, match="Folder Key"):
        cx.read(export)
    claims = cx.read(export, rename={"folder key": "claim_id"}, quiet=True)
    assert claims.table("lines")["hcpcs_code"].tolist() == ["99213"]


@pytest.mark.parametrize("form", first(1, ["csv", "x12", "parquet"]))
def test_what_simulate_writes_is_read_back(tmp_path: Path, form: str) -> None:
    assert (
        main(
            [
                "simulate",
                "--persons",
                "20",
                "--seed",
                "1",
                "--format",
                form,
                "--out",
                str(tmp_path / "s"),
                "--quiet",
            ]
        )
        == 0
    )
    claims = cx.read(tmp_path / "s", progress=False)
    assert len(claims.table("lines")) == len(cx.simulate(persons=20, seed=1).claims.table("lines"))
