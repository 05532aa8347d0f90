"""The view of drivers on the page of denials, without a browser: what is found, what a click opens, the way back."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cpticd import denials
from cpticd.claims import Claims
from cpticd.explore.denials_explorer import DenialsExplorer
from tests.explore.test_denials import choices, click, part


@pytest.fixture
def of_drivers(opened: DenialsExplorer) -> DenialsExplorer:
    """The page where the drivers of all lines are shown."""
    defaults = {control.name: control.default for control in opened._controls if control.kind != "button"}
    opened.state = {"values": defaults | {"min_lines": 11, "view": "drivers"}, "extra": {}}
    return opened


def test_the_view_of_drivers_shows_what_the_analysis_finds(
    of_drivers: DenialsExplorer, claims: Claims
) -> None:
    assert [each["name"] for each in of_drivers.board.parts] == ["tiles", "where", "drivers", "rates"]
    found = denials.drivers(claims, min_lines=11)
    pd.testing.assert_frame_equal(of_drivers.drivers, found)
    assert len(part(of_drivers, "drivers")["table"]["rows"]) == len(found) > 0
    assert part(of_drivers, "drivers")["table"]["rows"][0][0] == found["payer"].iloc[0]
    assert part(of_drivers, "rates")["clickable"]
    json.dumps(of_drivers.board.parts, allow_nan=False)


def test_a_driver_opens_its_pairs_and_the_button_goes_back(of_drivers: DenialsExplorer) -> None:
    found = of_drivers.drivers
    place = int(found["payer"].notna().to_numpy().nonzero()[0][0])
    click(of_drivers, kind="row", part="drivers", row=place)
    assert of_drivers.selection == {"payer": found["payer"].iloc[place]}
    assert of_drivers.values["view"] == "pairs"
    assert found["payer"].iloc[place] in part(of_drivers, "where")["text"]
    click(of_drivers, kind="button", part="where", name="drivers")
    assert (of_drivers.selection, of_drivers.values["view"]) == ({}, "drivers")
    assert part(of_drivers, "drivers")["kind"] == "chart"


def test_a_cell_of_the_map_opens_the_pairs_of_its_procedure(of_drivers: DenialsExplorer) -> None:
    cell = of_drivers.data["hcpcs_code"].iloc[0]
    payer = choices(of_drivers, "payer")[0]
    click(of_drivers, kind="point", part="rates", custom=[payer, cell, "hover"])
    assert of_drivers.selection == {"payer": payer}
    assert set(of_drivers.data["hcpcs_code"]) <= {cell}
    again = {"values": of_drivers.state["values"], "extra": of_drivers.state["extra"]}
    of_drivers.state = again
    assert of_drivers.state == again
    click(of_drivers, kind="button", part="where", name="drivers")
    click(of_drivers, kind="point", part="rates", custom=["", ""])
    assert of_drivers.values["view"] == "drivers"


def test_drivers_are_worked_out_once_for_a_selection_and_until_then_the_page_says_so(
    of_drivers: DenialsExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert of_drivers.work() is None
    monkeypatch.setattr(of_drivers, "_drivers", {})
    assert [each["kind"] for each in of_drivers.parts()] == ["tiles", "bar", "text", "text"]
    work = of_drivers.work()
    assert work is not None
    work()
    assert {each["name"]: each["kind"] for each in of_drivers.later()}["drivers"] == "chart"
