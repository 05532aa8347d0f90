"""The page that explorers are: controls, state, events, hand-over, fallback; with a small explorer of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.explore.board import Board, Control, chart
from cpticd.explore.explorer import SO_FAR, Explorer
from cpticd.explore.pages import page, table
from tests.spec import claims_of

ROWS = pd.DataFrame(
    {
        "claim_id": [f"C{n:03}" for n in range(30)],
        "person_id": [f"P{n // 2:03}" for n in range(30)],
        "payer": ["North", "South", "<b>East</b>"] * 10,
        "denied_amount": [float(n) for n in range(30)],
    }
)


@cache
def nothing() -> Claims:
    """Claims for explorers that ask them for nothing."""
    return claims_of(claims="claim_id | payer\nA | X", lines="claim_id | claim_line_number\nA | 1")


class Slow(Explorer):
    """Shows a text before a second one is worked out."""

    title = "What comes first?"

    def __init__(self) -> None:
        super().__init__(nothing(), [Control("text", "word", "Word", "one")])

    data = property(lambda self: ROWS)  # type: ignore[assignment]
    figure = property(lambda self: go.Figure())  # type: ignore[assignment]

    def parts(self) -> Iterator[dict[str, Any]]:
        word = self.values["word"]
        yield {"kind": "text", "name": "first", "paragraphs": [word]}
        yield SO_FAR
        if word == "fail":
            raise ArgumentError("word: nothing of that name")
        yield {"kind": "text", "name": "second", "paragraphs": [word]}

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Nothing can be clicked."""


def test_what_is_done_is_shown_while_the_rest_is_kept_as_it_was() -> None:
    explorer = Slow()
    assert [part["name"] for part in explorer.board.parts] == ["first", "second"]
    told: list[list[dict[str, Any]]] = []
    explorer.board.observe(lambda change: told.append(change["new"]), "parts")
    turn = explorer.board.turn
    explorer.choose(word="two")
    first, second = ({"kind": "text", "name": name, "paragraphs": ["two"]} for name in ("first", "second"))
    assert told == [[first, {"kind": "kept", "name": "second"}], [first, second]]
    assert explorer.board.turn == turn + 2
    explorer.choose(word="fail")
    assert [part["name"] for part in explorer.board.parts] == ["error"]
    explorer.choose(word="two")
    assert explorer.board.parts == [first, second]


def test_a_page_that_stays_as_it_is_is_drawn_all_the_same() -> None:
    """The browser, and who waits for it, learn that a click was heard."""
    explorer = Slow()
    turn = explorer.board.turn
    explorer.refresh()
    assert explorer.board.turn > turn


class Later(Slow):
    """Has a figure worked out after its page was sent."""

    def work(self) -> Callable[[], None]:
        def worked_out() -> None:
            self.threads = [*getattr(self, "threads", []), threading.current_thread()]

        return worked_out

    def later(self) -> Iterator[dict[str, Any]]:
        yield {"kind": "text", "name": "second", "paragraphs": ["at last"]}


def test_what_comes_later_takes_its_place_after_the_page_was_sent() -> None:
    explorer = Later()
    sent: list[list[dict[str, Any]]] = []
    explorer.board.observe(lambda change: sent.append(change["new"]), "parts")
    explorer.choose(word="two")
    texts = [[part.get("paragraphs", ["kept"])[0] for part in parts] for parts in sent]
    assert texts == [["two", "kept"], ["two", "two"], ["two", "at last"]]


def test_in_a_notebook_what_comes_later_is_worked_out_beside_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cpticd.explore.drawn.PAUSE", 0.01)

    async def cell() -> None:
        explorer = Later()
        explorer.choose(word="two")
        assert [part["paragraphs"] for part in explorer.board.parts] == [["two"], ["two"]]
        turn = explorer.board.turn
        await asyncio.wait_for(explorer._waiting, 5)
        assert [part["paragraphs"] for part in explorer.board.parts] == [["two"], ["at last"]]
        assert (explorer.board.turn, explorer.board.late) == (turn, 1)
        assert len(explorer.threads) == 1, "worked out once for both draws of the page"
        assert explorer.threads[0] is not threading.current_thread()

    asyncio.run(cell())


class Small(Explorer):
    """Rows of one payer of at least some dollars."""

    title = "Which <rows>?"

    def __init__(self) -> None:
        self.drawn = 0
        payers = (("", "All"), *((name, name) for name in ("North", "South", "<b>East</b>")))
        super().__init__(
            nothing(),
            [
                Control("select", "payer", "Payer", "", payers),
                Control("range", "least", "At least", 0, least=0, most=29, step=1),
                Control("text", "word", "Word", ""),
                Control("button", "export", "Export"),
            ],
        )

    @property
    def data(self) -> pd.DataFrame:
        rows = ROWS[ROWS["denied_amount"] >= self.values["least"]]
        payer = self.values["payer"]
        return rows[rows["payer"] == payer] if payer else rows

    @property
    def figure(self) -> go.Figure:
        return go.Figure(
            go.Bar(x=self.data["payer"], y=self.data["denied_amount"]), layout={"title": {"text": "Rows"}}
        )

    def parts(self) -> list[dict[str, Any]]:
        self.drawn += 1
        if self.values["word"] == "fail":
            raise ArgumentError("word: nothing of that name")
        return [
            {"kind": "tiles", "name": "tiles", "tiles": [{"label": "Rows", "value": str(len(self.data))}]},
            chart("bars", self.figure, label="Rows by payer", clickable=True),
            table(
                "rows", page(self.data, self.extra, name="rows"), list(ROWS), title="Rows", selectable=True
            ),
        ]

    def shareable_tiles(self) -> list[dict[str, str]]:
        return [{"label": "Rows", "value": str(len(self.data)), "note": ""}]

    def on_event(self, event: Mapping[str, Any]) -> None:
        self._extra["row"] = event["row"]

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        if extra.get("row", 0) > 29:
            raise ArgumentError("state: row: there are 30")


@pytest.fixture
def small() -> Small:
    return Small()


def rows(explorer: Explorer) -> list[list[str]]:
    return next(part for part in explorer.board.parts if part["name"] == "rows")["rows"]


def test_a_filter_acts_on_every_part(small: Small) -> None:
    small.board.values = small.values | {"payer": "South", "least": 10}
    assert small.board.parts[0]["tiles"][0]["value"] == "7"
    assert small.board.parts[1]["figure"]["data"][0]["x"] == ["South"] * 7
    assert len(rows(small)) == len(small.data) == 7
    assert small.chosen == {"payer": "South", "least": 10}


def test_a_button_is_no_value(small: Small) -> None:
    assert set(small.values) == {"payer", "least", "word"}


def test_state_is_json_and_comes_back(small: Small) -> None:
    small.choose(payer="North", least=3)
    small.board.event = {"kind": "sort", "part": "rows", "column": "denied_amount", "n": 1}
    small.board.event = {"kind": "row", "part": "rows", "row": 4, "n": 2}
    state = json.loads(json.dumps(small.state))
    other = Small()
    other.state = state
    assert other.state == state == small.state
    assert other.board.parts == small.board.parts
    assert other.chosen == {"payer": "North", "least": 3, "row": 4}


def test_a_state_is_drawn_once_and_not_shared(small: Small) -> None:
    before = small.drawn
    state = {
        "values": {"payer": "North"},
        "extra": {"sort": {"rows": {"column": "claim_id", "descending": True}}},
    }
    small.state = state
    assert small.drawn == before + 1
    small.board.event = {"kind": "sort", "part": "rows", "column": "claim_id", "n": 1}
    assert state["extra"]["sort"]["rows"]["descending"] is True
    assert rows(small)[0][0] == "C000"


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"values": {"payer": "nobody"}}, "payer: found 'nobody'"),
        ({"values": {"color": "red"}}, r"no filter \['color'\]"),
        ({"values": {"least": 99}}, "least: found 99; from 0 to 29"),
        ({"values": {"least": "many"}}, "least: found 'many'; give a number"),
        ({"values": {"word": 3}}, "word: found 3; give text"),
        ({"extra": {"row": 30}}, "row: there are 30"),
        ({"payer": "North"}, "give what .state returned"),
        ("North", "give what .state returned"),
    ],
)
def test_a_state_that_cannot_be_is_refused_and_changes_nothing(small: Small, state: Any, found: str) -> None:
    before = small.state
    with pytest.raises(ArgumentError, match=found):
        small.state = state
    assert small.state == before


def test_a_choice_of_the_browser_that_cannot_be_is_taken_back_and_said(small: Small) -> None:
    small.board.values = small.values | {"least": 77}
    assert small.values["least"] == 0
    assert "77" in small.board.said


def test_what_cannot_be_shown_is_said_in_its_place(small: Small) -> None:
    small.board.values = small.values | {"word": "fail"}
    assert [part["kind"] for part in small.board.parts] == ["text"]
    assert small.board.said == "word: nothing of that name"
    small.board.values = small.values | {"word": ""}
    assert len(small.board.parts) == 3


def test_tables_are_sorted_and_turned_by_themselves(small: Small) -> None:
    small.board.event = {"kind": "page", "part": "rows", "page": 2, "n": 1}
    assert [row[0] for row in rows(small)] == [f"C{n:03}" for n in range(24, 30)]
    small.board.event = {"kind": "sort", "part": "rows", "column": "denied_amount", "n": 2}
    assert rows(small)[0][0] == "C029"  # the largest first, from the first page on
    small.board.values = small.values | {"payer": "North"}
    assert rows(small)[0][0] == "C027"


def test_the_export_button_hands_over_a_file_under_pseudonyms(small: Small) -> None:
    small.board.values = small.values | {"payer": "<b>East</b>"}
    small.board.event = {"kind": "button", "name": "export", "n": 1}
    text = base64.b64decode(small.board.download["content"]).decode("utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 11
    assert lines[1].startswith("claim 1,person 1,")
    assert not re.search(r"\b[PC]\d{3}\b", text)
    first = small.board.download["n"]
    small.board.event = {"kind": "button", "name": "export", "n": 2}
    assert small.board.download["n"] == first + 1  # the same file twice is handed over twice


def test_an_export_by_name_keeps_identifiers_and_what_is_there(small: Small, tmp_path: Path) -> None:
    path = small.export(tmp_path / "rows.csv", identifiers=True)
    assert pd.read_csv(path)["claim_id"].tolist() == ROWS["claim_id"].tolist()
    with pytest.raises(disclosure.files.OutputExistsError):
        small.export(path)


def test_without_a_kernel_there_is_a_page_to_read(small: Small) -> None:
    data, _ = small._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == small.board.key
    page_text = data["text/html"]
    assert "<h3>Which &lt;rows&gt;?</h3>" in page_text
    assert "Rows: <b>30</b>" in page_text
    assert "claim 1" in page_text
    assert "&lt;b&gt;East&lt;/b&gt;" in page_text
    assert "<b>East" not in page_text
    assert not re.search(r"\b[PC]\d{3}\b", page_text)
    assert (
        data["text/plain"]
        == repr(small)
        == "<Small: Which <rows>?; 30 rows in .data, see .selection, .figure>"
    )


def test_tiles_that_no_explorer_protects_are_not_kept() -> None:
    class Open(Small):
        shareable_tiles = Explorer.shareable_tiles

    assert "30</b>" not in Open()._repr_mimebundle_()[0]["text/html"]


def test_what_is_saved_is_the_same_in_every_run() -> None:
    texts = {json.dumps(Small()._repr_mimebundle_()[0]["text/html"]) for _ in range(2)}
    assert len(texts) == 1


def test_a_chart_part_has_a_figure_without_template_and_a_table() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2]))
    figure.layout.template = "cpticd"
    part = chart("one", figure, label="A point", table={"columns": [], "rows": []})
    json.dumps(part)
    assert "template" not in part["figure"]["layout"]
    assert part["label"] == "A point"
    templates = Board("title").templates
    assert templates["dark"]["layout"]["paper_bgcolor"] != templates["light"]["layout"]["paper_bgcolor"]


def test_the_script_writes_text_never_markup_and_asks_for_nothing() -> None:
    script = (files("cpticd.explore") / "board.js").read_text("utf-8")
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script
    assert not re.search(r"https?://|fetch\(|import\(", script)
    # every element that takes the focus keeps JupyterLab's shortcuts away
    made = re.findall(r'(quiet\()?make\("(button|input|select|summary)"', script)
    assert len(made) >= 8
    named = [tag for quieted, tag in made if not quieted]
    assert named == ["select", "input"]  # those of control(), which quiets them itself
