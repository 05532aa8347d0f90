"""How a page opens while somebody watches: its frame at once, then what was worked out, or why it could not be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from cpticd.explore import names
from cpticd.explore.board import Control
from cpticd.explore.explorer import Explorer
from cpticd.explore.notes import Notes
from tests.spec import claims_of


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(
        claims="claim_id | payer | billing_npi\nA | X | 1\nB | X | 1\nC | Y | 2",
        lines="claim_id | claim_line_number\nA | 1\nB | 1\nC | 1",
    )


class Waits(Explorer):
    """Is worked out when it is told to be."""

    title = "What is long in coming?"
    clicked = ("row",)

    _rows: pd.DataFrame

    def __init__(self, claims: Claims, go_on: threading.Event, fails: bool = False) -> None:
        def prepare(tell: Any) -> pd.DataFrame:
            tell("Rows are counted")
            go_on.wait(5)
            if fails:
                raise ArgumentError("rows: there are none; load some")
            return pd.DataFrame({"payer": ["X", "Y"], "denied_amount": [1.0, 2.0]})

        super().__init__(
            claims,
            [Control("several", "payer", "Payer", "", (("", "All"),))],
            prepare=prepare,
            tiles=["Rows"],
            call="waits(claims)",
        )

    def opened(self, found: Any) -> list[Control]:
        self._rows = found
        return [Control("several", "payer", "Payer", "", (("", "All"), ("X", "X"), ("Y", "Y"), ("Z", "Z")))]

    @property
    def data(self) -> pd.DataFrame:
        value = self.value("payer")
        wanted = [value] if isinstance(value, str) else value
        return self._rows[self._rows["payer"].isin(wanted)] if wanted else self._rows

    @property
    def figure(self) -> go.Figure:
        return go.Figure()

    def parts(self) -> Iterator[dict[str, Any]]:
        yield {"kind": "text", "name": "rows", "paragraphs": self.data["payer"].tolist()}

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Nothing can be clicked."""


def names_of(page: Explorer) -> list[str]:
    return [part["name"] for part in page.board.parts]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpticd.explore.drawn.watched", lambda: True)
    monkeypatch.setattr("cpticd.explore.drawn._LOOK", 0.01)


@pytest.mark.usefixtures("watched")
def test_the_frame_comes_first_and_says_what_is_worked_out(claims: Claims) -> None:
    async def cell() -> None:
        go_on = threading.Event()
        page = Waits(claims, go_on)
        assert names_of(page) == ["tiles", "progress"]
        assert page.board.parts[0]["tiles"][0]["label"] == "Rows"
        assert page.board.controls[0]["waiting"]
        assert "still worked out" in repr(page)
        page.board.event = {"kind": "restore", "link": "#explorer:payer=Y", "n": 1}
        await asyncio.sleep(0.05)
        assert page.board.parts[1]["text"].startswith("Rows are counted … ")
        go_on.set()
        await asyncio.wait_for(page._waiting, 5)
        assert names_of(page) == ["rows"]
        assert page.data["payer"].tolist() == ["Y"], "the link of the address was followed"
        page.undo()
        assert page.data["payer"].tolist() == ["X", "Y"]
        assert not page.board.controls[0]["waiting"]

    asyncio.run(cell())


@pytest.mark.usefixtures("watched")
def test_the_next_cell_waits_for_what_it_asks_and_is_told_why_there_is_nothing(claims: Claims) -> None:
    async def cell() -> None:
        go_on = threading.Event()
        page, failing = Waits(claims, go_on), Waits(claims, go_on, fails=True)
        go_on.set()
        assert len(page.data) == 2
        for _ in range(2):
            with pytest.raises(ArgumentError, match="load some"):
                failing.data  # noqa: B018
        assert failing.board.parts[0]["paragraphs"] == ["rows: there are none; load some"]
        assert "load some" in failing._fallback()

    asyncio.run(cell())


def test_where_nobody_watches_a_page_is_complete_or_raises(claims: Claims) -> None:
    done = threading.Event()
    done.set()
    page = Waits(claims, done)
    assert names_of(page) == ["rows"]
    page.choose(payer=["Y", "X"])
    assert page.selection == {}
    assert page.code == "page = cx.explore.waits(claims); page.choose(payer=['X', 'Y'])"
    assert page.link == "explorer:payer=X&payer=Y"
    page.link = "https://host/voila/render/it.ipynb#explorer:payer=Z"
    assert page.chosen == {"payer": "Z"}
    with pytest.raises(ArgumentError, match="not of this page"):
        page.link = "#risk:kind=lapsed"
    with pytest.raises(ArgumentError, match="no filter 'color'"):
        page.link = "#explorer:color=red"
    with pytest.raises(ArgumentError, match="load some"):
        Waits(claims, done, fails=True)


def test_claims_without_answers_or_members_say_what_to_load(claims: Claims) -> None:
    page = cx.explore.denials(claims)
    (words,) = page.board.parts[-1]["paragraphs"]
    assert "None of 3 lines has a decision" in words
    assert "cx.read(" in words
    for view in ("open", "drivers"):
        page.choose(view=view)  # nothing is worked out, and nothing late stands on a dead end
        assert [each["name"] for each in page.board.parts][-1] == "dead-end"
    with pytest.raises(ArgumentError, match=r"with_members\("):
        cx.explore.risk(claims, year=2025)
    assert "835s" in cx.explore.worklist(claims, as_of="2026-01-01").board.parts[-1]["paragraphs"][0]


def test_notes_lie_beside_the_data_set_and_leave_by_name_alone(claims: Claims, tmp_path: Path) -> None:
    opened = cx.open(claims.save(tmp_path / "set"))
    Notes(opened).write("A", 1, who="Ada", text="=called, twice")
    again = Notes(opened.where(payer="X"))
    assert again.path == tmp_path / "set.notes.csv"
    assert (again.of("A", 1).who, again.of("A", 1).text) == ("Ada", "=called, twice")
    again.write("A", 1, who="", text=" ")
    assert Notes(opened).of("A", 1).text == ""
    again.path.write_text("claim_id\n", encoding="utf-8")
    assert Notes(opened).of("A", 1).who == ""
    again.path.write_text("claim_id,claim_line_number\nA,one\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a file of notes"):
        Notes(opened)
    assert Notes(claims).path is None


def test_names_stand_beside_the_npis_that_they_are_most_often_of() -> None:
    claims = claims_of(
        claims="claim_id | payer | billing_npi\nA | X | 1\nB | X | 1\nC | Y | 2",
        lines="claim_id | claim_line_number\nA | 1\nB | 1\nC | 1",
        attributes="claim_id | name | value\nA | provider_name | Oak Clinic\nB | provider_name | Oak Clinic\n"
        "C | region | North",
    )
    assert names.of_npis(claims, "billing_npi") == {"1": "Oak Clinic"}
    assert names.of_npis(claims, "place") == {}
    page = cx.explore.denials(claims)
    controls = {spec["name"]: spec for spec in page.board.controls}
    assert "region" in controls
    assert "provider_name" not in controls
    assert controls["billing_npi"]["options"][1]["label"] == "1 Oak Clinic (2)"


def test_tiles_that_a_notebook_keeps_are_of_what_may_leave(claims: Claims) -> None:
    """Prices and chances of few services would follow from the exact sum."""
    page = cx.explore.worklist(cx.simulate(persons=120, seed=2).claims)
    exact = page.data["expected_recovery"].sum()
    kept = {tile["label"]: tile["value"] for tile in page.shareable_tiles()}
    assert kept["Expected back"] != f"${exact:,.0f}"
    page.choose(min_expected=1.0)
    assert page.shareable_tiles() == []
