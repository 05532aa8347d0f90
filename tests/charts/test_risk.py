"""What the figures of risk adjustment show: the analysis's numbers, both directions, their intervals and n."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

import cpticd as cx
from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError
from tests.charts.risk_samples import EXPLAINED, IMPACT, PREVALENCE, RECAPTURE
from tests.charts.test_charts import hover, trace

ALL = [
    (charts.impact, IMPACT, "kind"),
    (charts.impact_matrix, IMPACT, "hcc"),
    (charts.impact_persons, IMPACT, "person_id"),
    (charts.recapture, RECAPTURE, "due"),
    (charts.prevalence, PREVALENCE, "expected_low"),
    (charts.risk_explain, EXPLAINED, "removed_by"),
]


def notes(fig: go.Figure) -> list[str]:
    return [note.text for note in fig.layout.annotations]


@pytest.mark.parametrize(("chart", "frame", "_"), ALL)
def test_every_chart_has_titles_and_holds_no_nan_and_no_markup_of_the_data(
    chart: Callable[..., go.Figure], frame: pd.DataFrame, _: str
) -> None:
    fig = chart(frame)
    assert fig.layout.title.text
    assert fig.layout.xaxis.title.text or chart is charts.impact_matrix
    shown = fig.to_json()
    assert "nan" not in shown.lower().replace("nance", "")
    for text in ("<i>", "HCC <b>", "Diabetes, <b>"):
        assert text not in " ".join([*notes(fig), *map(str, fig.layout.yaxis.ticktext or [])])


@pytest.mark.parametrize(("chart", "frame", "column"), ALL)
def test_a_wrong_frame_is_refused_by_the_missing_columns(
    chart: Callable[..., go.Figure], frame: pd.DataFrame, column: str
) -> None:
    with pytest.raises(ArgumentError, match=rf"{chart.__name__}: no column '{column}'.*risk\."):
        chart(frame.drop(columns=column))
    with pytest.raises(ArgumentError, match=r"found list; give the DataFrame of risk\."):
        chart([1])


@pytest.mark.parametrize(("chart", "frame", "_"), ALL)
def test_dark_is_a_template_of_its_own(chart: Callable[..., go.Figure], frame: pd.DataFrame, _: str) -> None:
    light, dark = chart(frame), chart(frame, theme="dark")
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    with pytest.raises(ArgumentError, match="found 'sepia'"):
        chart(frame, theme="sepia")


@pytest.mark.parametrize(("chart", "frame", "_"), ALL)
def test_an_empty_frame_gives_a_figure_that_says_so(
    chart: Callable[..., go.Figure], frame: pd.DataFrame, _: str
) -> None:
    empty = frame.head(0)
    if chart is charts.impact:
        nothing = [record | {"gaps": 0} for record in cx.contract(IMPACT).records["totals"]]
        amend(empty, records={"totals": nothing})
    fig = chart(empty)
    assert not fig.data
    assert re.match("No ", notes(fig)[0])


def test_the_waterfall_goes_from_coded_over_both_directions_to_reviewed() -> None:
    fig = charts.impact(IMPACT)
    steps = [(bar.y[0], bar.base[0], bar.x[0]) for bar in fig.data if bar.type == "bar"]
    assert steps == [
        ("lapsed", 48000, 3000),
        ("combination", 51000, 1320),
        ("implied", 52320, 2400),
        ("learned", 54720, 600),
        ("unsupported", 55320, -4200),
    ]
    ends = trace(fig, "total")
    assert dict(zip(ends.y, ends.x, strict=True)) == {"coded": 48000, "reviewed": 51120}
    assert list(ends.error_x.array) == [0, 3120]
    assert list(ends.error_x.arrayminus) == [0, 3120]
    assert any(text.startswith("<b>$51,120</b> (+6.5 %)") for text in notes(fig))
    assert fig.layout.xaxis.title.text == "Total payment, US dollars"
    assert "V28, payment year 2026, $1,000 per member and month" in fig.layout.title.subtitle.text
    assert list(fig.layout.yaxis.categoryarray)[::-1][0] == "coded"
    low, high = fig.layout.xaxis.range
    assert low < 48000
    assert high > 55320 - 4200 + 3000


def test_a_step_tells_its_interval_and_what_if_all_were_confirmed() -> None:
    bar = trace(charts.impact(IMPACT, unit="score"), "Unsupported")
    assert (bar.base[0], bar.x[0]) == (4.61, -0.35)
    # -0.35 lies between -0.5 and -0.2.
    assert (bar.error_x.array[0], bar.error_x.arrayminus[0]) == (0.15, 0.15)
    text = hover(bar, 0)
    for fact in ("-0.350", "-0.500 to -0.200", "n: 2 to review, 2 persons", "confirmed: -0.567"):
        assert fact in text
    lapsed = trace(charts.impact(IMPACT), "Lapsed")
    assert "+$3,000" in hover(lapsed, 0)
    assert "$1,200 to $4,800" in hover(lapsed, 0)
    assert any("+$3,000" in text for text in notes(charts.impact(IMPACT)))


def test_without_dollars_the_waterfall_is_in_score_and_dollars_are_refused() -> None:
    without = IMPACT.drop(columns="expected_dollars")
    without.attrs = dict(IMPACT.attrs)
    assert trace(charts.impact(without), "Lapsed").x[0] == 0.25
    with pytest.raises(ArgumentError, match=r"this impact has no dollars.*base_rate"):
        charts.impact(without, unit="dollars")
    with pytest.raises(ArgumentError, match="unit 'euros' is unknown; give one of score, dollars"):
        charts.impact(IMPACT, unit="euros")  # type: ignore[arg-type]


def test_an_impact_without_its_totals_is_refused() -> None:
    bare = pd.DataFrame(IMPACT.to_dict("list"))
    with pytest.raises(ArgumentError, match="contract with the totals is missing"):
        charts.impact(bare)


def test_the_matrix_adds_up_persons_and_impact_and_orders_by_size() -> None:
    fig = charts.impact_matrix(IMPACT)
    cells = fig.data[0]
    assert list(cells.x) == ["lapsed", "combination", "implied", "learned", "unsupported"]
    assert cells.y[0] == "HCC 37 Diabetes, complicated"
    assert list(cells.z[0]) == [3000, None, None, None, -1800]
    assert cells.text[0][0] == "+$3,000 (2)"
    text = re.sub(
        r"%\{customdata\[(\d+)\]\}", lambda m: cells.customdata[0][0][int(m[1])], cells.hovertemplate
    )
    assert "n: 2 to review, 2 persons" in text
    net = dict(zip(fig.data[1].y, fig.data[1].text, strict=True))
    assert net["HCC 37 Diabetes, complicated"] == "<b>+$1,200</b>"
    assert list(fig.layout.yaxis.ticktext)[-1] == "HCC &lt;b&gt;"
    scores = charts.impact_matrix(IMPACT, unit="score", max_rows=1)
    assert list(scores.data[0].z[0]) == [0.25, None, None, None, -0.15]
    assert notes(scores) == ["1 of 5 conditions shown"]


@pytest.mark.parametrize("chart", [charts.impact_matrix, charts.impact_persons])
def test_gaps_that_are_closed_are_not_counted(chart: Callable[..., go.Figure]) -> None:
    closed = IMPACT.head(1).assign(
        person_id="p9", hcc="999", status="closed by a higher HCC", expected_score=0.0
    )
    both = pd.concat([IMPACT.assign(status="open"), closed], ignore_index=True)
    assert chart(both) == chart(IMPACT.assign(status="open"))


def test_persons_stand_by_impact_in_both_directions() -> None:
    fig = charts.impact_persons(IMPACT)
    assert list(fig.layout.yaxis.categoryarray)[::-1] == ["p1", "p3", "p2", "p4"]
    bars = {bar.name: dict(zip(bar.y, bar.x, strict=True)) for bar in fig.data if bar.type == "bar"}
    assert bars["Lapsed"] == {"p1": 1560, "p2": 1440}
    assert bars["Unsupported"] == {"p3": -2400, "p4": -1800}
    assert "HCC 226" in hover(trace(fig, "Suspected: implied by a service"), 0)


def test_the_concentration_curve_is_the_share_of_impact_of_the_first_persons() -> None:
    fig = charts.impact_persons(IMPACT)
    raises, lowers = trace(fig, "gaps: raises the score"), trace(fig, "unsupported: lowers the score")
    assert list(raises.x) == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=1e-6)
    assert list(raises.y) == pytest.approx([0, 3960 / 7320, 6720 / 7320, 1], abs=1e-6)
    assert list(lowers.y) == pytest.approx([0, 2400 / 4200, 1], abs=1e-6)
    many = pd.DataFrame(
        {"person_id": [f"q{i}" for i in range(5000)], "hcc": "37", "kind": "lapsed", "expected_score": 1.0}
    )
    curve = trace(charts.impact_persons(many), "gaps: raises the score")
    assert len(curve.x) <= 202
    assert (curve.x[-1], curve.y[-1]) == (1, 1)


def test_persons_can_be_numbered_and_the_rest_is_counted() -> None:
    fig = charts.impact_persons(IMPACT, max_persons=2, name_persons=False)
    assert list(fig.layout.yaxis.categoryarray) == ["2", "1"]
    assert notes(fig)[0] == "The first 2 of 4 persons"
    assert not re.search(r'"p\d"', fig.to_json())


def test_recapture_draws_rates_with_intervals_and_their_denominator() -> None:
    fig = charts.recapture(RECAPTURE)
    last = trace(fig, "2025")
    assert list(last.x) == [0.9, 0.5]
    assert list(last.error_x.array) == [0.047, 0.201]
    assert list(last.error_x.arrayminus) == [0.079, 0.201]
    assert "n: 90 persons due" in hover(last, 0)
    assert "82.1–94.7 %" in hover(last, 0)
    assert {"n = 80", "n = 90", "n = 20"} <= set(notes(fig))
    assert list(fig.layout.yaxis.ticktext) == ["HCC 37 Diabetes, complicated", "HCC 226 Heart failure"]
    assert notes(fig)[-1].startswith("2 of 3 conditions shown")
    few = charts.recapture(RECAPTURE, min_due=1)
    assert "HCC 18 &lt;i&gt;Metastatic" in few.layout.yaxis.ticktext
    assert notes(charts.recapture(RECAPTURE, min_due=1000)) == [
        "No condition was due in 1000 persons; lower min_due."
    ]


def test_conditions_and_years_that_cannot_be_recaptured_are_no_dots() -> None:
    untold = RECAPTURE.astype({"due": "Int64", "recaptured": "Int64"})
    untold.loc[0, ["due", "recaptured", "recapture_rate", "low", "high"]] = pd.NA
    fig = charts.recapture(untold)
    assert [dots.name for dots in fig.data] == ["2025"]
    assert fig.layout.title.text == "Recapture of conditions in 2025"
    assert re.match("No condition was due", notes(charts.recapture(untold.head(1)))[0])


def test_years_of_one_condition_lie_beside_each_other_in_their_order() -> None:
    fig = charts.recapture(RECAPTURE)
    first, last = trace(fig, "2024").y[0], trace(fig, "2025").y[0]
    assert -0.5 < first < last < 0.5


def test_coded_and_expected_stand_together_the_largest_difference_first() -> None:
    fig = charts.prevalence(PREVALENCE)
    coded, expected = trace(fig, "coded"), trace(fig, "expected after review")
    assert list(coded.x) == [0.03, 0.012, 0.1]
    assert list(expected.x) == [0.042, 0.004, 0.104]
    assert list(expected.error_x.array) == pytest.approx([0.004, 0.002, 0.003])
    assert list(expected.error_x.arrayminus) == pytest.approx([0.004, 0.002, 0.003])
    assert "4.2 % (95 % interval 3.8–4.6 %)" in hover(expected, 0)
    assert notes(fig) == ["+1.2 pp", "-0.8 pp", "+0.4 pp"]
    assert notes(charts.prevalence(PREVALENCE, max_conditions=1))[-1].startswith("1 of 3 conditions")


def test_a_persons_terms_stack_up_to_the_score_and_removed_ones_stand_apart() -> None:
    fig = charts.risk_explain(EXPLAINED)
    stack = [
        (base, length)
        for bar in fig.data
        for place, base, length in zip(bar.y, bar.base, bar.x, strict=True)
        if place == "Raw score"
    ]
    ends = 0.0
    for base, length in sorted(stack):
        assert base == pytest.approx(ends, abs=1e-4)
        ends = base + length
    assert ends == pytest.approx(0.395 + 0.360 + 0.166 + 0.112, abs=1e-4)
    assert "1.033" in fig.layout.title.text
    removed = trace(fig, "removed: counted in the one above it")
    above = next((base, size) for base, size in stack if size == 0.166)
    assert (removed.base[0], removed.x[0]) == above
    assert "Raw score" not in removed.y
    assert "HCC 37 stands above it" in hover(removed, 0)
    assert "E119" in hover(removed, 0)
    levels = dict(zip(fig.layout.yaxis.tickvals, fig.layout.yaxis.ticktext, strict=True))
    beside = {levels[note.y]: note.text for note in fig.layout.annotations}
    assert beside["HCC 226 Heart failure"] == "+0.360"
    assert beside["HCC 38 Diabetes, &lt;b&gt;other"] == "removed by HCC 36, 37"
    assert "2 payment HCCs" not in levels.values()
    assert fig.layout.title.subtitle.text.startswith("V28, community, no Medicaid, aged;")


def test_of_several_persons_one_is_asked_for() -> None:
    two = pd.concat([EXPLAINED, EXPLAINED.assign(person_id="p2").head(1)])
    with pytest.raises(ArgumentError, match=r"found 2 persons; choose one, e\.g\. person='p1'"):
        charts.risk_explain(two)
    assert charts.risk_explain(two, person="p2").layout.title.text == "Risk score of p2: 0.395"
    with pytest.raises(ArgumentError, match="person 'p9' is not among the 2"):
        charts.risk_explain(two, person="p9")


def test_every_kind_of_gap_has_a_colour_of_its_own_and_words() -> None:
    from cpticd.charts import risk_parts
    from cpticd.risk.gaps import KINDS

    assert set(risk_parts.KINDS) == {*KINDS, "unsupported"}
    assert len({colour for colour, _ in risk_parts.KINDS.values()}) == len(risk_parts.KINDS)


def test_the_tables_behind_the_charts_carry_units() -> None:
    text = charts.text_table(IMPACT)
    for cell in ("HCC", "-0.200", "$1,560", "80 %"):
        assert cell in text
    assert "2025" in charts.text_table(RECAPTURE)
    assert "2,025" not in charts.text_table(RECAPTURE)
    assert "E1122, E1142" in charts.text_table(EXPLAINED)
    assert "10.0 %" in charts.text_table(PREVALENCE)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (fmt.score(0.3018), "0.302"),
        (fmt.score(-12.345), "-12.35"),
        (fmt.score(1234.56), "1,234.6"),
        (fmt.score(None), "–"),
        (fmt.released_score(55.0), "55"),
        (fmt.released_score(-3.7), "-3.7"),
        (fmt.released_score(0.3), "0.30"),
        (fmt.released_score(4.0), "4.0"),
        (fmt.released_score(750 + 0.25), "750.25"),
        (fmt.released_score(0), "0"),
        (fmt.released_dollars(90.0), "$90"),
        (fmt.signed(fmt.dollars, 1234), "+$1,234"),
        (fmt.signed(fmt.dollars, -1234), "-$1,234"),
        (fmt.signed(fmt.score, 0), "0.000"),
        (fmt.span(fmt.dollars, -100, 100), "-$100 to $100"),
        (fmt.span(fmt.dollars, None, 100), "–"),
        (fmt.year(2026), "2026"),
        (fmt.cell("confidence", 0.8), "80 %"),
        (fmt.chance(0.9996), ">99 %"),
        (fmt.chance(1.0), "100 %"),
        (fmt.chance(0.002), "<1 %"),
        (fmt.chance(None), "–"),
        (fmt.cell("evidence_codes", ["E119", "N184"]), "E119, N184"),
        (fmt.cell("evidence_codes", []), "–"),
    ],
)
def test_numbers_of_risk_are_written_with_the_digits_that_matter(written: str, shown: str) -> None:
    assert written == shown


def test_an_impact_that_left_is_written_in_the_digits_that_left() -> None:
    """Two of them, which no reader takes for four."""
    released = amend(IMPACT.copy(), {"hidden_kinds": []})
    assert fmt.score(55.0) == parts.unit(IMPACT, "score", "test").write(55.0) == "55.00"
    assert parts.unit(released, "score", "test").signed(55.0) == "+55"
    assert parts.unit(released, "dollars", "test").signed(-90.0) == "-$90"
