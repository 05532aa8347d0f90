"""The explorer of both ledgers: families, codes, siblings and providers as the analyses say."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import charts, disclosure, specificity
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.explore.two_ledgers_explorer import TwoLedgersExplorer
from cpticd.reference import traits
from cpticd.specificity.priced import priced
from cpticd.specificity.siblings import specific_siblings

FAMILY = "diagnosis_family"
GAPS = ("lapsed", "unspecified", "combination")


@pytest.fixture(scope="module")
def claims() -> Iterator[Claims]:
    yield cx.simulate(180, 7).claims


@pytest.fixture(scope="module")
def gaps(claims: Claims) -> pd.DataFrame:
    return cx.risk.gaps(claims, year=2025, kinds=GAPS)


@pytest.fixture(scope="module")
def impact(claims: Claims, gaps: pd.DataFrame) -> pd.DataFrame:
    return cx.risk.impact(claims, gaps, payment_year=2026)


@pytest.fixture(scope="module")
def opened(claims: Claims, gaps: pd.DataFrame, impact: pd.DataFrame) -> TwoLedgersExplorer:
    return cx.explore.two_ledgers(claims, gaps, impact=impact, base_rate=900)


@pytest.fixture
def explorer(opened: TwoLedgersExplorer) -> TwoLedgersExplorer:
    opened.state = {
        "values": {c.name: c.default for c in opened._controls if c.kind != "button"},
        "extra": {},
    }
    return opened


def part(explorer: TwoLedgersExplorer, name: str) -> dict[str, Any]:
    return next(one for one in explorer.board.parts if one["name"] == name)


def happen(explorer: TwoLedgersExplorer, **event: Any) -> None:
    explorer.board.event = {**event, "n": int(explorer.board.event.get("n", 0)) + 1}


def test_it_opens_with_what_the_analysis_says(
    claims: Claims, gaps: pd.DataFrame, impact: pd.DataFrame, explorer: TwoLedgersExplorer
) -> None:
    told = specificity.two_ledgers(claims, gaps, impact=impact, base_rate=900)
    pd.testing.assert_frame_equal(explorer.data, told, check_exact=False, atol=0.01)
    assert cx.contract(explorer.data)["base_rate"] == 900
    assert explorer.figure.to_json() == charts.two_ledgers(explorer.data).to_json()


def test_the_base_rate_is_a_control(explorer: TwoLedgersExplorer) -> None:
    at_900 = explorer.data
    explorer.choose(base_rate=1800)
    np.testing.assert_allclose(explorer.data["expected_dollars"], 2 * at_900["expected_dollars"], atol=0.01)
    assert explorer.data[FAMILY].tolist() == at_900[FAMILY].tolist()
    explorer.choose(base_rate=0)
    assert explorer.data["expected_dollars"].isna().all()
    assert "score" in explorer.figure.layout.yaxis.title.text
    assert part(explorer, "tiles")["tiles"][4]["note"] == "raw score"


def test_ledgers_at_another_base_rate_need_a_first_one(explorer: TwoLedgersExplorer) -> None:
    with pytest.raises(ArgumentError, match="base_rate"):
        priced(explorer.data.drop(columns="expected_dollars"), 5.0)
    with pytest.raises(ArgumentError, match="above 0"):
        priced(explorer.data, -5.0)
    no_dollars = priced(explorer.data, None)
    with pytest.raises(ArgumentError, match="base_rate None"):
        priced(no_dollars, 5.0)


def test_several_families_are_opened_together(explorer: TwoLedgersExplorer) -> None:
    families = explorer.data[FAMILY].tolist()[:2]
    lines = []
    for chosen in (*families, families):
        explorer.choose(**{FAMILY: chosen})
        lines.append((len(explorer.codes), len(explorer.categories), explorer.providers["unspecified"].sum()))
    assert lines[2] == tuple(sum(each) for each in zip(*lines[:2], strict=True))
    assert set(explorer.selection[FAMILY]) == set(families)
    assert part(explorer, "codes")["title"].startswith(" + ".join(explorer.value(FAMILY)))


def test_a_family_opens_its_codes_and_providers(claims: Claims, explorer: TwoLedgersExplorer) -> None:
    happen(explorer, kind="row", part="families", row=1)
    family = explorer.data[FAMILY].iloc[1]
    assert explorer.chosen == {FAMILY: family}
    dates = ("2025-01-01", "2025-12-31")
    assert explorer.selection == {"dates": dates, FAMILY: family}
    chosen = claims.where(dates=dates)
    told = specificity.share(chosen, by=[FAMILY, "diagnosis_code"])
    told = told[(told[FAMILY] == family) & (told["with_specific"] > 0)].set_index("diagnosis_code")
    codes = explorer.codes.set_index("diagnosis_code")
    assert set(codes.index) == set(told.index)
    assert codes["unspecified_lines"].to_dict() == told["unspecified_lines"].to_dict()
    assert codes["title"].notna().all()
    by_npi = specificity.share(chosen, by=[FAMILY, "rendering_npi"])
    by_npi = by_npi[(by_npi[FAMILY] == family) & (by_npi["unspecified"] > 0)]
    assert sorted(explorer.providers["unspecified"]) == sorted(by_npi["unspecified"])
    own = explorer.categories
    assert own["unspecified_lines"].sum() >= explorer.data["unspecified_lines"].iloc[1]
    assert part(explorer, "tiles")["tiles"][0]["value"] == f"{explorer.data['unspecified_lines'].iloc[1]:,}"
    custom = next(
        point for trace in part(explorer, "ledgers")["figure"]["data"] for point in trace["customdata"]
        if point[0] == family
    )  # fmt: skip
    happen(explorer, kind="point", part="ledgers", custom=custom)  # the same again
    assert explorer.chosen == {}


def test_a_code_opens_its_specific_siblings(explorer: TwoLedgersExplorer) -> None:
    happen(explorer, kind="row", part="families", row=1)
    happen(explorer, kind="row", part="codes", row=0)
    code = explorer.chosen["code"]
    assert code == explorer.codes["diagnosis_code"].iloc[0]
    assert set(explorer.siblings["code"]) == set(specific_siblings(code)["code"])
    used = explorer.siblings["claims_here"]
    assert used.is_monotonic_decreasing
    assert code in part(explorer, "siblings")["title"]
    with pytest.raises(ArgumentError, match="code"):
        explorer.state = {"values": {}, "extra": {"code": "ZZZ"}}


@pytest.mark.parametrize(
    ("code", "some", "count"),
    [
        ("I50.9", "I5021", 17),
        ("S72.009A", "S72021A", 18),
        ("C189", "C180", 9),
        ("I50.21", "", 0),
        ("nonsense", "", 0),
    ],
)
def test_specific_codes_beside_an_unspecified_one(code: str, some: str, count: int) -> None:
    found = specific_siblings(code)
    assert len(found) == count
    assert not some or some in found["code"].tolist()
    classified = traits.classify(found["code"])
    assert not classified["unspecified"].fillna(False).any()


def test_which_families_are_shown(explorer: TwoLedgersExplorer) -> None:
    whole = explorer.data
    explorer.choose(show="gaps")
    assert len(explorer.data) == (whole["gaps"].fillna(0) > 0).sum() < len(whole)
    explorer.choose(show="twice", denials="all")
    assert len(explorer.data) == whole["pays_twice"].sum()


def test_the_export_hides_families_of_few_persons(explorer: TwoLedgersExplorer, tmp_path: Path) -> None:
    with explorer.export(tmp_path / "ledgers.csv").open(encoding="utf-8-sig") as file:
        rows = {row[FAMILY]: row for row in csv.DictReader(file)}
    small = explorer.data.set_index(FAMILY)["persons"].between(1, 10)
    assert small.any() and not small.all()
    assert {rows[name]["unspecified_lines"] for name in small.index[small]} == {"suppressed"}
    assert any(rows[name]["persons"] != "suppressed" for name in small.index[~small])


def test_gaps_without_a_contract_need_an_impact(claims: Claims, gaps: pd.DataFrame) -> None:
    bare = gaps.copy()
    bare.attrs = {}
    with pytest.raises(ArgumentError, match="impact"):
        cx.explore.two_ledgers(claims, bare)


def test_tiles_are_kept_as_far_as_the_families_behind_them_are(explorer: TwoLedgersExplorer) -> None:
    shown = {tile["label"]: tile["value"] for tile in part(explorer, "tiles")["tiles"]}
    kept = {tile["label"]: tile["value"] for tile in explorer.shareable_tiles()}
    assert kept.keys() == shown.keys()
    assert kept["Lines with an unspecified code"] == "suppressed", "families of few persons are among them"
    with disclosure.using(minimum=1):
        assert {tile["label"]: tile["value"] for tile in explorer.shareable_tiles()} == shown
    data = explorer.data
    large = data.loc[data["denial_persons"].idxmax(), FAMILY]
    explorer.choose(diagnosis_family=large)
    kept = {tile["label"]: tile["value"] for tile in explorer.shareable_tiles()}
    lines = data.set_index(FAMILY).loc[large, "unspecified_lines"]
    assert kept["Lines with an unspecified code"] in (f"{lines:,}", "suppressed")


def test_a_year_or_gaps_are_given(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="the year of service to find them in"):
        cx.explore.two_ledgers(claims)


def test_a_selection_stands_for_both_ledgers(
    claims: Claims, gaps: pd.DataFrame, impact: pd.DataFrame
) -> None:
    part_of = claims.where(payer="Birch Advantage", dates=("2025-02-01", "2025-12-31"))
    page = cx.explore.two_ledgers(part_of, gaps, impact=impact, base_rate=900)
    expected = specificity.two_ledgers(part_of, gaps, impact=impact, base_rate=900)
    pd.testing.assert_frame_equal(page.data, expected, check_exact=False, atol=0.02)
    assert page.selection == {}
    assert page.claims is part_of
