"""Releases that a user adds: what is kept, what changed, what is in force on a date."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cpticd import reference
from cpticd.core.errors import ArgumentError, InputError
from cpticd.reference import manifest, store

ORDER = """\
00001 A00     0 Cholera                                                      Cholera
00002 A000    1 Cholera due to Vibrio cholerae 01, biovar cholerae           Cholera due to Vibrio cholerae 01, biovar cholerae
00003 A001    1 Cholera, old                                                 Cholera, old
"""
NEXT = """\
00001 A00     0 Cholera                                                      Cholera
00002 A000    0 Cholera due to Vibrio cholerae 01, biovar cholerae           Cholera due to Vibrio cholerae 01, biovar cholerae
00003 A0001   1 Cholera, new                                                 Cholera, new
"""


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def two(tmp_path: Path) -> pd.DataFrame:
    """The changes that the second of two releases makes."""
    reference.add("icd10cm_order", written(tmp_path, "icd10cm_order_2019.txt", ORDER))
    return reference.add("icd10cm_order", [written(tmp_path, "icd10cm-order-April-2019.txt", NEXT)])


def test_the_first_release_is_kept_with_its_sources(tmp_path: Path, own_folder: Path) -> None:
    file = written(tmp_path, "icd10cm_order_2019.txt", ORDER)
    found = reference.add("icd10cm_order", file)
    assert found.empty and found.columns.tolist() == ["change", "code", "column", "before", "after"]
    assert found.attrs == {
        "kind": "icd10cm_order", "setting": "", "release": "FY2019 October", "effective_from": "2018-10-01",
        "against": "", "rows": 3, "added": 0, "retired": 0, "revised": 0, "parts": [], "missing": [], "notes": [],
        "replaced": [],
    }  # fmt: skip
    (entry,) = json.loads((own_folder / "releases.json").read_text(encoding="utf-8"))
    assert entry["files"] == {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
    assert entry["sha256"] == hashlib.sha256((own_folder / entry["file"]).read_bytes()).hexdigest()
    row = reference.releases().iloc[-1]
    assert row["name"] == "icd10cm_order" and row["added"] and row["source"] == file.name
    assert row["sha256"] == entry["sha256"] and row["effective_from"] == "2018-10-01"


def test_a_release_says_what_it_changed(two: pd.DataFrame) -> None:
    assert two.attrs["against"] == "FY2019 October"
    assert [two.attrs[name] for name in ("added", "retired", "revised")] == [1, 1, 1]
    rows = list(two[["change", "code", "column", "before", "after"]].itertuples(index=False, name=None))
    assert rows == [
        ("added", "A0001", "", "", ""),
        ("retired", "A001", "", "", ""),
        ("revised", "A000", "billable", "true", "false"),
    ]


def test_each_release_holds_until_the_next(two: pd.DataFrame) -> None:
    on = {
        day: reference.release("icd10cm_order", on=day)["code"].to_pylist()
        for day in ("2019-03-31", "2019-04-01")
    }
    assert on == {"2019-03-31": ["A00", "A000", "A001"], "2019-04-01": ["A00", "A000", "A0001"]}
    assert reference.release("icd10cm_order", on=date(2018, 9, 30)).num_rows == 0
    every = reference.release("icd10cm_order").to_pandas()
    assert len(every) == 6
    assert every.loc[every["code"] == "A001", "effective_to"].tolist() == [date(2019, 3, 31)]
    assert every.loc[every["release"] == "FY2019 April", "effective_to"].isna().all()
    ends = reference.releases().query("added")["effective_to"].tolist()
    assert ends == ["2019-03-31", ""]


def test_the_same_release_again_takes_its_place(tmp_path: Path, two: pd.DataFrame) -> None:
    again = reference.add("icd10cm_order", tmp_path / "icd10cm-order-April-2019.txt")
    pd.testing.assert_frame_equal(again, two)
    assert len(store.added()) == 2


def test_added_releases_judge_codes(two: pd.DataFrame) -> None:
    found = reference.icd10cm.valid(
        ["A00.1", "A00.1", "A00.0", "A00.0", "A00.01", "A00.01"], on=["2019-03-31", "2019-04-01"] * 3
    )
    assert found["reason"].tolist() == [
        "valid", "retired", "valid", "header, not billable", "not yet effective", "valid",
    ]  # fmt: skip
    assert found["release"].tolist()[:2] == ["FY2019 October", "FY2019 April"]
    # In a project's own folder, where nothing has been added, what is built in judges.
    found = reference.icd10cm.valid(["A00.0", "A00.01"], on="2019-04-01", folder="elsewhere")
    assert found["reason"].tolist() == ["valid", "unknown"]


def test_between_two_releases_with_a_gap_what_differs_is_not_determined(tmp_path: Path) -> None:
    file = written(tmp_path, "icd10cm-order-2031.txt", ORDER)
    reference.add("icd10cm_order", file, effective_from="2030-10-01")
    found = reference.icd10cm.valid(["A00.0", "J06.9"], on="2029-01-01")
    assert found["reason"].tolist() == ["valid", "not determined"]
    assert found["release"].tolist() == ["FY2027 to FY2031 October"] * 2
    rows = reference.icd10cm.periods().to_pandas()
    j069 = rows.loc[rows["code"] == "J069", ["reason", "effective_from"]].to_numpy().tolist()
    assert [[reason, str(day)] for reason, day in j069] == [
        ["valid", "2015-10-01"], ["not determined", "2027-10-01"], ["retired", "2030-10-01"],
    ]  # fmt: skip


def test_the_conversion_table_names_the_successors(tmp_path: Path) -> None:
    assert reference.icd10cm.successors("B37.3").attrs["source"] == "ICD-10-CM conversion table, FY2026"
    table = written(
        tmp_path,
        "conversion_table_FY25.csv",
        '"Notice, of two\nlines",,\nCurrent code assignment,Effective,Previous Code(s) Assignment\n'
        'B37.31,2022,B37.3\nB37.32,2022,B37.3\nH36.811,2023,"H36.0 and H35.20-H35.23"\n,,\n',
    )
    reference.add("icd10cm_conversion", table)
    after = reference.icd10cm.successors("B37.3")
    assert after["code"].tolist() == ["B3731", "B3732"]
    assert after["effective_from"].tolist() == [date(2022, 10, 1)] * 2
    assert after["title"].tolist()[0] == "Acute candidiasis of vulva and vagina"
    assert after.attrs["source"].endswith(", FY2025 October as added, FY2026 for what came later")
    # In place of what is built in up to its last day; a range ends with every code below its last one.
    assert reference.icd10cm.successors("H35.22")["code"].tolist() == ["H36811"]
    assert reference.icd10cm.successors("G35")["code"].tolist()[:2] == ["G35A", "G35B0"]
    assert reference.icd10cm.successors("H35.3").empty
    with pytest.raises(ArgumentError, match="'Q9' is in no release"):
        reference.icd10cm.successors("Q9")


def test_a_folder_may_be_a_projects(tmp_path: Path, own_folder: Path) -> None:
    file = written(tmp_path, "icd10cm_order_2019.txt", ORDER)
    reference.add("icd10cm_order", file, folder=tmp_path / "project")
    assert not own_folder.exists()
    assert reference.release("icd10cm_order", folder=tmp_path / "project").num_rows == 3
    with pytest.raises(ArgumentError, match=r"no icd10cm_order in .*own; add one"):
        reference.release("icd10cm_order")


def test_without_any_of_these_the_users_data_folder_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import platformdirs

    monkeypatch.delenv(manifest.ENVIRONMENT)
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    reference.add("icd10cm_order", written(tmp_path, "icd10cm_order_2019.txt", ORDER))
    assert (tmp_path / "data" / "reference" / "releases.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kind": "icd11"}, ArgumentError, "kind: found 'icd11'; there are icd10cm_order, "),
        ({"files": []}, ArgumentError, "files: none given"),
        ({"files": "absent.txt"}, InputError, r"absent\.txt: cannot be read"),
        ({"effective_from": "soon"}, ArgumentError, "effective_from: found 'soon'"),
        ({"setting": "dme"}, ArgumentError, "setting: found 'dme'"),
    ],
    ids=["kind", "none", "absent", "date", "setting"],
)
def test_what_cannot_be_added_is_refused(tmp_path: Path, arguments: dict, error: type, message: str) -> None:
    file = written(tmp_path, "icd10cm_order_2019.txt", ORDER)
    with pytest.raises(error, match=message):
        reference.add(**({"kind": "icd10cm_order", "files": file} | arguments))


def test_the_first_day_must_be_known(tmp_path: Path) -> None:
    file = written(tmp_path, "order.txt", ORDER)
    with pytest.raises(ArgumentError, match=r"effective_from: order\.txt does not say"):
        reference.add("icd10cm_order", file)
    assert reference.add("icd10cm_order", file, effective_from="2019-10-01").attrs["release"] == "2019-10-01"


def test_a_stored_file_that_was_changed_is_refused(two: pd.DataFrame, own_folder: Path) -> None:
    file = next(own_folder.glob("*.parquet"))
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"its sha256 is not that of releases\.json"):
        reference.release("icd10cm_order")
    (own_folder / "releases.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="not a list of releases"):
        reference.releases()


def test_files_may_be_zipped_and_compressed(tmp_path: Path) -> None:
    import gzip
    import zipfile

    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        archive.writestr("folder/icd10cm_order_2019.txt", ORDER)
        archive.writestr("folder/icd10cm_order_addenda_2019.txt", "Add: A0001")
        archive.writestr("folder/readme.pdf", b"%PDF")
    assert reference.add("icd10cm_order", tmp_path / "release.zip").attrs["rows"] == 3
    (tmp_path / "icd10cm_order_2020.txt.gz").write_bytes(gzip.compress(NEXT.encode()))
    assert reference.add("icd10cm_order", tmp_path / "icd10cm_order_2020.txt.gz").attrs["retired"] == 1
    (tmp_path / "broken.zip").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match=r"broken\.zip: cannot be unpacked"):
        reference.add("icd10cm_order", tmp_path / "broken.zip")


def test_the_two_releases_of_fiscal_2025_are_the_same(shared_data: Path) -> None:
    folder = shared_data / "icd10cm_fy2025"
    reference.add("icd10cm_order", folder / "icd10cm_order_fy2025_oct.csv.gz")
    found = reference.add("icd10cm_order", folder / "icd10cm_order_fy2025_apr.csv.gz")
    assert found.empty and found.attrs["rows"] == 97_584
    assert [e.effective_from for e in store.added()] == ["2024-10-01", "2025-04-01"]
    reference.add("icd10cm_conversion", folder / "conversion_table_FY25.csv")
    # Each new code of the table begins on the day that it says: valid then if it is still billable.
    table = reference.release("icd10cm_conversion").to_pandas()
    between = table[table["effective_from"].between(date(2021, 10, 1), date(2024, 9, 30))].drop_duplicates(
        "code"
    )
    states = reference.icd10cm.valid(between["code"], on="2024-10-01")["reason"].to_numpy()
    between = between[states == "valid"]
    assert len(between) > 1000
    first = pd.to_datetime(between["effective_from"])
    assert reference.icd10cm.valid(between["code"], on=first)["reason"].eq("valid").mean() > 0.99
    before = reference.icd10cm.valid(between["code"], on=first - pd.Timedelta(days=1))["reason"]
    assert before.eq("not yet effective").mean() > 0.99
