"""Every figure of a report belongs to a table that the attacks read: a new part or column is a decision to make here."""

from __future__ import annotations

import html
import re
from dataclasses import fields

import pandas as pd
import pytest

from cpticd.reporting.findings import Findings, Options, declared
from cpticd.reporting.page import page
from cpticd.reporting.sections import SECTIONS
from tests.disclosure.kinds import drawn
from tests.disclosure.reads import OTHERWISE, SUMS
from tests.disclosure.search import gathered, left
from tests.disclosure.test_twins import DENIALS, FIRST

#: Sections that say what the parts mean, and have none themselves.
WORDS = {"definitions"}
#: Parts that the attacks' data sets leave without rows, or of which no rows leave.
EMPTY = {
    "rejects", "returned", "rules", "risk_gaps", "risk_unsupported", "risk_impact", "risk_prevalence",
    "risk_recapture", "risk_reasons", "effect", "risk_panels", "risk_clinicians", "risk_bridge", "risk_worklist",
    "risk_change",
}  # fmt: skip

#: Figures of the page's own words: the minimum, the fewest lines of a pair, q 0.10.
CONSTANT = {"0", "10", "11", "30"}


def test_every_part_of_a_report_is_known_to_the_attacks() -> None:
    parts = {part.key for _, part in declared()}
    assert parts == {*SUMS, *OTHERWISE}, "say in reads.py how an attacker reads the new part"
    assert not set(SUMS) & set(OTHERWISE)


def test_every_section_is_of_known_parts() -> None:
    known = {*SUMS, *OTHERWISE}
    of_measures = {part.section for _, part in declared()}
    assert {section.key for section in SECTIONS if not section.parts} - of_measures == WORDS
    assert all(set(section.parts) <= known for section in SECTIONS)


@pytest.fixture(scope="module")
def shown() -> dict[str, pd.DataFrame]:
    persons = tuple(drawn(FIRST)["persons"].tolist())
    frames: dict[str, pd.DataFrame] = left(*gathered(DENIALS, persons, FIRST))["frames"]
    return frames


def test_the_attacks_data_show_every_part(shown: dict[str, pd.DataFrame]) -> None:
    assert {part for part in {*SUMS, *OTHERWISE} - EMPTY if shown.get(part, pd.DataFrame()).empty} == set()


def test_a_page_is_made_of_the_parts_alone(shown: dict[str, pd.DataFrame]) -> None:
    """Of parts without rows the page holds the figures of its account, and none of the data's."""
    assert {each.name for each in fields(Findings)} == {
        "options", "frames", "reasons", "minimum", "account", "names_persons",
    }  # fmt: skip
    nothing = {part: pd.DataFrame(columns=frame.columns) for part, frame in shown.items()}
    text = page(Findings(Options(), frames=nothing, minimum=11))
    words = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", text[text.index("<body ") :], flags=re.S)
    assert set(re.findall(r"\d+", html.unescape(words))) <= CONSTANT
