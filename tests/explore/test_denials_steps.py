"""The page of denials, further on: several values, days, steps back, links, stories of lines, and comparisons."""

from __future__ import annotations

import json

import pytest

from cpticd import denials, disclosure
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.errors import DisclosureError
from cpticd.explore.denials_explorer import DenialsExplorer
from tests.explore.test_denials import choices, click, explorer, open_first_family, part, tiles

__all__ = ["explorer"]


def test_several_values_and_days_are_what_the_analyses_say(explorer: DenialsExplorer, claims: Claims) -> None:
    payers = choices(explorer, "payer")[:2]
    explorer.choose(payer=payers, dates=("2024-02-03", "2024-07-19"))
    assert explorer.selection == {"payer": payers, "dates": ("2024-02-03", "2024-07-19")}
    row = denials.rates(claims.where(**explorer.selection)).iloc[0]
    assert tiles(explorer)["Adjudicated lines"] == fmt.count(row["n"])
    assert tiles(explorer)["Denied dollars"] == fmt.dollars(row["denied_amount"])


def test_steps_are_undone_and_a_link_leads_back(explorer: DenialsExplorer) -> None:
    first = explorer.state
    payers = choices(explorer, "payer")[:2]
    explorer.choose(payer=payers, dates=("2024-02", None))
    open_first_family(explorer)
    click(explorer, kind="row", part="pairs", row=0)
    click(explorer, kind="row", part="lines", row=1)
    there, link, code = explorer.state, explorer.link, explorer.code
    assert link.startswith("denials:payer=")
    for _ in range(4):
        click(explorer, kind="button", name="undo")
    assert explorer.state == first
    click(explorer, kind="restore", link=f"#{link}")
    there["extra"].pop("page", None)
    assert (explorer.state, explorer.board.link) == (there, link)
    assert code.startswith("page = cx.explore.denials(claims); page.choose(payer=")
    click(explorer, kind="button", name="reset")
    assert explorer.chosen == {}
    page = explorer
    exec(code.partition("; ")[2])
    assert explorer.state["extra"] == there["extra"]
    assert page.values == there["values"]
    click(explorer, kind="restore", link="#denials:payer=Nobody")
    assert "The link is not followed: payer: found 'Nobody'" in explorer.board.said


def test_a_line_opens_its_whole_story_and_its_row_of_the_worklist(
    explorer: DenialsExplorer, claims: Claims
) -> None:
    listed = denials.open(
        claims, as_of=claims.query("SELECT max(paid_date) d FROM adjudications")["d"].iloc[0]
    )
    explorer.choose(view="open")
    assert len(explorer.open_rows()) == len(listed)
    assert part(explorer, "work")["rows"]
    click(explorer, kind="row", part="work", row=0)
    first = listed.iloc[0]
    told = part(explorer, "story")
    said = denials.explain(claims, listed.head(1))["said"].iloc[0]
    assert " ".join(told["steps"]) == said
    assert fmt.dollars(first["expected_recovery"]) in told["facts"][3][1]
    assert first["claim_id"] not in json.dumps(explorer.board.parts)
    assert part(explorer, "work")["selected"] == 0
    click(explorer, kind="note", part="note-of", text="called the payer", who="Ada")
    assert "Ada" in part(explorer, "work")["rows"][0]
    click(explorer, kind="search", part="work", text="ada")
    assert len(explorer.open_rows()) == 1
    click(explorer, kind="note", part="note-of", text="", who="")


def test_payers_periods_and_what_was_kept_stand_side_by_side(
    explorer: DenialsExplorer, claims: Claims
) -> None:
    payers = choices(explorer, "payer")[:2]
    explorer.choose(payer=payers, compare="payer")
    sides = explorer.comparison
    assert sides["side"].tolist() == payers
    rates = denials.rates(claims.where(payer=payers), by="payer").set_index("payer").loc[payers]
    assert sides["rate"].tolist() == pytest.approx(rates["rate"].tolist())
    assert sides["difference"].iloc[1] == pytest.approx(rates["rate"].iloc[1] - rates["rate"].iloc[0])
    assert sides["difference_low"].iloc[1] < sides["difference"].iloc[1] < sides["difference_high"].iloc[1]
    with pytest.raises(DisclosureError):
        disclosure.protect(sides)
    explorer.choose(payer=None, compare="year", dates=("2025-01", "2025-06"))
    assert explorer.comparison["side"].tolist() == ["2024-01-01 to 2024-06-30", "2025-01-01 to 2025-06-30"]
    explorer.choose(dates=None, payer=payers[0])
    click(explorer, kind="button", name="keep")
    explorer.choose(payer=payers[1])
    assert explorer.comparison["side"].tolist() == [f"A: {payers[0]}", f"B: {payers[1]}"]
    assert explorer.comparison["n"].tolist() == sides["n"].tolist()
    explorer.choose(compare=None, payer=payers[0])
    pair = explorer.data.iloc[0]
    explorer.choose(hcpcs_family=pair["hcpcs_family"], diagnosis_family=pair["diagnosis_family"])
    click(explorer, kind="button", name="keep")
    assert explorer.comparison["n"].iloc[0] < sides["n"].iloc[0], "the cell that is open holds for both sides"
    click(explorer, kind="button", name="back")
    explorer.choose(compare="place", place="11")
    assert part(explorer, "sides")["kind"] == "chart"
