"""What the figures of specificity show: points, intervals, labels that stand apart, and what they leave out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from cpticd import charts
from cpticd.charts.ledger_chart import _labels, _overlap
from cpticd.core.errors import ArgumentError
from tests.spec import frame

SHARE = frame("""
    payer   | claims | diagnoses | unspecified | unspecified_share | low  | high | with_specific | with_specific_share
    North   | 40     | 100       | 40          | 0.4               | 0.30 | 0.50 | 38            | 0.38
    <b>Up   | 30     | 50        | 10          | 0.2               | 0.10 | 0.30 | 10            | 0.20
    Small   | 1      | 2         | 2           | 1.0               | 0.34 | 1.00 | 0             | 0.00
""")
EFFECT = frame("""
    diagnosis_family | unspecified_lines | unspecified_denied | specific_lines | specific_denied | unspecified_rate | specific_rate | strata | odds_ratio | low_odds_ratio | high_odds_ratio | clustered_low_odds_ratio | clustered_high_odds_ratio | q_value | homogeneity_p_value
    09 Circulatory   | 200               | 60                 | 300            | 30              | 0.3              | 0.1           | 12     | 3.0        | 2.0            | 4.5             | 1.5                      | 6.0                       | 0.001   | 0.4
    10 Respiratory   | 100               | 10                 | 100            | 11              | 0.1              | 0.11          | 9      | 0.9        | 0.5            | 1.7             | 0.4                      | 2.0                       | 0.8     | 0.02
    01 Infectious    | 20                | 5                  | 20             | 0               | 0.25             | 0.0           | 2      |            |                |                 |                          |                           |         |
""")
CALENDAR = frame("""
    boundary   | system    | code_group    | family | kind      | lines_before | lines_after | use_odds_ratio | low_use_odds_ratio | high_use_odds_ratio | rate_before | rate_after | control_rate_before | control_rate_after | denial_odds_ratio | low_denial_odds_ratio | high_denial_odds_ratio | denial_q_value | outside_lines | outside_denied
    2021-10-01 | all       | -             |        | untouched | 900          | 950         |                |                    |                     | 0.10        | 0.11       |                     |                    | 1.1               | 0.9                   | 1.3                    | 0.6            | 0             | 0
    2021-10-01 | diagnosis | M545 → M5450  | 13     | replaced  | 180          | 184         | 1.0            | 0.8                | 1.2                 | 0.15        | 0.40       | 0.10                | 0.11               | 100.0             | 2.0                   | 400.0                  | 0.001          | 4             | 3
""")
LEDGERS = frame("""
    diagnosis_family | persons | both_persons | providers | unspecified_lines | denied_lines | expected_denials | denied_allowed_amount | excess_allowed_amount | excess_low_amount | excess_high_amount | gaps | expected_gaps | unspecified_gaps | expected_score | expected_dollars | pays_twice
    09 Circulatory   | 400     | 20           | 9         | 1000              | 200          | 100.0            | 9000                  | 5000                  | 3000              | 7000               | 40   | 20.0          | 10               | 4.0            | 40000            | 1
    10 Respiratory   | 100     | 5            | 8         | 800               | 80           | 82.5             | 4000                  | -50                   | -900              | 800                | 10   | 4.0           | 0                | 1.0            | 9000             | 0
    18 Symptoms      | 300     | 0            | 8         | 500               | 40           | 39.0             | 2000                  | 60                    | -700              | 820                |      |               |                  |                |                  | 0
""")
TEXT = ("payer", "diagnosis_family", "boundary", "system", "code_group", "family", "kind")


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: float for name in rows.columns if name not in TEXT}
    return rows.astype(numbers)


SHARE, EFFECT, CALENDAR, LEDGERS = (typed(rows) for rows in (SHARE, EFFECT, CALENDAR, LEDGERS))
ALL = [
    (charts.share, SHARE, "unspecified_share"),
    (charts.effect, EFFECT, "odds_ratio"),
    (charts.calendar, CALENDAR, "denial_odds_ratio"),
    (charts.two_ledgers, LEDGERS, "pays_twice"),
]


def hover(trace: go.Scatter, point: int) -> str:
    cells = trace.customdata[point]
    return re.sub(r"%\{customdata\[(\d+)\]\}", lambda found: cells[int(found[1])], trace.hovertemplate)


def named(fig: go.Figure, name: str) -> go.Scatter:
    return next(item for item in fig.data if str(item.name).startswith(name))


@pytest.mark.parametrize(("chart", "rows", "column"), ALL)
def test_titles_empty_and_wrong_frames(
    chart: Callable[..., go.Figure], rows: pd.DataFrame, column: str
) -> None:
    fig = chart(rows, theme="dark")
    assert fig.layout.title.text
    assert fig.layout.xaxis.title.text
    assert "nan" not in fig.to_json().lower()
    assert re.match("No ", chart(rows.head(0)).layout.annotations[0].text)
    with pytest.raises(ArgumentError, match=f"no column '{column}'.*specificity"):
        chart(rows.drop(columns=column))
    assert chart(rows).to_json() == chart(rows).to_json()


def test_share_shows_groups_with_interval_and_what_could_be_otherwise() -> None:
    fig = charts.share(SHARE, max_groups=2)
    own = named(fig, "unspecified")
    assert (own.x, own.y) == ((0.2, 0.4), (0, 1))
    assert own.error_x.array == pytest.approx((0.1, 0.1))
    assert named(fig, "with a specific").x == (0.2, 0.38)
    assert fig.layout.yaxis.ticktext == ("&lt;b&gt;Up", "North")
    texts = [note.text for note in fig.layout.annotations]
    assert texts == ["n = 50", "n = 100", "2 of 3 groups shown, those with most codes"]
    assert "unspecified: 40<br>share: 40.0 % (95 % interval 30.0–50.0 %)" in hover(own, 1)


def test_effect_is_a_forest_and_marks_what_is_beyond_chance() -> None:
    fig = charts.effect(EFFECT)
    strong, weak = named(fig, "q ≤"), named(fig, "q >")
    assert (strong.x, strong.y) == ((3,), (1,))
    assert (weak.x, weak.y) == ((0.9,), (0,))
    bars = [item for item in fig.data if item.error_x.array]
    assert [item.error_x.array[0] for item in bars] == pytest.approx([1.1, 0.8, 3.0, 1.5])
    assert fig.layout.xaxis.type == "log"
    assert fig.layout.yaxis.ticktext == ("10 Respiratory", "09 Circulatory")
    assert "odds ratio: 3.00× (95 % 2.00× to 4.50×; by person 1.50× to 6.00×)" in hover(strong, 0)
    assert "60 of 200 lines denied (30.0 %)" in hover(strong, 0)
    assert "200 | 300" in [note.text for note in fig.layout.annotations]


def test_calendar_shows_use_and_denials_side_by_side() -> None:
    fig = charts.calendar(CALENDAR)
    use, denial = (item for item in fig.data if item.name == "changed codes")
    assert (use.xaxis, use.x, use.y) == ("x", (1,), (0,))
    assert (denial.xaxis, denial.x) == ("x2", (16,))  # beyond the edge; the hover tells
    assert "denials: 100.00× (2.00× to 400.00×), q 0.001" in hover(denial, 0)
    untouched = named(fig, "untouched")
    assert (untouched.xaxis, untouched.x, untouched.y) == ("x2", (1.1,), (1,))
    assert fig.layout.yaxis.ticktext == ("2021-10-01: M545 → M5450", "2021-10-01: untouched codes")
    assert "4 out of date" in [note.text for note in fig.layout.annotations]
    fewer = charts.calendar(CALENDAR, max_groups=1)
    assert "1 of 2 rows shown" in [note.text for note in fewer.layout.annotations]


def test_two_ledgers_has_a_point_per_family_with_its_area_by_persons() -> None:
    fig = charts.two_ledgers(LEDGERS, max_labels=2)
    twice, others = named(fig, "pays twice"), named(fig, "in one ledger")
    assert (twice.x, twice.y) == ((5000,), (40000,))
    assert (others.x, others.y) == ((-50, 60), (9000, 0))
    assert others.marker.size == (100, 300)
    assert others.marker.sizeref == twice.marker.sizeref
    assert (twice.error_x.array, twice.error_x.arrayminus) == ((2000,), (2000,))
    assert (twice.text, others.text) == (("09 Circulatory",), ("10 Respiratory", ""))
    assert "n: 400 persons, 20 of them in both ledgers" in hover(twice, 0)
    assert "denied: 200 lines, 100 expected with specific codes" in hover(twice, 0)
    assert "beyond expected $5,000 (95 % interval $3,000 to $7,000)" in hover(twice, 0)
    assert "2 of 3 families named" in [note.text for note in fig.layout.annotations]
    low, high = fig.layout.xaxis.range
    assert low < -50 < 5000 < high


def test_two_ledgers_shows_all_denied_dollars_or_what_risk_it_has() -> None:
    everything = charts.two_ledgers(LEDGERS, denials="all")
    assert named(everything, "pays twice").x == (9000,)
    assert named(everything, "pays twice").error_x.array is None
    scored = charts.two_ledgers(LEDGERS.assign(expected_dollars=float("nan")))
    assert named(scored, "pays twice").y == (4,)
    assert "score" in scored.layout.yaxis.title.text
    nothing = charts.two_ledgers(
        LEDGERS.assign(expected_dollars=None, expected_score=None, expected_gaps=None)
    )
    assert not nothing.data
    with pytest.raises(ArgumentError, match="denials"):
        charts.two_ledgers(LEDGERS, denials="some")  # type: ignore[arg-type]


def test_labels_stand_apart_where_there_is_room() -> None:
    close = pd.DataFrame(
        {
            "family": ["one family", "another family"],
            "_x": [100.0, 101.0],
            "_y": [100.0, 100.0],
            "persons": [5.0, 5.0],
        }
    )
    places = [place for _, place in _labels(close, "family", 2).values()]
    assert len(set(places)) == 2
    assert _overlap((0.5, 0.5, 0.1, 0.1), (0.55, 0.5, 0.1, 0.1)) == pytest.approx(0.15 * 0.2)
    assert _overlap((0.1, 0.1, 0.05, 0.05), (0.9, 0.9, 0.05, 0.05)) == 0
