"""Tiles: those that measures declare, and what a notebook keeps of the figures of few persons."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.measure import _MEASURES, Cells, measure
from cpticd.explore.tiles import WORKED_OUT
from tests.explore.test_denials import part, tiles


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A measure of denials declared here, with a tile: the selections of which it was asked."""
    monkeypatch.setattr("cpticd.core.measure._MEASURES", dict(_MEASURES))
    found: list[dict[str, Any]] = []

    def charged(claims: Claims) -> pd.DataFrame:
        """One row: persons and charge."""
        found.append(claims.selection)
        return claims.query(
            "SELECT count(DISTINCT person_id) AS persons, CAST(sum(charge_amount) AS DOUBLE) AS charge FROM line_outcomes"
        )

    charged.__module__ = "cpticd.denials.charged"
    declare = measure(
        heading="Charges", leaves=Cells(persons="persons"),
        tile=lambda frame: ("Charged", f"${frame['charge'].iloc[0]:,.0f}", f"{frame['persons'].iloc[0]:,.0f} persons"),
    )  # fmt: skip
    declare(charged)
    return found


def test_a_measure_that_declares_a_tile_is_shown_and_kept(
    claims: Claims, asked: list[dict[str, Any]]
) -> None:
    page = cx.explore.denials(claims)
    persons, charge = claims.query(
        "SELECT count(DISTINCT person_id), sum(charge_amount) FROM line_outcomes"
    ).iloc[0]
    shown = part(page, "tiles")["tiles"]
    assert shown[-1] == {"label": "Charged", "value": f"${charge:,.0f}", "note": f"{persons:,.0f} persons"}
    assert [tile["label"] for tile in shown[5:]] == ["Resolved at first", "Overturned", "Charged"], (
        "after what was there before"
    )
    assert f"Charged: <b>${charge:,.0f}</b>" in page._repr_mimebundle_()[0]["text/html"]
    page.choose(payer="Birch Advantage")
    charge = claims.query("SELECT sum(l.charge_amount) FROM lines l JOIN claims USING (claim_id) WHERE payer = 'Birch Advantage'").iloc[0, 0]  # fmt: skip
    assert tiles(page)["Charged"] == f"${charge:,.0f}"
    page.choose(payer=None)
    page.choose(payer="Birch Advantage", decision="final")
    assert asked == [{}, {"payer": ["Birch Advantage"]}], "worked out once for each selection"


def test_declared_tiles_are_worked_out_after_the_first_parts_were_sent(
    claims: Claims, asked: list[dict[str, Any]]
) -> None:
    page = cx.explore.denials(claims)
    sent: list[tuple[str, int]] = []
    page.board.observe(
        lambda change: sent.append((change["new"][0]["tiles"][-1]["value"], len(asked))), "parts"
    )
    page.choose(place="11")
    assert {count for value, count in sent if value == WORKED_OUT} == {1}
    assert [count for value, count in sent if value != WORKED_OUT] == [2]


def test_tiles_of_few_persons_are_not_kept(claims: Claims, asked: list[dict[str, Any]]) -> None:
    few = claims.query("SELECT DISTINCT person_id FROM claims ORDER BY 1 LIMIT 9")
    page = cx.explore.denials(claims.where(persons=few))
    shown = part(page, "tiles")["tiles"]
    assert shown[-1]["note"] == "9 persons"
    kept = page._repr_mimebundle_()[0]["text/html"]
    for tile in shown:
        assert f"{html.escape(tile['label'])}: <b>" in kept
        assert tile["value"] not in kept.split("</ul>")[0]
    with disclosure.using(minimum=1):
        assert f"Charged: <b>{shown[-1]['value']}</b>" in page._repr_mimebundle_()[0]["text/html"]


def test_of_few_denied_persons_their_figures_alone_are_left_out(claims: Claims) -> None:
    """Denied lines of fewer than 11 persons, among lines of many: the rate and dollars would tell them."""
    persons = claims.query(
        """SELECT hcpcs_code, count(DISTINCT person_id) AS persons,
            count(DISTINCT CASE WHEN initial_outcome = 'denied' THEN person_id END) AS denied,
            count(DISTINCT CASE WHEN initial_outcome = 'partly denied' THEN person_id END) AS partly
        FROM line_outcomes WHERE initial_outcome <> 'not adjudicated' GROUP BY 1"""
    )
    row = persons[
        (persons["persons"] > 40) & persons["denied"].between(1, 10) & (persons["partly"] == 0)
    ].iloc[0]
    page = cx.explore.denials(claims.where(hcpcs=row["hcpcs_code"]))
    kept = {tile["label"]: tile["value"] for tile in page.shareable_tiles()}
    shown = tiles(page)
    assert kept["Adjudicated lines"] == shown["Adjudicated lines"]
    for label in ("Denied lines", "Denial rate", "Denied dollars", "Change of the rate"):
        assert kept[label] == "suppressed", label
    page.choose(decision="final")
    final = {tile["label"]: tile["value"] for tile in page.shareable_tiles()}
    assert final["Denied lines at last"] in ("suppressed", "0")
