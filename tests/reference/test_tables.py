"""The vendored tables: their sources, keys, types, and that the categories say what the domain's facts say."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from cpticd import reference
from cpticd.core.errors import ArgumentError, CpticdError, InputError, SchemaError

CATEGORIES = """
    diagnosis conflict or validity          | 9 10 11 12 146 167 240 B22
    medical necessity or level of care      | 40 50 55 56 150 152 153 154 186 272 B8
    bundling or missing qualifying service  | 60 97 107 231 234 236 B10 B14 B15
    procedure, modifier or place of service | 4 5 6 7 8 58 181 182 189 199 282 B16
    units or frequency                      | 151 222 261 273
    authorization or referral               | 39 95 197 198 210 243 284 287 288 296 302
    eligibility or coordination of benefits | 13 14 19 20 21 22 24 26 27 31 32 33 109 129 136 140 177 200 239 B9 B11
    timely filing                           | 29 B4 286
    duplicate                               | 18 B13
    missing information or documentation    | 16 112 148 163 164 206 207 208 226 227 250 251 252 B12
    coverage or benefit                     | 35 49 51 96 119 149 202 204 256 276 B1
    provider or network                     | 54 170 171 172 183 184 185 242 279 299 B7 B20 B23
    not a denial                            | 1 2 3 23 44 45 59 66 94 104 131 187 253
"""
RARC_REQUIRED = "16 96 226 227 234 250 251 252 A1"
RETIRED = "15 17 38 47 62 125 138 165 B5 B18"


def frame(name: str) -> pd.DataFrame:
    return reference.table(name).to_pandas()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty place for the tables, with nothing remembered from the real one."""
    clear = (reference._sources.cache_clear, reference.table.cache_clear)
    monkeypatch.setattr(reference, "_FOLDERS", (tmp_path / "wheel", tmp_path / "checkout"))
    for forget in clear:
        forget()
    yield tmp_path
    for forget in clear:
        forget()


# Files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", reference.names())
def test_every_table_is_the_one_its_source_entry_describes(name: str) -> None:
    found = reference.path(name)
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    entry = reference.releases().set_index("name").loc[name]
    assert entry["sha256"] == digest, f"{found.name} has changed: put sha256 = {digest!r} into SOURCES.toml"
    assert entry["source"] and entry["licence"] and entry["release"]


@pytest.mark.parametrize("name", reference.names())
def test_every_table_has_unique_keys_and_its_column_types(name: str) -> None:
    entry = tomllib.loads(reference.path("SOURCES.toml").read_text(encoding="utf-8"))["tables"][name]
    found = reference.table(name)
    assert found.num_rows > 1
    assert not frame(name).duplicated(entry["key"]).any()
    for column, kind in zip(found.column_names, found.schema.types, strict=True):
        if column in entry.get("flags", []):
            assert kind == pa.bool_()
        elif column in entry.get("integers", []):
            assert kind == pa.int32()
        elif column in entry.get("numbers", []):
            assert kind == pa.float64()
        elif column in entry.get("dates", []):
            assert kind == pa.date32()
        else:
            assert kind == pa.string()
            assert not found[column].null_count


def test_no_file_is_without_a_source() -> None:
    files = [file for suffix in ("*.csv", "*.parquet") for file in reference.folder().glob(suffix)]
    assert sorted(file.stem for file in files) == reference.names()


def test_tables_hold_what_a_plain_reading_of_the_file_finds() -> None:
    with reference.path("carc_rarc_overrides").open(encoding="utf-8", newline="") as text:
        plain = list(csv.DictReader(text))
    assert reference.table("carc_rarc_overrides").to_pylist() == plain


def test_a_name_may_carry_its_suffix() -> None:
    assert reference.path("bill_types.csv") == reference.path("bill_types")
    assert reference.table("bill_types.csv").equals(reference.table("bill_types"))


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ArgumentError, match="no table 'carcs'; there are acute_care, "):
        reference.table("carcs")


def test_absent_tables_are_a_clear_error(elsewhere: Path) -> None:
    with pytest.raises(
        CpticdError, match=r"no SOURCES\.toml in .*wheel nor in .*checkout; install cpticd again"
    ):
        reference.names()


def test_the_wheels_folder_comes_first_and_a_missing_file_is_named(elsewhere: Path) -> None:
    for place in ("wheel", "checkout"):
        (elsewhere / place).mkdir()
        (elsewhere / place / "SOURCES.toml").write_text(f'[tables.{place}]\nkey = ["a"]\n', encoding="utf-8")
    assert reference.names() == ["wheel"]
    with pytest.raises(CpticdError, match=r"wheel\.csv is absent although SOURCES\.toml names it"):
        reference.table("wheel")


# Categories -------------------------------------------------------------------------------------------------


def test_reason_codes_stand_in_the_categories_of_the_domain() -> None:
    found = frame("carc_categories").set_index("carc")
    listed = set()
    for line in CATEGORIES.strip().splitlines():
        category, numbers = (part.strip() for part in line.split("|"))
        rows = found.loc[numbers.split()]
        assert (rows["category"] == category).all(), rows
        assert (rows["is_denial"] == (category != "not a denial")).all()
        listed |= set(numbers.split())
    old = found.loc[RETIRED.split()]
    assert old["retired"].all() and old["is_denial"].all() and not old["category"].eq("other").any()
    rest = found.drop(index=[*listed, *RETIRED.split()])
    assert (rest["category"] == "other").all()


def test_all_407_reason_codes_are_there(shared_data: Path) -> None:
    numbers = pd.read_csv(shared_data / "codes" / "carc_numbers_2026.csv", dtype=str)["code"]
    assert set(frame("carc_categories")["carc"]) == set(numbers) and len(numbers) == 407


def test_what_is_no_denial_says_what_it_is_instead() -> None:
    found = frame("carc_categories")
    assert (found["kind"].eq("denial") == found["is_denial"]).all()
    assert set(found["kind"]) == {
        "denial", "patient responsibility", "contractual", "sequestration", "other payer", "payment terms",
        "informational", "pended",
    }  # fmt: skip
    kinds = found.set_index("carc")["kind"]
    assert kinds[["1", "2", "3"]].eq("patient responsibility").all()
    assert kinds["45"] == "contractual" and kinds["253"] == "sequestration" and kinds["23"] == "other payer"


def test_flags_follow_the_category_except_where_a_code_is_known_better() -> None:
    found = frame("carc_categories").set_index("carc")
    categories = frame("categories").set_index("category")
    for column in ("coding_related", "diagnosis_related", "preventable"):
        assert set(found[column]) <= {"yes", "partly", "no"}
        assert set(categories[column]) <= {"yes", "partly", "no"}
    listed = found[found["is_denial"]]
    # A code may be surer than its category, never the opposite of it.
    for column in ("coding_related", "diagnosis_related"):
        whole = listed["category"].map(categories[column])
        assert (whole.eq("partly") | listed[column].eq(whole)).all()
    assert found.loc["50", "diagnosis_related"] == "yes" and found.loc["150", "diagnosis_related"] == "partly"
    assert found.loc["49", ["coding_related", "diagnosis_related"]].tolist() == ["yes", "yes"]
    assert found.loc["19", "diagnosis_related"] == "partly" and found.loc["22", "diagnosis_related"] == "no"
    assert set(found.index[found["rarc_required"]]) == set(RARC_REQUIRED.split())


def test_every_category_that_is_used_is_declared_once_in_order() -> None:
    categories = frame("categories")
    assert categories["position"].tolist() == list(range(1, 15))
    assert categories.loc[~categories["is_denial"], "category"].tolist() == ["not a denial"]
    declared = set(categories["category"])
    for name in (
        "carc_categories",
        "carc_rarc_overrides",
        "line_processing_indicators",
        "carrier_payment_denial",
    ):
        assert set(frame(name)["category"]) - {""} <= declared, name
    assert set(frame("carc_categories")["category"]) == declared


def test_remark_codes_decide_as_the_domain_says() -> None:
    found = frame("carc_rarc_overrides").set_index(["carc", "rarc"])
    for rarc in ("M76", "MA63"):
        row = found.loc[("16", rarc)]
        assert row["category"] == "diagnosis conflict or validity"
        assert row["coding_related"] == row["diagnosis_related"] == "yes"
    for rarc in ("N115", "N386"):
        assert found.loc[("50", rarc), ["category", "diagnosis_related"]].tolist() == [
            "medical necessity or level of care", "yes",
        ]  # fmt: skip
    assert found.loc[("*", "MA130"), "marker"] == "unprocessable"
    known = set(frame("carc_categories")["carc"]) | {"*"}
    assert set(found.index.get_level_values("carc")) <= known


def test_medicare_indicators(shared_data: Path) -> None:
    found = frame("line_processing_indicators").set_index("code")
    denied = found.index[found["class"] == "denied"]
    assert set(denied) == set("BCDILMNOPZ")
    assert found.loc[denied, "category"].ne("").all()
    assert found.drop(index=denied)["category"].eq("").all()
    assert found.loc[["A", "R", "S"], "class"].tolist() == ["allowed", "reprocessed", "secondary payer"]
    msp = [*"GHJKQTUVXY", "00", *map(str, range(12, 19)), *map(str, range(21, 27))]
    assert found.loc[msp, "class"].eq("secondary payer").all()
    official = pd.read_csv(
        shared_data / "codes" / "line_processing_indicator.csv", dtype=str, encoding="utf-8"
    )
    assert set(official["code"]) <= set(found.index)
    claim = frame("carrier_payment_denial").set_index("code")
    official = pd.read_csv(shared_data / "codes" / "carrier_payment_denial.csv", dtype=str)
    assert set(official["code"]) - {"~"} <= set(claim.index)
    assert claim.loc[["0", "1", "2"], "class"].tolist() == ["denied", "allowed", "allowed"]


def test_the_share_of_denied_lines_in_real_claims(shared_data: Path) -> None:
    lines = pd.read_csv(shared_data / "desynpuf_2008" / "carrier_lines.csv.gz", dtype=str)
    classes = lines["LINE_PRCSG_IND_CD"].map(frame("line_processing_indicators").set_index("code")["class"])
    assert set(lines["LINE_PRCSG_IND_CD"][classes.isna()]) == {"2"}  # one stray cell that no code book has
    # 11.5 % of lines; 11.6 % with the reprocessed ones
    assert len(lines) == 13_378
    assert classes.value_counts()[["denied", "reprocessed"]].tolist() == [1536, 16]


def test_claim_status_and_places(shared_data: Path) -> None:
    status = frame("claim_status_codes").set_index("code")
    assert status.loc[["1", "2", "3", "19", "20", "21"], "class"].eq("processed").all()
    assert status.loc[["4", "22", "23"], "class"].tolist() == ["denied", "reversal", "forwarded"]
    assert set(status.index[status["forwarded"]]) == {"19", "20", "21", "23"}
    official = pd.read_csv(shared_data / "codes" / "place_of_service.csv", dtype=str)
    used = official.loc[
        ~official["definition" if "definition" in official else "display"].fillna("").eq("x"), :
    ]
    used = used[~used["display"].str.startswith(("UNASSIGNED", "NO DESC"))]
    places = frame("place_of_service").set_index("code")
    assert set(places.index) == set(used["code"])
    assert places.loc[["11", "21", "23"], "setting"].tolist() == ["nonfacility", "facility", "facility"]
    assert frame("bill_types").set_index("prefix").loc[["11", "13"], "setting"].tolist() == [
        "inpatient",
        "outpatient",
    ]


def test_ranges_do_not_overlap() -> None:
    for name in (
        "cpt_sections",
        "hcpcs_groups",
        "icd10cm_chapters",
        "icd9cm_chapters",
        "icd9_procedure_chapters",
    ):
        found = frame(name).sort_values("first")
        assert (found["first"] <= found["last"]).all(), name
        # CPT's letters end the code, so that only ranges of one letter compare
        for _, group in found.groupby(found["first"].str[4:].str.strip("0123456789")):
            assert (group["first"].iloc[1:].to_numpy() > group["last"].iloc[:-1].to_numpy()).all(), name


def test_families_are_short_enough_for_an_axis() -> None:
    for name, column in (
        ("icd10cm_chapters", "family"), ("icd9cm_chapters", "family"), ("cpt_sections", "section"), ("hcpcs_groups", "name"),
    ):  # fmt: skip
        assert frame(name)[column].str.len().max() <= 30
    assert set(frame("icd9cm_chapters")["family"]) <= set(frame("icd10cm_chapters")["family"])


# Replacement ------------------------------------------------------------------------------------------------


def test_a_user_may_replace_a_table(tmp_path: Path) -> None:
    mine = frame("group_codes").assign(note="ours")[["note", "who_bears_it", "meaning", "group_code"]]
    file = tmp_path / "mine.csv"
    mine.to_csv(file, index=False)
    for data in (mine, pa.Table.from_pandas(mine), file, str(file)):
        found = reference.replacement("group_codes", data)
        assert found.column_names == ["group_code", "meaning", "who_bears_it", "note"]
        assert found.drop_columns("note").equals(reference.table("group_codes"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="kind"), r"carc_categories: no column \['kind'\]"),
        (lambda t: t.assign(is_denial="perhaps"), "column 'is_denial' is not bool"),
        (lambda t: pd.concat([t, t.tail(1)]), r"\['carc'\] repeats: \['Y3'\]"),
        (
            lambda t: t.assign(carc=t["carc"].where(t["carc"] != "2", "")),
            r"1 rows have no \['carc'\]; the first is row 2",
        ),
        (
            lambda t: t.assign(carc=t["carc"].where(t["carc"] != "2")),
            r"1 rows have no \['carc'\]; the first is row 2",
        ),
    ],
    ids=["column", "type", "repeated", "empty", "missing"],
)
def test_a_replacement_that_does_not_fit_is_refused(change, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        reference.replacement("carc_categories", change(frame("carc_categories")))


def test_a_replacement_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as the reference table group_codes"):
        reference.replacement("group_codes", tmp_path / "absent.csv")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(io.BytesIO(b"group_code,meaning,who_bears_it\na,b\n\x00\xff,c\n").getvalue())
    with pytest.raises(InputError, match="cannot be read"):
        reference.replacement("group_codes", broken)
