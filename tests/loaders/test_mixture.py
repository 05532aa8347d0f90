"""read(): files of several kinds are one data set with one accounting, and no identifier stands twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import InputError, SchemaError
from tests.amount import first
from tests.loaders.flat_text import assert_same, balanced, said, table
from tests.loaders.x12_text import claim, interchange, paid_claim, professional, remittance, subscriber
from tests.spec import SPEC, frame

FLAT = "claim_id,line,member id,payer,dos,cpt,dx1,charge\n"
BENEFICIARY = "DESYNPUF_ID,BENE_BIRTH_DT,BENE_SEX_IDENT_CD,BENE_YEAR\nP9,19350701,2,2008\n"
CARRIER = (
    "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,CLM_THRU_DT,HCPCS_CD_1,LINE_PRCSG_IND_CD_1,LINE_ALOWD_CHRG_AMT_1\n"
    "P9,A1,20080105,20080105,99213,A,80\n"
)


def x12(*sets: str, kind: str = "HC") -> str:
    return interchange(*sets, kind=kind)


def written(folder: Path, **files: str) -> Path:
    """The files in a folder; ``__`` in a name stands for a full stop."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_every_kind_beside_every_other(tmp_path: Path) -> None:
    """Claim A1 is in all of them: five claims, each with its lines, each file in the accounting."""
    saved = cx.read_tables(
        lines=frame("claim_id | claim_line_number | hcpcs_code | charge_amount\nA1 | 1 | 99211 | 1")
    )
    inbox = written(
        tmp_path / "inbox",
        a__837=x12(professional(subscriber(), claim())),
        flat__csv=FLAT + "A1,1,M7,Acme,2025-01-10,99212,I10,2\n",
        lines__csv="claim_id,claim_line_number,hcpcs_code,charge_amount\nA1,1,99214,4\nB1,1,99214,8\n",
        carrier__csv=CARRIER,
        beneficiary__csv=BENEFICIARY,
    )
    saved.save(inbox / "saved")
    claims = cx.read(inbox, quiet=True, progress=False)
    assert table(claims, "lines", "claim_id", "hcpcs_code", "charge_amount") == [
        ("A1", "99211", 1.0), ("A1#1", "99213", 100.0), ("A1#2", "99213", 80.0), ("A1#3", "99214", 4.0),
        ("A1#4", "99212", 2.0), ("B1", "99214", 8.0),
    ]  # fmt: skip
    ids = claims.table("claims")
    assert ids["claim_id"].is_unique and set(ids["source_claim_id"].dropna()) == {"A1"}
    sources = {"a.837", "flat.csv", "lines.csv", "carrier.csv", "beneficiary.csv", "saved"}
    assert set(claims.accounting()["source"]) == sources
    assert balanced(claims)
    apart = [row for row in claims.rejects.itertuples() if "kept apart under another one: 1" in row.reason]
    assert [(row.source, row.content) for row in apart] == [
        ("a.837", "A1 is A1#1"), ("carrier.csv", "A1 is A1#2"), ("flat.csv", "A1 is A1#4"), ("lines.csv", "A1 is A1#3"),
    ]  # fmt: skip
    assert_same(cx.read(*sorted(inbox.iterdir(), reverse=True), quiet=True, progress=False), claims)


def test_all_tables_of_a_claim_go_with_its_new_identifier(tmp_path: Path) -> None:
    """Two saved data sets with the same identifiers: every table holds twice as much, outcomes too."""
    one = cx.read_tables(**{name: frame(text) for name, text in SPEC.items()}, progress=False)
    for name in ("a", "b"):
        one.save(tmp_path / name)
    both = cx.read(tmp_path / "a", tmp_path / "b", progress=False)
    for name in SPEC:
        if name not in ("members", "provider_adjustments"):
            assert len(both.table(name)) == 2 * len(one.table(name)), name
    outcome = (
        "SELECT initial_outcome, final_outcome, count(*) AS n FROM line_outcomes GROUP BY ALL ORDER BY ALL"
    )
    twice = one.query(outcome).assign(n=lambda rows: 2 * rows["n"])
    pd.testing.assert_frame_equal(both.query(outcome), twice)
    assert balanced(both)


def test_rejects_of_a_saved_data_set_come_along(tmp_path: Path) -> None:
    bad = written(
        tmp_path, flat__csv=FLAT + "A1,1,M1,Acme,soon,99212,I10,2\nA2,1,M1,Acme,2025-01-10,99212,I10,3\n"
    )
    alone = cx.read_wide(bad / "flat.csv", quiet=True, progress=False)
    alone.save(tmp_path / "saved")
    (tmp_path / "more.csv").write_text(FLAT + "A3,1,M1,Acme,2025-01-10,99212,I10,5\n")
    claims = cx.read(tmp_path / "saved", tmp_path / "more.csv", quiet=True, progress=False)
    assert [place for place, _ in said(claims, "rejected")] == ["flat.csv, line 2"]
    account = claims.accounting().set_index(["source", "table_name"]).loc[("saved", "file rows")]
    assert (account["read"], account.loaded, account.rejected) == (2, 1, 1)
    assert (account.amount_read, account.amount_loaded, account.amount_rejected) == (5.0, 3.0, 2.0)
    assert balanced(claims)


@pytest.mark.parametrize("claims_are", first(2, ["flat", "saved", "tables"]))
def test_remittances_answer_claims_of_other_files(tmp_path: Path, claims_are: str) -> None:
    flat = (
        FLAT
        + "A1,1,M1,Acme,2025-01-10,99213,I10,100\nA1,2,M1,Acme,2025-01-10,36415,I10,50\nA2,1,M2,Acme,2025-01-10,99213,I10,7\n"
    )
    inbox = written(tmp_path / "inbox", flat__csv=flat)
    if claims_are != "flat":
        made = cx.read_wide(inbox / "flat.csv", quiet=True, progress=False)
        (inbox / "flat.csv").unlink()
        if claims_are == "saved":
            made.save(inbox / "saved")
        for name in ("claims", "lines", "diagnoses") if claims_are == "tables" else ():
            made.table(name).to_csv(inbox / f"{name}.csv", index=False)
    answers = "SVC*HC:99213*100*80**1~DTM*472*20250110~CAS*CO*45*20~SVC*HC:36415*50*0**1~DTM*472*20250110~CAS*CO*97*50~"
    remits = written(
        tmp_path / "remits",
        r__835=interchange(
            remittance(paid_claim(charge="150", lines=answers), paid_claim("Z9", member="M8")),
            kind="HP",
            version="005010X221A1",
        ),
    )
    claims = cx.read(inbox, remits, quiet=True, progress=False)
    assert table(claims, "claims", "claim_id", "charge_amount") == [("A1", 150.0), ("A2", 7.0), ("Z9", 100.0)]
    outcomes = table(
        claims, "line_outcomes", "claim_id", "claim_line_number", "initial_outcome", "paid_amount"
    )
    assert outcomes == [
        ("A1", 1, "paid", 80.0), ("A1", 2, "denied", 0.0), ("A2", 1, "not adjudicated", None), ("Z9", 1, "paid", 80.0),
    ]  # fmt: skip
    counted = claims.accounting().query("source == 'r.835'").set_index("table_name")["loaded"]
    assert counted["remittance claims matched to claims of other files"] == 1
    assert counted["remittance lines matched to claims of other files"] == 2
    assert counted["remittance claims without an 837"] == 1
    assert balanced(claims)


def test_decisions_of_a_remittance_come_after_those_of_the_file(tmp_path: Path) -> None:
    """The flat file has the denial; the remittance that pays is the second decision."""
    flat = "claim_id,line,member id,payer,dos,cpt,charge,paid,paid date,carc\nA1,1,M1,Acme,2025-01-10,99213,100,0,2025-01-20,CO-16\n"
    folder = written(tmp_path, flat__csv=flat, r__835=interchange(remittance(paid_claim()), kind="HP"))
    claims = cx.read(folder, quiet=True, progress=False)
    decisions = table(claims, "adjudications", "claim_id", "adjudication_number", "paid_date", "paid_amount")
    assert decisions == [("A1", 1, "2025-01-20", 0.0), ("A1", 2, "2025-02-01", 80.0)]
    assert table(claims, "line_outcomes", "initial_outcome", "final_outcome") == [("denied", "paid")]


def test_an_837_goes_before_other_files_where_both_would_do(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        flat__csv=FLAT + "A1,1,M1,Acme,2025-01-10,99213,I10,100\n",
        c__837=x12(professional(subscriber(), claim())),
        r__835=interchange(remittance(paid_claim(status="4", paid="0")), remittance(paid_claim()), kind="HP"),
    )
    claims = cx.read(folder, quiet=True, progress=False)
    assert table(claims, "adjudications", "claim_id", "adjudication_number") == [("A1#1", 1), ("A1#1", 2)]
    assert balanced(claims)


def test_files_of_one_name_are_shown_apart(tmp_path: Path) -> None:
    for name in ("x", "y"):
        written(tmp_path / name, a__csv=FLAT + f"{name},1,M1,Acme,2025-01-10,99213,I10,100\n")
    claims = cx.read(tmp_path, quiet=True, progress=False)
    assert set(claims.accounting()["source"]) == {"x/a.csv", "y/a.csv"}
    assert table(claims, "claims", "claim_id", "data_source") == [("x", "x/a.csv"), ("y", "y/a.csv")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    first(
        4,
        [
            ("notes.pdf", b"%PDF-1.4", "a PDF document"),
            ("cut.csv.gz", b"\x1f\x8b\x08\x00", "cannot be unpacked"),
            ("cut.parquet", b"PAR1abc", "a damaged Parquet file"),
            ("empty.csv", b"", "the file is empty"),
            ("other.csv", b"a,b,c\n1,2,3\n", "not recognised"),
            ("year.csv", b"DESYNPUF_ID,BENE_BIRTH_DT\nP1,19350701\n", "which year"),
            (
                "claims.csv",
                b"claim_id,Claim ID,payer,person_id,claim_type\n1,1,Acme,P,x\n",
                "two columns mean 'claim_id'",
            ),
            ("long.csv", FLAT.encode() + b"x" * (9 << 20), "is longer than"),
        ],
    ),
)
def test_a_file_that_cannot_be_read_is_a_reject_beside_others_and_an_error_alone(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    folder = written(tmp_path / "a", good__csv=FLAT + "A1,1,M1,Acme,2025-01-10,99213,I10,100\n")
    (folder / name).write_bytes(content)
    with pytest.warns(UserWarning, match=f"skipped 1 files: .*{name}"):
        claims = cx.read(folder, quiet=True, progress=False)
    assert table(claims, "lines", "claim_id") == [("A1",)]
    [row] = [row for row in claims.rejects.itertuples() if row.action == "rejected"]
    assert (row.source, row.location, row.table_name) == (name, "file", "files") and reason in row.reason
    account = claims.accounting().set_index(["source", "table_name"]).loc[(name, "files")]
    assert (account["read"], account.loaded, account.rejected) == (1, 0, 1)
    with pytest.raises(InputError, match=reason):
        cx.read(folder / name, quiet=True, progress=False)


def test_a_broken_remittance_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path, a__csv=FLAT, b__pdf="%PDF-1.4")
    with pytest.raises(InputError, match=r"b\.pdf: a PDF"):
        cx.read(tmp_path, quiet=True, progress=False)
    with pytest.raises(InputError, match="not one row was loaded"):
        cx.read(tmp_path / "a.csv", quiet=True, progress=False)


MEMBERS = frame("""
    Member ID | Plan Year | DOB        | Gender | Dual Status | State | Plan
    M1        | 2025      | 01/02/1970 | F      | 2           | il    | gold
    M1        | soon      | 01/02/1970 | F      |             | il    | gold
    M2        | 2025      | 1950-01-01 | male   | 03.0        | OH    | gold
""")
AS_READ = [("M1", 2025, "1970-01-02", "female", "02", "IL"), ("M2", 2025, "1950-01-01", "male", "03", "OH")]


@pytest.mark.parametrize("form", first(1, ["csv", "frame", "parquet"]))
def test_members_under_their_usual_headings(tmp_path: Path, form: str) -> None:
    """They go before what the 837 says of a person, whose row of the year is no second one."""
    sent = x12(professional(subscriber(), claim()))
    folder = written(tmp_path / "inbox", a__837=sent, b__csv=FLAT + "B,1,M3,Acme,2025-01-10,99213,I10,1\n")
    given: object = MEMBERS
    if form != "frame":
        given = tmp_path / f"members.{form}"
        MEMBERS.to_csv(given, index=False) if form == "csv" else MEMBERS.to_parquet(given)
    claims = cx.read(folder, members=given, quiet=True, progress=False)
    columns = ("person_id", "year", "birth_date", "sex", "dual_status_code", "state")
    assert table(claims, "members", *columns) == AS_READ
    rejects = claims.rejects
    mine = rejects[rejects["table_name"] == "members"]
    assert mine[["action", "reason"]].values.tolist() == [
        ["rejected", "year: not a whole number: soon"],
        ["noted", "columns not used: Plan"],
        [
            "noted",
            "birth_date: no date shows whether the day or the month comes first: they were read month first",
        ],
    ]
    source = "members" if form == "frame" else f"members.{form}"
    account = claims.accounting().set_index(["source", "table_name"]).loc[(source, "members")]
    assert (account["read"], account.loaded, account.rejected) == (3, 2, 1)
    assert_same(
        cx.read_tables(members=given, progress=False), cx.read_tables(members=MEMBERS, progress=False)
    )


def test_members_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path, a__csv=FLAT + "B,1,M3,Acme,2025-01-10,99213,I10,1\n")
    with pytest.raises(SchemaError, match=r"members: no column 'year'; found .*'Plan'"):
        cx.read(folder, members=MEMBERS.drop(columns="Plan Year"), quiet=True)
    with pytest.raises(InputError, match="no such file"):
        cx.read(folder, members=tmp_path / "none.csv", quiet=True)
    (tmp_path / "a.csv").write_text(FLAT)
    with pytest.raises(InputError, match="not one row was loaded"):
        cx.read(folder, members=MEMBERS, quiet=True)
