"""The report: its words, its numbers, what it escapes, and that it asks the network for nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import cpticd as cx
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.reporting import data_set
from cpticd.reporting.findings import Findings, gather
from cpticd.reporting.headlines import headlines
from cpticd.reporting.page import page
from cpticd.reporting.release import without_providers
from tests.charts.samples import CAUSES, DELAY, DRIVERS, FAMILIES, OVERALL, PAIRS, RATES, RATES_BY_TWO, TREND
from tests.reporting.few_parts import only
from tests.small_claims import HOSTILE, small_claims


def findings(**changes: pd.DataFrame) -> Findings:
    """Findings from hand-made frames."""
    accounting = pd.DataFrame(
        {"source": ["a.csv"], "table_name": ["lines"], "read": [10], "loaded": [9], "rejected": [1],
         "amount_read": [100.0], "amount_loaded": [90.0], "amount_rejected": [10.0]}
    )  # fmt: skip
    frames = {
        "accounting": accounting, "lines": OVERALL, "payers": RATES, "causes": CAUSES, "pairs": PAIRS,
        "families": FAMILIES, "trend": TREND, "delay": DELAY,
    }  # fmt: skip
    return Findings(frames=frames | changes)


class Page(HTMLParser):
    """Text by section, ids, and everything that a browser could fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sections: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.fetches: list[str] = []
        self.tags: list[str] = []
        self._section = ""
        self._skip = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self._skip += tag in ("script", "style")
        if tag == "section":
            self._section = values["id"] or ""
        if "id" in values:
            self.ids.append(values["id"] or "")
        self.fetches += [
            str(values[name]) for name in ("src", "href") if name in values and values[name][:1] != "#"
        ]

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._section and not self._skip:
            self.sections.setdefault(self._section, []).append(data)

    def text(self, section: str) -> str:
        return re.sub(r"\s+", " ", " ".join(self.sections.get(section, [])))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cx.report(
        small_claims(), tmp_path_factory.mktemp("report") / "new folder" / "report.html", minimum=1
    )


@pytest.fixture(scope="module")
def shown(small: Path) -> Page:
    return Page(small.read_text(encoding="utf-8"))


def test_sentences_carry_numbers_with_intervals() -> None:
    sentences = headlines(findings())
    assert sentences[0] == (
        "19.3 % of 2,100 adjudicated service lines were denied at first (95 % interval 17.6–21.0 %): 405 lines; "
        "11 more were denied in part."
    )
    text = " ".join(sentences)
    assert "medical necessity: $12,000, 60.0 % of the denied dollars, 40 lines" in text
    assert (
        "procedure 99213 with diagnosis E119: 25.0 % of 400 lines denied (95 % interval 21.0–29.0 %)" in text
    )
    assert "South denies 20.0 % of lines (18.0–22.0 %), North 5.0 % (2.0–11.0 %)" in text
    assert "Half of the claims were adjudicated within 14 days." in text
    assert "Of 10 rows and segments read, 9 were loaded and 1 rejected." in text


def test_a_pair_that_may_be_chance_is_not_called_striking() -> None:
    sentences = " ".join(headlines(findings(pairs=PAIRS.assign(q_value=0.5))))
    # The third is compared with nothing.
    assert (
        "None of the 2 pairs that may be shown with at least 30 lines is denied more often than expected"
        in sentences
    )
    assert "look at first" not in sentences


def test_lists_hold_what_passes_and_say_what_could_have_been_missed() -> None:
    late = amend(PAIRS.assign(q_value=0.9), detectable="3 looked at; of 100 independent lines, 9.9 points")
    shown = Page(page(findings(pairs=late, payer_pairs=late.assign(payer="North"))))
    assert (
        shown.text("pairs").count("None: no pair passes q 0.10. 3 looked at; of 100 independent lines") == 2
    )
    assert "99213 E11.9" not in shown.text("pairs")
    assert "99213 E11.9 Type 2 diabetes mellitus without complications 400 100" in Page(
        page(findings())
    ).text("pairs")
    assert "80053 E11.9" not in Page(page(findings())).text("pairs")  # its q is 0.8


def test_drivers_come_before_causes_with_their_table_and_the_map() -> None:
    html = page(findings(drivers=DRIVERS, payer_procedures=RATES_BY_TWO))
    shown = Page(html)
    assert list(shown.sections).index("drivers") < list(shown.sections).index("causes")
    assert {"chart-drivers", "chart-payer-procedures"} <= set(shown.ids)
    text = shown.text("drivers")
    assert "97110 at North Payer × procedure 100 40 40.0 % 31.0–50.0 % 10.0 % 30 $3,000" in text
    assert "June 2025" in text
    (sentence,) = [each for each in headlines(findings(drivers=DRIVERS)) if "source of denials" in each]
    assert sentence == (
        "The dearest source of denials is North: 300 of 1,000 lines were denied, where 200 were to be expected; the "
        "excess is worth $30,000."
    )


def test_no_driver_is_said_with_what_could_have_been_missed() -> None:
    none = amend(
        DRIVERS.head(0).copy(), detectable={"payer × hcpcs_code": "12 looked at", "payer": "3 looked at"}
    )
    found = findings(drivers=none)
    text = page(found)
    assert "No driver passes q 0.10." in text
    assert "12 looked at." in text
    assert (
        "No payer, procedure, place or diagnosis within is denied more often than the others let expect (q up to "
        "0.10). Payer × procedure: 12 looked at."
    ) in headlines(found)


def test_providers_are_numbered_not_named() -> None:
    numbered = amend(DRIVERS.copy(), measure="drivers")
    shown = without_providers(numbered)
    assert shown["billing_npi"].dropna().tolist() == ["1"]
    assert cx.contract(shown) == cx.contract(numbered)
    assert without_providers(PAIRS) is PAIRS


def test_nothing_is_said_about_what_is_not_there() -> None:
    assert headlines(Findings()) == []


def test_small_claims_are_told_with_their_true_counts(shown: Page) -> None:
    assert "15.0 % of 320 adjudicated service lines were denied at first" in shown.text("findings")
    assert "48 lines; 0 more" in shown.text("findings")
    assert "procedure 99213 with diagnosis E119: 25.0 % of 160 lines denied" in shown.text("findings")
    assert "North denies 20.0 % of lines" in shown.text("findings")
    assert "$4,800" in shown.text("rates")
    assert "duplicate 8 0 $800" in shown.text("causes")
    assert "99213 E11.9 Type 2 diabetes mellitus without complications 160 40 25.0 %" in shown.text("pairs")
    for name in _sections():
        assert shown.text(name).strip(), name
    for name in ("payers", "causes", "families", "scatter", "trend", "delay"):
        assert f"chart-{name}" in shown.ids


def test_the_share_of_overturned_denials_is_one_in_tile_sentence_and_table(shown: Page) -> None:
    """Duplicates are left out of it, as HFMA does."""
    first = shown.text("findings")
    (tile,) = re.findall(r"Overturned since ([\d.]+ %)", first)
    assert "of settled denied lines, without duplicates" in first
    assert f"duplicates left out) 0 ({tile}) have been paid since" in first
    assert f"overturned lines {tile}" in shown.text("from_denial_to_payment")


def _sections() -> list[str]:
    from cpticd.reporting.sections import sections

    return [key for key, _, _ in sections(Findings())]


def test_the_contents_link_to_every_section(shown: Page, small: Path) -> None:
    html = small.read_text(encoding="utf-8")
    for name in _sections():
        assert f'<li><a href="#{name}"' in html
        assert name in shown.ids
    assert len(shown.ids) == len(set(shown.ids))


def test_every_measure_is_defined(shown: Page) -> None:
    text = shown.text("definitions")
    for fact in ("Numerator", "Denominator", "Clock", "Exclusions", "Wilson", "Laney", "Kaplan-Meier"):
        assert fact in text


def test_no_text_from_claims_is_markup_and_no_cell_of_a_reject_is_shown(small: Path, shown: Page) -> None:
    html = small.read_text(encoding="utf-8")
    assert HOSTILE not in html
    assert HOSTILE in shown.text("findings")
    assert "SECRET-CELL" not in html
    assert "charge is no amount" in shown.text("accounting")
    assert not re.search(r"\bC0\d\d\d\b|\bP\d\d\b", " ".join(shown.text(name) for name in shown.sections))


def test_it_fetches_nothing_and_holds_plotly_once(small: Path, shown: Page) -> None:
    html = small.read_text(encoding="utf-8")
    assert shown.fetches == []
    assert "default-src 'none'" in html
    assert len(re.findall(r"plotly\.js v\d", html)) == 1
    assert small.stat().st_size < 8_000_000


def test_same_claims_same_bytes(small: Path, tmp_path: Path) -> None:
    again = cx.report(small_claims(), tmp_path / "again.html", minimum=1)
    assert again.read_bytes() == small.read_bytes()


def test_claims_without_an_answer_say_so(tmp_path: Path) -> None:
    claims = small_claims(adjudicated=False)
    text = Page(page(gather(claims)))
    assert "None of these service lines has been adjudicated" in text.text("findings")
    assert "No line was denied" in text.text("causes")
    assert "No pair has 30 adjudicated lines" in text.text("pairs")
    assert "chart-causes" not in text.ids


def test_a_part_that_fails_with_our_error_gives_its_reason() -> None:
    found = findings()
    del found.frames["delay"]
    found.reasons["delay"] = "there are no <dates>"
    assert "there are no <dates>" in Page(page(found)).text("delay")


@only("summary", "accounting", "rejects")
def test_an_existing_file_is_kept_unless_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError, match=r"report\.html exists; pass overwrite=True \(--overwrite\)"):
        cx.report(small_claims(), target)
    assert target.read_text(encoding="utf-8") == "mine"
    assert cx.report(small_claims(), target, title="A <b>title", overwrite=True) == target
    assert "<h1>A &lt;b&gt;title</h1>" in target.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [target]


@only("summary", "accounting", "rejects")
def test_a_folder_or_an_impossible_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="is a folder; name a file in it"):
        cx.report(small_claims(), tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ArgumentError, match="cannot be written"):
        cx.report(small_claims(), tmp_path / "file" / "report.html")


def test_accounting_adds_up_over_sources_and_keeps_missing_dollars_missing() -> None:
    part = findings().get("accounting")
    two = pd.concat([part, part.assign(source="b.csv"), part.assign(table_name="remarks", amount_read=None)])
    by_table = data_set.by_table(two).set_index("table_name")
    assert by_table.loc["lines", ["sources", "read", "loaded", "rejected"]].tolist() == [2, 20, 18, 2]
    assert by_table.loc["lines", "amount_rejected"] == 20
    assert pd.isna(by_table.loc["remarks", "amount_read"])


def test_rejects_are_counted_by_reason_what_was_lost_first() -> None:
    claims = small_claims()
    claims._rejects = pa.Table.from_pylist(
        [
            {"source": source, "table_name": table, "action": action, "reason": reason}
            for source, table, action, reason in (
                ("a", "lines", "noted", "odd"),
                ("a", "lines", "noted", "odd"),
                ("b", "lines", "noted", "odd"),
                ("a", None, "rejected", "bad"),
            )
        ]
    )
    counted = data_set.rejects(claims)
    assert counted[["action", "reason", "sources", "rows"]].values.tolist() == [
        ["rejected", "bad", 1, 1],
        ["noted", "odd", 2, 3],
    ]
