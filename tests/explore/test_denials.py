"""The explorer of denials, without a browser: what it shows is what the analyses say, for every filter and click."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import denials, disclosure
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.codes import dotted
from cpticd.core.errors import ArgumentError
from cpticd.explore.denials_explorer import CODE, FAMILY, DenialsExplorer


@pytest.fixture
def explorer(opened: DenialsExplorer) -> DenialsExplorer:
    """The explorer as it opens."""
    defaults = {control.name: control.default for control in opened._controls if control.kind != "button"}
    opened.state = {"values": defaults | {"min_lines": 11}, "extra": {}}
    return opened


def part(explorer: DenialsExplorer, name: str) -> dict[str, Any]:
    return next(each for each in explorer.board.parts if each["name"] == name)


def tiles(explorer: DenialsExplorer) -> dict[str, str]:
    return {tile["label"]: tile["value"] for tile in part(explorer, "tiles")["tiles"]}


def choices(explorer: DenialsExplorer, name: str) -> list[str]:
    spec = next(spec for spec in explorer.board.controls if spec["name"] == name)
    return [option["value"] for option in spec["options"] if option["value"] != explorer.values[name]]


def click(explorer: DenialsExplorer, **event: Any) -> None:
    explorer.board.event = event | {"n": explorer.board.event.get("n", 0) + 1}


def open_first_family(explorer: DenialsExplorer) -> list[str]:
    cell = explorer.view.by_pair(grain="family", min_lines=11).iloc[0][list(FAMILY)].tolist()
    click(explorer, kind="point", part="matrix", x=cell[1], y=cell[0], custom=[*cell, "hover"])
    return cell


def test_it_opens_with_all_parts_and_their_tables(explorer: DenialsExplorer, claims: Claims) -> None:
    names = [each["name"] for each in explorer.board.parts]
    assert names == ["tiles", "where", "matrix", "causes", "trend", "pairs"]
    for name in ("matrix", "causes", "trend"):
        assert part(explorer, name)["label"]
        assert part(explorer, name)["table"]["rows"]
    row = denials.rates(claims).iloc[0]
    assert tiles(explorer)["Adjudicated lines"] == fmt.count(row["n"])
    assert tiles(explorer)["Denied lines"] == fmt.count(row["denied"])
    assert tiles(explorer)["Denial rate"] == fmt.percent(row["rate"])
    assert tiles(explorer)["Denied dollars"] == fmt.dollars(row["denied_amount"])
    assert fmt.percent(row["rate"]) in explorer.board.said
    json.dumps(explorer.board.parts, allow_nan=False)


def test_data_are_the_pairs_of_the_analysis(explorer: DenialsExplorer, claims: Claims) -> None:
    pd.testing.assert_frame_equal(explorer.data, denials.by_pair(claims, min_lines=11), check_dtype=False)
    assert explorer.selection == {}
    assert explorer.chosen == {"min_lines": 11}


@pytest.mark.parametrize("name", ["payer", "dates", "place", "billing_npi", "category", "decision"])
def test_every_filter_of_lines_acts_on_every_part(explorer: DenialsExplorer, name: str) -> None:
    before = {each["name"]: json.dumps(each) for each in explorer.board.parts}
    value: Any = "2024-10" if name == "dates" else choices(explorer, name)[0]
    explorer.board.values = explorer.values | {name: [value, ""] if name == "dates" else value}
    for each in ("tiles", "matrix", "causes", "trend", "pairs"):
        assert json.dumps(part(explorer, each)) != before[each], each
    assert explorer.chosen[name] == ((value, None) if name == "dates" else value)


def test_the_last_month_ends_every_part(explorer: DenialsExplorer) -> None:
    explorer.choose(dates=("2024-04", "2024-06"))
    assert len(part(explorer, "trend")["table"]["rows"]) == 3
    assert tiles(explorer)["Adjudicated lines"] == fmt.count(explorer.view.trend()["n"].sum())
    assert "2024-01 to 2024-03" in part(explorer, "tiles")["tiles"][4]["note"]


@pytest.mark.parametrize(("measure", "title", "column"), [("rate", "Denial rate", "low"), ("dollars", "Denied dollars", "denied_amount")])  # fmt: skip
def test_the_measure_acts_on_every_part(
    explorer: DenialsExplorer, measure: str, title: str, column: str
) -> None:
    before = {each["name"]: json.dumps(each) for each in explorer.board.parts}
    explorer.choose(measure=measure)
    assert part(explorer, "matrix")["figure"]["layout"]["title"]["text"].startswith(title)
    assert explorer.data[column].is_monotonic_decreasing
    changed = {each["name"] for each in explorer.board.parts if json.dumps(each) != before[each["name"]]}
    assert changed >= (
        {"tiles", "matrix", "trend", "pairs"} if measure == "dollars" else {"matrix", "causes", "pairs"}
    )


def test_a_cell_opens_its_codes_and_the_button_goes_back(explorer: DenialsExplorer) -> None:
    everything = tiles(explorer)
    cell = open_first_family(explorer)
    assert [explorer.selection[name] for name in FAMILY] == cell
    assert set(explorer.data["hcpcs_family"]) == {cell[0]}
    assert set(explorer.data["diagnosis_family"]) == {cell[1]}
    figure = part(explorer, "matrix")["figure"]
    assert set(figure["data"][0]["y"]) <= set(explorer.data["hcpcs_code"])
    assert tiles(explorer)["Adjudicated lines"] != everything["Adjudicated lines"]
    assert cell[0] in part(explorer, "where")["text"]
    click(explorer, kind="button", name="back", part="where")
    assert explorer.selection == {}
    assert tiles(explorer) == everything


def test_the_keyboard_opens_the_same_cell_by_the_table_behind_the_matrix(explorer: DenialsExplorer) -> None:
    cell = open_first_family(explorer)
    click(explorer, kind="button", name="back", part="where")
    assert part(explorer, "matrix")["table"]["selectable"]
    assert part(explorer, "matrix")["table"]["rows"][0][:2] == cell
    click(explorer, kind="row", part="matrix", row=0)
    assert [explorer.selection[name] for name in FAMILY] == cell


def test_a_blank_cell_opens_nothing(explorer: DenialsExplorer) -> None:
    click(explorer, kind="point", part="matrix", x="a", y="b", custom=["", ""])
    click(explorer, kind="point", part="matrix", x="a", y="b", custom=None)
    assert explorer.selection == {}


def test_a_cause_that_is_clicked_becomes_the_filter(explorer: DenialsExplorer) -> None:
    cause = explorer.view.causes()["category"].iloc[1]
    click(explorer, kind="point", part="causes", x=1.0, y=cause)
    assert explorer.values["category"] == cause
    assert all(row[0].startswith("CARC") for row in part(explorer, "causes")["table"]["rows"])
    assert not part(explorer, "causes")["table"]["selectable"]


def test_search_sort_and_page(explorer: DenialsExplorer) -> None:
    click(explorer, kind="search", part="pairs", text="CIRCULATORY")
    assert set(explorer.data["diagnosis_family"]) == {"09 Circulatory"}
    click(explorer, kind="sort", part="pairs", column="lines")
    lines = [int(row[2].replace(",", "")) for row in part(explorer, "pairs")["rows"]]
    assert lines == sorted(lines, reverse=True)
    click(explorer, kind="sort", part="pairs", column="lines")
    assert part(explorer, "pairs")["sort"] == {"column": "lines", "descending": False}
    click(explorer, kind="search", part="pairs", text="")
    first = part(explorer, "pairs")["rows"]
    click(explorer, kind="page", part="pairs", page=1)
    assert part(explorer, "pairs")["page"] == 1
    assert part(explorer, "pairs")["rows"] != first


def test_a_pair_opens_to_its_lines_as_an_explanation_of_benefits(
    explorer: DenialsExplorer, claims: Claims
) -> None:
    click(explorer, kind="row", part="pairs", row=2)
    pair = explorer.data.iloc[2]
    assert [explorer.chosen[name] for name in CODE] == pair[list(CODE)].tolist()
    assert part(explorer, "pairs")["selected"] == 2
    lines = part(explorer, "lines")
    assert [column["label"] for column in lines["columns"][4:]] == ["What was done", "Why", "What the payer said", "Who owes what"]  # fmt: skip
    assert fmt.count(pair["lines"]) in lines["note"]
    (written,) = dotted([pair["diagnosis_code"]])
    for row in lines["rows"]:
        assert row[4].startswith(pair["hcpcs_code"])
        assert written in row[5]
        assert "charged" in row[7]
    assert lines["rows"][0][0] == "claim 1"
    shown = json.dumps(lines)
    names = claims.query("SELECT claim_id FROM claims UNION SELECT person_id FROM claims")["claim_id"]
    assert not [name for name in names if name in shown]
    click(explorer, kind="page", part="lines", page=1)
    assert part(explorer, "lines")["page"] == 1
    assert part(explorer, "lines")["rows"] != lines["rows"]


def test_the_export_is_the_filtered_worklist(explorer: DenialsExplorer, tmp_path: Path) -> None:
    explorer.choose(payer=choices(explorer, "payer")[0])
    click(explorer, kind="button", name="export")
    text = base64.b64decode(explorer.board.download["content"]).decode("utf-8-sig")
    found = pd.read_csv(io.StringIO(text))
    assert len(found) == len(explorer.worklist())
    assert found["denied_amount"].sum() == pytest.approx(explorer.view.rates()["denied_amount"].iloc[0])
    assert set(found["payer"]) == {explorer.values["payer"]}
    assert found["person_id"].str.startswith("person ").all()
    named = pd.read_csv(explorer.export(tmp_path / "lines.csv", identifiers=True))
    assert named["claim_id"].tolist() == explorer.worklist()["claim_id"].tolist()


def test_a_pair_that_is_open_is_what_is_exported(explorer: DenialsExplorer) -> None:
    click(explorer, kind="row", part="pairs", row=0)
    pair = explorer.data.iloc[0]
    found = explorer.worklist()
    assert (found["outcome"] == "denied").sum() == pair["denied_lines"]
    assert set(found["hcpcs_code"]) == {pair["hcpcs_code"]}
    assert found["diagnosis_codes"].str.contains(pair["diagnosis_code"]).all()


def test_the_state_of_a_click_comes_back(explorer: DenialsExplorer) -> None:
    explorer.choose(payer=choices(explorer, "payer")[1], measure="dollars")
    open_first_family(explorer)
    click(explorer, kind="row", part="pairs", row=0)
    click(explorer, kind="sort", part="pairs", column="persons")
    state, parts = json.loads(json.dumps(explorer.state)), json.dumps(explorer.board.parts)
    click(explorer, kind="button", name="back", part="where")
    explorer.choose(payer=None, measure="excess")
    assert json.dumps(explorer.board.parts) != parts
    explorer.state = state
    assert explorer.state == state
    assert json.dumps(explorer.board.parts) == parts


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"values": {"payer": "nobody"}}, "payer: found 'nobody'"),
        ({"values": {"measure": "weight"}}, "measure: found 'weight'"),
        (
            {"values": {"dates": ["2031-01", ""]}},
            r"dates: found \['2031-01', ''\]; lines are dated from 2024-01-01 to 2025-12-31",
        ),
        ({"values": {"payer": [3.5]}}, "payer: found 3.5"),
        ({"extra": {"service": -1}}, "service: found -1; give the number of a line"),
        ({"values": {"dates": ("2024-05", "2024-02")}}, "first day 2024-05-01 is after the last, 2024-02-29"),
        ({"values": {"dates": "2024-02"}}, r"give \(first, last\)"),
        (
            {"extra": {"hcpcs_family": "Magic", "diagnosis_family": "09 Circulatory"}},
            "hcpcs_family: found 'Magic'",
        ),
        ({"extra": {"hcpcs_family": "Magic"}}, "diagnosis_family: found None"),
        ({"extra": {"hcpcs_code": "99213", "diagnosis_code": "nothing"}}, "diagnosis_code: found 'nothing'"),
    ],
)
def test_a_state_that_cannot_be_is_refused(
    explorer: DenialsExplorer, state: dict[str, Any], found: str
) -> None:
    before = explorer.state
    with pytest.raises(ArgumentError, match=found):
        explorer.state = state
    assert explorer.state == before


def test_a_period_that_ends_before_it_begins_is_taken_back_and_said(explorer: DenialsExplorer) -> None:
    explorer.board.values = explorer.values | {"dates": ["2024-05", "2024-02"]}
    assert explorer.values["dates"] == ["", ""]
    assert "2024-05" in explorer.board.said
    assert "2024-02" in explorer.board.said
    explorer.board.values = explorer.values | {"dates": ["2024-05", "2024-06"]}
    assert explorer.selection == {"dates": ("2024-05", "2024-06")}
    assert len(explorer.board.parts) == 6


def test_filters_that_leave_nothing_say_which_they_are(explorer: DenialsExplorer) -> None:
    payer = choices(explorer, "payer")[-1]
    explorer.choose(payer=payer, place=choices(explorer, "place")[-1], dates=("2025-12-03", None))
    assert [each["name"] for each in explorer.board.parts] == ["tiles", "where", "dead-end"]
    (words,) = part(explorer, "dead-end")["paragraphs"]
    assert f"“Payer” ({payer}" in words
    assert "“Service” (2025-12-03 to …)" in words
    assert explorer.data.empty
    json.dumps(explorer.board.parts, allow_nan=False)
    explorer.undo()
    explorer.choose(min_lines=300, place="22")
    assert "set “Pairs of at least” lower" in part(explorer, "pairs")["note"]


def test_what_is_saved_with_a_notebook_is_protected(explorer: DenialsExplorer, claims: Claims) -> None:
    assert explorer.figure.data[0].type == "heatmap"
    persons = explorer.view.by_pair(grain="family", min_lines=11)
    small = persons[(persons["persons"] < 11)]
    assert len(small)
    drawn = explorer.figure.data[0]
    at = {(y, x): drawn.z[i][j] for i, y in enumerate(drawn.y) for j, x in enumerate(drawn.x)}
    for row in small.itertuples():
        assert at.get((row.hcpcs_family, row.diagnosis_family)) is None
    assert any(value is not None for value in at.values())
    with disclosure.using(minimum=1):
        shown = explorer.figure.data[0]
        assert sum(value is not None for line in shown.z for value in line) == len(persons)
    saved = explorer._repr_mimebundle_()[0]["text/html"]
    assert "Adjudicated lines" in saved
    assert explorer.data["hcpcs_code"].iloc[0] in saved


def test_the_figure_follows_the_drill(explorer: DenialsExplorer) -> None:
    cell = open_first_family(explorer)
    with disclosure.using(minimum=1):
        assert set(explorer.figure.data[0].y) <= set(explorer.data["hcpcs_code"])
    assert cell


def test_what_is_shown_is_what_the_analyses_say_of_its_claims(
    explorer: DenialsExplorer, claims: Claims
) -> None:
    explorer.choose(payer=choices(explorer, "payer")[0], dates=("2024-03", None), place="11")
    explorer.choose(**dict(zip(FAMILY, open_first_family(explorer), strict=True)))
    assert set(explorer.selection) == {"payer", "dates", "place", *FAMILY}
    selected = claims.where(**explorer.selection)
    row = denials.rates(selected).iloc[0]
    assert 0 < row["n"] < denials.rates(claims)["n"].iloc[0]
    assert tiles(explorer)["Adjudicated lines"] == fmt.count(row["n"])
    assert tiles(explorer)["Denied dollars"] == fmt.dollars(row["denied_amount"])
    causes, trend = (getattr(explorer.view, name)(explorer.drill) for name in ("causes", "trend"))
    pd.testing.assert_frame_equal(causes, denials.causes(selected), check_dtype=False)
    pd.testing.assert_frame_equal(trend, denials.trend(selected)[trend.columns], check_dtype=False)
    assert explorer.claims.selection == selected.selection
    assert explorer.claims is explorer.claims, "made once"


def test_choices_are_made_in_the_words_in_which_they_are_read(explorer: DenialsExplorer) -> None:
    cell = open_first_family(explorer)
    click(explorer, kind="row", part="pairs", row=1)
    explorer.choose(decision="final", min_lines=100, dates=("2024-02-01", "2024-12-31"), measure="rate")
    chosen, state = explorer.chosen, explorer.state
    assert chosen["dates"] == ("2024-02", "2024-12")
    assert chosen["min_lines"] == 100
    assert [chosen[name] for name in FAMILY] == cell
    explorer.state = {"values": dict.fromkeys(["payer", "dates", "place"]) | {"measure": "excess", "decision": "initial", "min_lines": 30}, "extra": {}}  # fmt: skip
    explorer.choose(**chosen)
    assert explorer.state == state
    explorer.choose(hcpcs_family=None, diagnosis_family=None, dates=None)
    assert explorer.selection == {}
    assert not {*FAMILY, *CODE} & set(explorer.chosen)
    with pytest.raises(ArgumentError, match=r"no filter \['clock'\]; there are payer, dates"):
        explorer.choose(clock="final")
    with pytest.raises(ArgumentError, match="diagnosis_family: found None"):
        explorer.choose(hcpcs_family=cell[0])


def test_a_page_of_a_selection_has_filters_of_your_own(claims: Claims) -> None:
    part_of = claims.where(place="11")
    page = cx.explore.denials(part_of, by=["claim_type", "quarter"])
    assert [spec["name"] for spec in page.board.controls][:3] == ["claim_type", "dates", "quarter"]
    page.choose(quarter="2024-04-01")
    assert tiles(page)["Adjudicated lines"] == fmt.count(
        denials.rates(claims.where(place="11", quarter="2024-04-01"))["n"].iloc[0]
    )
    with pytest.raises(ArgumentError, match="names out of"):
        cx.explore.denials(claims, by="color")
