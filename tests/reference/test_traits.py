"""What codes leave open: read by hand, by another reading of the published list, and as properties that must hold."""

from __future__ import annotations

import importlib.util
import re

import pandas as pd
import pytest

from cpticd import reference
from cpticd.reference import traits
from tests.conftest import ROOT

#: Read by hand from the tabular list. u: unspecified, +c: of more than the side, alternative: or of something else;
#: specific: number of specific codes beside it; open: what else is missing.
BY_HAND = """
    code    | u   | specific | side        | other   | episode    | open
    S72009A | u+c | 18       | unspecified |         | initial    |
    S72001A | u+c | 18       | right       | S72002A | initial    |
    S72032A |     | 0        | left        | S72031A | initial    |
    S72009S | u+c | 18       | unspecified |         | sequela    |
    S72032D |     | 0        | left        | S72031D | subsequent |
    M1710   | u   | 2        | unspecified |         |            |
    M1711   |     | 0        | right       | M1712   |            |
    M170    |     | 0        | bilateral   |         |            |
    C50919  | u+c | 34       | unspecified |         |            |
    C50419  | u   | 2        | unspecified |         |            |
    C50111  |     | 0        | right       | C50112  |            |
    H02009  | u+c | 20       | unspecified |         |            |
    H02104  | u+c | 20       | left        | H02101  |            |
    H30121  |     | 0        | right       | H30122  |            |
    M24875  |     | 0        | left        | M24874  |            |
    H540X33 |     | 0        | bilateral   |         |            |
    T23039A | u+c | 96       | unspecified |         | initial    | severity
    M84459A | u+c | 3        | unspecified |         | initial    |
    M179    | u+c | 8       | unspecified |         |            |
    M79603  | u   | 4        | unspecified |         |            |
    S37429A | u+c | 2        | unspecified |         | initial    |
    C3491   | u+c | 9        | right       | C3492   |            |
    I70209  | u+c | 29       | unspecified |         |            |
    N83209  | u+c | 2        | unspecified |         |            |
    Z9010   | u   | 3        | unspecified |         |            |
    G8190   | u+c | 8        | unspecified |         |            |
    G8191   | u+c | 8        | right       | G8192   |            |
    I501    | u+c | 17       |             |         |            | acuity
    I50814  |     | 0        |             |         |            |
    I447    | u+c | 7        |             |         |            |
    I4510   | u+c | 1        |             |         |            |
    I2101   |     | 0        |             |         |            |
    K5150   |     | 0        |             |         |            |
    R1031   |     | 0        |             |         |            |
    Q2547   |     | 0        |             |         |            |
    S36500A | u+c | 20       |             |         | initial    |
    T81500A | u+c | 36       |             |         | initial    |
    S31100A | u+c | 40       |             |         | initial    |
    I509    | u+c | 17       |             |         |            | acuity
    I5020   | u+c | 3        |             |         |            | acuity
    I5021   |     | 0        |             |         |            |
    J9600   | u+c | 2        |             |         |            |
    J9690   | u+c | 6        |             |         |            | acuity
    K259    | u+c | 5        |             |         |            | acuity
    J40     | u+c | 0        |             |         |            | acuity
    R52     | u+c | 0        |             |         |            | acuity
    N19     | u+c | 0        |             |         |            | acuity
    J449    | u+c | 4        |             |         |            |
    J45909  | u+c | 3        |             |         |            | severity
    J4530   |     | 0        |             |         |            |
    N189    | u+c | 7        |             |         |            | severity
    F329    | u+c | 8        |             |         |            | severity
    F32A    | u+c | 8        |             |         |            | severity
    E46     | u+c | 0        |             |         |            | severity
    E11319  | u+c | 41       |             |         |            | severity
    L89159  | u+c | 6        |             |         |            | severity
    L89150  |     | 0        |             |         |            |
    H4010X0 | u+c | 51       |             |         |            | severity
    E785    | u+c | 13       |             |         |            |
    E7849   |     | 0        |             |         |            |
    E119    |     | 0        |             |         |            |
    N390    | u+c | 12       |             |         |            |
    I10     |     | 0        |             |         |            |
    R69     | u+c | 0        |             |         |            |
    F99     | u+c | 0        |             |         |            |
    Z0000   |     | 0        |             |         |            |
    Z7902   |     | 0        |             |         |            |
    K4090   |     | 0        |             |         |            |
    M75121  |     | 0        | right       | M75122  |            |
    M545    |     | 0        |             |         |            |
    M5450   | u+c | 2        |             |         |            |
    I129    | u+c alternative | 1 |        |         |            |
    K254    | u+c alternative | 5 |        |         |            |
    C770    | u+c alternative | 0 |        |         |            |
    C779    | u+c | 0        |             |         |            |
    O3111X0 |     | 0        |             |         |            |
    O3110X0 | u+c | 21       |             |         |            |
"""
#: What a plain search for the words finds, and is not meant: of one fetus; and what the list's seventh characters
#: say in full, and the official title of the code leaves out.
NOT_MEANT = r"not applicable or unspecified|initial encounter for open fracture nos"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return traits.diagnosis().to_pandas().set_index("diagnosis_code")


@pytest.fixture(scope="module")
def title() -> pd.Series:
    rows = reference.table("icd10cm").to_pandas()
    return rows[(rows["kind"] == "code") & rows["billable"]].set_index("code")["title"]


def by_hand() -> list[list[str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in BY_HAND.strip().splitlines()]
    return lines[1:]


@pytest.mark.parametrize("line", by_hand(), ids=lambda line: line[0])
def test_codes_read_by_hand(table: pd.DataFrame, line: list[str]) -> None:
    code, words, specific, side, other, episode, missing = line
    row = table.loc[code]
    assert row["unspecified"] == words.startswith("u")
    assert row["condition_unspecified"] == ("+c" in words)
    assert row["alternative"] == ("alternative" in words)
    assert (row["specific_codes"], row["specific_sibling"]) == (int(specific), int(specific) > 0)
    assert (row["laterality"], row["other_side_code"], row["episode"]) == (side, other, episode)
    assert row["laterality_missing"] == (side == "unspecified")
    found = [name for name in ("severity", "acuity", "episode") if row[f"{name}_missing"]]
    assert found == missing.split()


def test_another_reading_of_the_published_list_finds_the_same_unspecified_codes(table: pd.DataFrame) -> None:
    published = pytest.importorskip("simple_icd_10_cm")
    codes = [c for c in published.get_all_codes(with_dots=False) if c in table.index and published.is_leaf(c)]
    titles: dict[str, str] = {}
    for code in codes:
        titles[code] = re.sub(NOT_MEANT, "", published.get_description(code).lower())
    found = {c for c, text in titles.items() if "unspecified" in text or re.search(r"\bnos\b", text)}
    ours = set(table.index[table["unspecified"]]) & set(codes)
    assert len(codes) > 70_000
    assert found <= ours
    # The rest says it in other words.
    assert {re.search(r"not (otherwise )?specified", titles[code])[0] for code in ours - found} == {
        "not specified", "not otherwise specified",
    }  # fmt: skip
    assert len(ours - found) < 20


def test_the_seventh_character_tells_the_episode(table: pd.DataFrame) -> None:
    """Official guideline: A, B, C initial; S sequela; the other letters subsequent."""
    found = table[table["episode"] != ""]
    letters = found.index.str[-1]
    expected = letters.map(lambda c: "sequela" if c == "S" else "initial" if c in "ABC" else "subsequent")
    assert (found["episode"] == expected).all()
    rest = table[(table["episode"] == "") & (table.index.str.len() == 7)]
    # Of a corneal transplant the seventh character is the eye.
    assert set(rest.index[rest.index.str.match("[ST][0-9]")].str[:5]) == {"T8684"}


def test_every_side_has_the_other_and_back(table: pd.DataFrame) -> None:
    sided = table[table["laterality"].isin(["right", "left"])]
    back = table["other_side_code"].reindex(sided["other_side_code"]).to_numpy()
    assert (back == sided.index).all()
    other = table["laterality"].reindex(sided["other_side_code"]).to_numpy()
    assert (other != sided["laterality"]).all()
    assert (table.loc[~table.index.isin(sided.index), "other_side_code"] == "").all()
    # One category each, and the same episode.
    assert (sided.index.str[:3] == sided["other_side_code"].str[:3]).all()


def test_a_side_that_a_title_names_is_not_passed_over(table: pd.DataFrame, title: pd.Series) -> None:
    """By words alone: what the table calls no side are parts that there are once, and the verb."""
    named = title[title.str.contains(r"\b(?:right|left)\b", case=False)]
    none = title[named.index[(table["laterality"].reindex(named.index) == "").to_numpy()]].str.lower()
    once = (
        "heart|ventric|bundle|fascicular|aortic|coronary|colitis|vena cava|quadrant|colon|accidentally left"
    )
    assert none.str.contains(once).all()
    assert (none.str.contains("accidentally left") | ~none.str.contains("eye|ear,|knee|breast")).all()


def test_a_specific_code_is_no_more_unspecified_and_of_the_same_category(table: pd.DataFrame) -> None:
    counted = table[table["specific_codes"] > 0]
    assert counted["unspecified"].all()
    assert (counted["specific_parent"].str[:3] == counted.index.str[:3]).all()
    example = counted.loc["S72009A"]
    beside = table.index.str.startswith(example["specific_parent"]) & table.index.str.endswith("A")
    assert example["specific_codes"] == (beside & ~table["unspecified"]).sum()


def test_what_is_open_follows_from_unspecified(table: pd.DataFrame) -> None:
    for column in ("condition_unspecified", "alternative", "specific_sibling", "laterality_missing"):
        assert table.loc[table[column], "unspecified"].all()
    assert table.loc[table["severity_missing"] | table["acuity_missing"], "unspecified"].all()
    assert not table["episode_missing"].any()


def test_codes_without_their_seventh_character() -> None:
    rows = traits.incomplete().to_pandas().set_index("diagnosis_code")
    assert rows.loc[["S72009", "S0100", "M80051", "W19"], "episode_missing"].all()
    # Of these the character tells the fetus and the stage.
    assert not rows.loc[["O3110", "H4010"], "episode_missing"].any()
    assert not rows.index.isin(traits.diagnosis()["diagnosis_code"].to_pylist()).any()


def test_the_table_is_what_the_script_makes(table: pd.DataFrame) -> None:
    """On some categories; the words for paired parts are learned from all titles, so these have enough of them."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "data" / "build_diagnosis_traits.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    releases = build.releases()
    assert list(releases) == ["FY2021 January", "FY2025 April", "FY2026 April"]
    codes = releases["FY2026 April"]
    some = codes[
        codes["code"].str[:3].isin(["S72", "I50", "J45", "C50", "H02", "N18", "K25", "M17", "R10", "I12"])
    ]
    derived = traits.derive(some).set_index("diagnosis_code")
    derived = derived[derived["billable"]].drop(columns="billable")
    pd.testing.assert_frame_equal(derived, table.loc[derived.index], check_dtype=False, check_names=False)
    assert len(derived) > 1_500


def test_codes_of_an_older_release_are_there(table: pd.DataFrame) -> None:
    assert table.loc["M545", "specific_codes"] == 0
    assert table.loc["I2722"].name == "I2722"
    assert table.index.is_unique
    assert table.index.is_monotonic_increasing
