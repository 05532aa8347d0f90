"""The explorer of risk adjustment: what it shows is what the analyses say, for every filter and click."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import charts, disclosure
from cpticd.charts import timeline as risk_timeline
from cpticd.claims import Claims
from cpticd.core.contract import amend, attach
from cpticd.core.errors import ArgumentError
from cpticd.explore import tiles
from cpticd.explore.risk_assessment import Assessment
from cpticd.explore.risk_explorer import RiskExplorer
from cpticd.risk.review import persons, review, selected

#: What the analyses returned when the explorer was opened, by their names.
SAID: dict[str, pd.DataFrame] = {}


@pytest.fixture(scope="module")
def claims() -> Iterator[Claims]:
    yield cx.simulate(150, 11).claims


@pytest.fixture(scope="module")
def explorer(claims: Claims) -> RiskExplorer:
    def told(name: str) -> Any:
        analysis = getattr(cx.risk, name)

        def listen(*given: Any, **options: Any) -> pd.DataFrame:
            SAID[name] = analysis(*given, **options)
            return SAID[name].copy()

        return listen

    with pytest.MonkeyPatch.context() as patch:
        for name in ("gaps", "unsupported", "impact"):
            patch.setattr(cx.risk, name, told(name))
        return cx.explore.risk(claims, year=2025, base_rate=1000)


@pytest.fixture(autouse=True)
def as_opened(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "explorer" in request.fixturenames:
        found: RiskExplorer = request.getfixturevalue("explorer")
        found.state = {
            "values": {c.name: c.default for c in found._controls if c.kind != "button"}, "extra": {}
        }  # fmt: skip


def part(explorer: RiskExplorer, name: str) -> dict[str, Any]:
    return next(one for one in explorer.board.parts if one["name"] == name)


def happen(explorer: RiskExplorer, **event: Any) -> None:
    explorer.board.event = {**event, "n": int(explorer.board.event.get("n", 0)) + 1}


IMPACT = pd.DataFrame(
    [
        ("A", "37", "Diabetes", "lapsed", "open", 0.5, 0.2, 0.1),
        ("A", "226", "Heart failure", "implied", "open", 0.25, 0.4, 0.1),
        ("B", "37", "Diabetes", "lapsed", "open", 1.0, 0.2, 0.2),
        ("B", "21", "Cancer", "unsupported", "open", 0.5, -0.8, -0.4),
        ("C", "37", "Diabetes", "lapsed", "closed by the same HCC", 0.9, 0.0, 0.0),
    ],
    columns=["person_id", "hcc", "label", "kind", "status", "confidence", "shapley_score", "expected_score"],
)


def impact() -> pd.DataFrame:
    found = IMPACT.copy()

    names = ["direction", "kind", "gaps", "persons", "score", "expected_score", "low", "high"]
    rows = [
        ("coded", "coded", 0, 9, 10.0, 10.0, 10.0, 10.0),
        ("gaps", "lapsed", 2, 2, 0.4, 0.3, -0.4, 1.0),
        ("gaps", "implied", 1, 1, 0.4, 0.1, -0.5, 0.7),
        ("gaps", "gaps", 3, 2, 0.8, 0.4, -0.1, 0.9),
        ("unsupported", "unsupported", 1, 1, -0.8, -0.4, -1.3, 0.5),
        ("reviewed", "reviewed", 4, 2, 10.0, 10.0, 9.2, 10.8),
    ]
    totals = [dict(zip(names, row, strict=True)) for row in rows]
    words = dict.fromkeys(("measure", "numerator", "denominator", "clock"), "by hand")
    return attach(found, records={"totals": totals}, **words)


def totals(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in cx.contract(frame).records["totals"]}


def test_everything_chosen_keeps_what_impact_said() -> None:
    assert totals(selected(impact())) == totals(impact())
    assert len(selected(impact())) == 4  # what is closed is nothing to review


def test_a_part_is_the_sum_of_its_shares_with_the_interval_of_its_chances() -> None:
    found = totals(selected(impact(), min_confidence=0.5))
    assert found["lapsed"] == totals(impact())["lapsed"]  # whole
    assert "implied" not in found
    half = 1.959964 * np.sqrt(0.25 * 0.2**2)
    assert found["gaps"]["expected_score"] == pytest.approx(0.3)
    assert found["gaps"]["high"] == pytest.approx(0.3 + half)
    reviewed = found["reviewed"]
    assert reviewed["expected_score"] == pytest.approx(10 + 0.3 - 0.4)
    assert reviewed["high"] - reviewed["expected_score"] == pytest.approx(np.hypot(half, 0.9), rel=1e-5)


def test_one_direction_alone() -> None:
    found = totals(selected(impact(), direction="unsupported"))
    assert set(found) == {"coded", "unsupported", "reviewed"}
    assert found["reviewed"]["expected_score"] == pytest.approx(9.6)
    assert found["reviewed"]["low"] == pytest.approx(9.6 - 0.9)
    gaps = totals(selected(impact(), direction="gaps"))
    assert gaps["gaps"] == totals(impact())["gaps"]
    with pytest.raises(ArgumentError, match="direction"):
        selected(impact(), direction="up")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"risk\.impact"):
        selected(IMPACT.drop(columns="kind"))


def test_persons_by_the_sum_of_both_directions() -> None:
    found = persons(impact()).set_index("person_id")
    assert list(found.index) == ["B", "A"]
    row = found.loc["B"]
    assert (row["gaps"], row["unsupported"], row["label"]) == (1, 1, "Cancer")
    assert (row["raise_score"], row["lower_score"]) == pytest.approx((0.2, -0.4))
    assert row["net_score"] == pytest.approx(-0.2)


def test_each_condition_with_the_evidence_of_its_own_direction() -> None:
    lists = {"evidence_claims": [["C1"]], "evidence_dates": [["2025-01-02"]]}
    gaps = pd.DataFrame(
        {"person_id": "B", "hcc": "21", "evidence": "a gap", "evidence_codes": [["C509"]], **lists}
    )
    thin = pd.DataFrame(
        {"person_id": "B", "hcc": "21", "reason": "one claim", "diagnosis_codes": [["C509"]], **lists}
    )
    rows = review(impact(), gaps, thin)
    assert rows["person_id"].tolist() == ["B", "B", "A", "A"]
    assert rows["evidence"].tolist() == ["one claim", "", "", ""]
    assert rows["evidence_codes"].tolist() == [["C509"], [], [], []]


def test_the_timeline_draws_claims_and_evidence_apart() -> None:
    coded = pd.DataFrame(
        {"hcc": "37", "label": "<b>D</b>", "diagnosis_code": "E119", "setting": "Office", "reason": ["", "void"],
         "claim_date": pd.to_datetime(["2024-05-01", "2025-02-01"]), "counted": [True, False]}
    )  # fmt: skip
    todo = pd.DataFrame(
        {"hcc": ["226"], "label": "H", "kind": "implied", "confidence": 0.4, "evidence_codes": [["93306"]],
         "evidence_dates": [["2025-03-01", "2025-04-01"]]}
    )  # fmt: skip
    fig = risk_timeline(coded, todo)
    assert {trace.name: list(trace.x) for trace in fig.data} == {
        "coded, on a claim that counts": ["2024-05-01"],
        "coded, on a claim that does not count": ["2025-02-01"],
        "Suspected: implied by a service": ["2025-03-01", "2025-04-01"],
    }
    assert fig.data[0].customdata[0][0] == "HCC 37 &lt;b&gt;D&lt;/b&gt;"
    assert [shape.x0 for shape in fig.layout.shapes] == ["2025-01-01"]
    assert list(fig.layout.yaxis.categoryarray) == ["HCC 37 <b>D</b>", "HCC 226 H"]  # to review stands on top
    assert "No condition" in risk_timeline(coded[:0], todo[:0]).layout.annotations[0].text


def test_it_opens_with_what_the_analyses_say(explorer: RiskExplorer) -> None:
    gaps, whole = SAID["gaps"], SAID["impact"]
    assert cx.contract(gaps)["year"] == 2025  # the last complete one
    assert cx.contract(explorer.impact).records["totals"] == cx.contract(whole).records["totals"]
    assert len(explorer.data) == (whole["status"] == "open").sum()
    assert explorer.figure.to_json() == charts.impact(whole).to_json()
    assert explorer.chosen == {}
    assert part(explorer, "tiles")["tiles"][1]["value"] == f"{(gaps['status'] == 'open').sum():,}"


@pytest.mark.parametrize(
    "values",
    [{"direction": "gaps"}, {"direction": "unsupported"}, {"kind": "lapsed"}, {"min_confidence": 0.6}],
)
def test_every_filter_acts_on_every_part(explorer: RiskExplorer, values: dict[str, Any]) -> None:
    before = {one["name"]: str(one) for one in explorer.board.parts}
    explorer.choose(**values)
    after = {one["name"]: str(one) for one in explorer.board.parts}
    acted = {"tiles", "waterfall", "persons"} | (set() if "kind" in values else {"matrix"})
    assert acted <= {name for name in after if after[name] != before[name]}
    rows = explorer.data
    assert 0 < len(rows) == len(explorer.impact)
    assert (rows["confidence"] >= values.get("min_confidence", 0)).all()
    if "direction" in values:
        assert (rows["kind"].eq("unsupported") == (values["direction"] == "unsupported")).all()
    assert explorer.chosen == values


def test_several_kinds_and_conditions_are_of_any_of_them(explorer: RiskExplorer) -> None:
    kinds = explorer.data["kind"].value_counts().index[:2].tolist()
    counts = explorer.data["kind"].value_counts()
    explorer.choose(kind=kinds)
    assert len(explorer.data) == len(explorer.impact) == counts[kinds].sum()
    hccs = explorer.data["hcc"].value_counts().index[:2].tolist()
    explorer.choose(hcc=hccs)
    assert set(explorer.data["hcc"]) == set(hccs)
    assert len(explorer.data) == len(explorer.impact)
    link = explorer.link
    explorer.reset()
    explorer.link = link
    assert set(explorer.value("hcc")) == set(hccs)


def test_a_cell_of_the_matrix_sets_its_filters_and_a_second_click_lifts_them(explorer: RiskExplorer) -> None:
    drawn = part(explorer, "matrix")["figure"]["data"][0]
    row, column = next(
        (i, j) for i, line in enumerate(drawn["z"]) for j, cell in enumerate(line) if cell is not None
    )
    happen(explorer, kind="point", part="matrix", x=drawn["x"][column], y=drawn["y"][row])
    assert explorer.values["kind"] == drawn["x"][column]
    assert (explorer.data["hcc"] == explorer.values["hcc"]).all()
    assert len(explorer.data) == int(drawn["customdata"][row][column][4].replace(",", ""))
    assert part(explorer, "matrix")["figure"]["data"][0]["y"] == drawn["y"]  # the others can still be clicked
    happen(explorer, kind="point", part="matrix", x=drawn["x"][column], y=drawn["y"][row])
    assert explorer.chosen == {}


def test_a_person_is_chosen_by_a_pseudonym(explorer: RiskExplorer) -> None:
    shown = part(explorer, "persons")["rows"]
    happen(explorer, kind="row", part="persons", row=2)
    assert explorer.chosen == {"person": shown[2][0]}
    assert shown[2][0].startswith("person ")
    assert explorer.person == explorer.persons["person_id"].iloc[2]
    assert set(explorer.timeline["person_id"]) <= {explorer.person}
    mine = explorer.data[explorer.data["person_id"] == explorer.person]
    assert len(part(explorer, "review")["rows"]) == len(mine)
    page = str(explorer.board.parts)
    assert not [one for one in explorer.data["person_id"].unique() if one in page]
    named = {claim for claims in mine["evidence_claims"] for claim in claims}
    assert named and not [claim for claim in named if claim in page]
    with pytest.raises(ArgumentError, match="person"):
        explorer.state = {"values": {}, "extra": {"person": "person 99999"}}


def test_the_timeline_is_of_the_claims_that_the_encounters_are(
    claims: Claims, explorer: RiskExplorer
) -> None:
    coded = cx.risk.conditions(claims, year=2025)
    mine = explorer.timeline
    counted = (
        mine[(mine["claim_date"].dt.year == 2025) & mine["counted"]]
        .groupby("diagnosis_code")["claim_id"]
        .nunique()
    )
    told = coded[(coded["person_id"] == explorer.person) & coded["counted"]].set_index("diagnosis_code")[
        "claims"
    ]
    assert counted.to_dict() == told[told.index.isin(counted.index)].to_dict()


def test_state_comes_back(explorer: RiskExplorer) -> None:
    explorer.choose(min_confidence=0.4, kind="lapsed")
    happen(explorer, kind="sort", part="persons", column="net_score")
    happen(explorer, kind="row", part="persons", row=1)
    state, shown = explorer.state, explorer.board.parts
    explorer.state = {"values": {"min_confidence": 0.0, "kind": None}, "extra": {}}
    assert explorer.board.parts != shown
    explorer.state = state
    assert explorer.board.parts == shown


def test_another_year_is_worked_out_once(explorer: RiskExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = explorer._now, []

    def assess(_: Claims, model: str, year: int, **money: Any) -> Assessment:
        asked.append((model, year, money["base_rate"]))
        other = now.impact[now.impact["kind"] == "lapsed"]
        other.attrs = dict(now.impact.attrs)
        return replace(now, impact=other, review=now.review[now.review["kind"] == "lapsed"])

    monkeypatch.setattr("cpticd.explore.risk_explorer.assess", assess)
    explorer.choose(year=2024)
    assert set(explorer.data["kind"]) == {"lapsed"}
    explorer.choose(year=2025)
    explorer.choose(year=2024)
    assert asked == [("V28", 2024, 1000)]
    explorer.choose(year=2025)
    assert len(explorer.data) == len(now.review)


def test_nothing_to_review_is_said(explorer: RiskExplorer) -> None:
    explorer.choose(direction="gaps", kind="unsupported")
    assert len(explorer.data) == 0 and explorer.person is None
    assert part(explorer, "tiles")["tiles"][0]["value"] == "0"
    assert "No gaps" in explorer.figure.layout.annotations[0].text


def test_the_export_numbers_persons_and_claims_as_the_page_does(
    explorer: RiskExplorer, tmp_path: Path
) -> None:
    rows = explorer.data
    path = explorer.export(tmp_path / "review.csv")
    with path.open(encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows)
    assert [row["person_id"] for row in found] == explorer._names.column(rows["person_id"], "person")
    text = path.read_text("utf-8")
    assert not [one for one in rows["person_id"].unique() if one in text]
    assert not [one for claims in rows["evidence_claims"] for one in claims if one in text]
    named = explorer.export(tmp_path / "named.csv", identifiers=True).read_text("utf-8")
    assert rows["person_id"].iloc[0] in named
    fallback = explorer._repr_mimebundle_()[0]["text/html"]
    assert "person 1" in fallback and rows["person_id"].iloc[0] not in fallback


def test_names_are_shown_where_the_session_says_so(explorer: RiskExplorer) -> None:
    with disclosure.using(pseudonyms=False):
        explorer.refresh()
        assert part(explorer, "persons")["rows"][0][0] == explorer.persons["person_id"].iloc[0]
        happen(explorer, kind="row", part="persons", row=1)
        assert explorer.person == explorer.persons["person_id"].iloc[1]


def test_what_cannot_be_opened(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="V22"):
        cx.explore.risk(claims, year=2025, model="V22")
    with pytest.raises(ArgumentError, match="2031"):
        cx.explore.risk(claims, year=2031)


def test_tiles_of_few_persons_are_not_kept(explorer: RiskExplorer) -> None:
    shown = part(explorer, "tiles")["tiles"]
    with disclosure.using(minimum=1):
        assert explorer.shareable_tiles() == shown
    with disclosure.using(minimum=1000):
        assert {tile["value"] for tile in explorer.shareable_tiles()} == {"suppressed"}


@pytest.mark.parametrize(
    ("coded", "reviewed", "gaps", "unsupported", "kept"),
    [(100, 40, 25, 20, True), (100, 30, 25, 20, False), (100, 40, 25, 35, False), (45, 40, 25, 20, False),
     (100, 40, 40, 0, True), (100, 40, 38, 8, False), (40, 40, 25, 20, True)],
)  # fmt: skip
def test_persons_that_follow_by_subtraction_are_few_as_well(
    coded: int, reviewed: int, gaps: int, unsupported: int, kept: bool
) -> None:
    persons = {"coded": coded, "reviewed": reviewed, "gaps": gaps, "unsupported": unsupported}
    records = [record | {"persons": persons.get(kind, 11)} for kind, record in totals(impact()).items()]
    frame = amend(impact(), {"totals": records})
    assert ({tile["value"] for tile in tiles.kept_risk(frame)} == {"suppressed"}) is not kept
