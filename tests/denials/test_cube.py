"""The cube of denials says of filtered lines what the analyses say: they, and plain SQL, are the oracles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from statsmodels.stats.proportion import confint_proportions_2indep

import cpticd as cx
from cpticd import denials
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.denials.cube import Cube
from cpticd.denials.cube import cube as cube_of
from cpticd.denials.cube_choice import Rows
from cpticd.denials.pair_sources import Grain
from cpticd.denials.trend import COLUMNS
from tests.amount import first
from tests.spec import claims_of, shown

#: What leans on the groups beside a group: how alike lines of one claim, or of one person, are.
OF_ALL_GROUPS = ["low", "high", "design_effect", "effective_lines"]
#: What depends on which other pairs there are.
OF_ALL_PAIRS = ["q_value", "shrunk_rate"]


@pytest.fixture(scope="module")
def claims() -> Iterator[Claims]:
    found = cx.simulate(500, 3).claims
    yield found
    found.engine.close()


@pytest.fixture(scope="module")
def cube(claims: Claims) -> Cube:
    return cube_of(claims, by=("payer", "place", "provider", "claim_type"))


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(expected)
    assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False, rtol=1e-9
    )


def trend_of(claims: Claims, by: str | None = None) -> pd.DataFrame:
    """The trend without changes, which a view has none of."""
    return denials.trend(claims, by)[[*([by] if by else []), *COLUMNS]]


def test_without_filters_it_says_what_the_analyses_say(claims: Claims, cube: Cube) -> None:
    view = cube.view()
    rates = denials.rates(claims)
    same(view.rates()[rates.columns], rates)
    same(view.causes(), denials.causes(claims))
    same(view.trend(), trend_of(claims))
    same(view.by_pair(), denials.by_pair(claims))
    same(view.by_pair(grain="family", min_lines=10), denials.by_pair(claims, grain="family", min_lines=10))


@pytest.mark.parametrize("dimension", first(1, ["payer", "place", "billing_npi"]))
@pytest.mark.parametrize("decision", ["initial", "final"])
def test_a_filter_gives_the_group_of_that_name(
    claims: Claims, cube: Cube, dimension: str, decision: str
) -> None:
    rates = denials.rates(claims, dimension, decision=decision)  # type: ignore[arg-type]
    for row in rates.head(3).itertuples():
        chosen = {dimension: getattr(row, dimension)}
        found = cube.view(**chosen, decision=decision).rates()
        for name in ("n", "denied", "partly_denied", "rate", "denied_amount"):
            assert found[name].iloc[0] == pytest.approx(getattr(row, name)), name
        alone = denials.rates(claims.where(**chosen), decision=decision)  # type: ignore[arg-type]
        for name in OF_ALL_GROUPS:
            assert found[name].iloc[0] == pytest.approx(alone[name].iloc[0]), name
            assert found[name].iloc[0] == pytest.approx(getattr(row, name), rel=0.3), name


def test_a_payer_alone_has_its_own_causes_trend_and_pairs(claims: Claims, cube: Cube) -> None:
    payer = cube.counts("payer").index[1]
    view = cube.view(payer=payer)
    for found, of_all in ((view.causes(), denials.causes(claims, "payer")), (view.trend(), trend_of(claims, "payer"))):  # fmt: skip
        of_others = [name for name in ("share_low", "share_high", *OF_ALL_GROUPS) if name in found]
        expected = of_all[of_all["payer"] == payer].drop(columns=["payer", *of_others])
        same(found.drop(columns=of_others), expected)
    for grain in ("code", "family"):
        keys = [f"hcpcs_{grain}", f"diagnosis_{grain}"]
        of_all = denials.by_pair(claims, by="payer", grain=grain, min_lines=10)  # type: ignore[arg-type]
        expected = of_all[of_all["payer"] == payer].drop(columns=["payer", *OF_ALL_PAIRS]).sort_values(keys)
        found = view.by_pair(grain=grain, min_lines=10).drop(columns=OF_ALL_PAIRS).sort_values(keys)  # type: ignore[arg-type]
        same(found, expected)


@st.composite
def criteria(draw: st.DrawFn, rows: Rows) -> dict[str, Any]:
    """Criteria that some lines meet, alone or several together."""
    line = draw(st.integers(0, len(rows.day) - 1))

    def of_line(name: str) -> str:
        return rows.columns[name].names[rows.columns[name].code[line]]

    chosen: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from(["payer", "place", "billing_npi", "rendering_npi", "hcpcs", "claim_type"]), max_size=2)):  # fmt: skip
        own = of_line({"hcpcs": "hcpcs_code"}.get(name, name))
        other = draw(st.sampled_from(rows.columns[{"hcpcs": "hcpcs_code"}.get(name, name)].names))
        chosen[name] = draw(st.sampled_from([own, [own, other], (other, own)]))
    if draw(st.booleans()):
        chosen["provider"] = of_line(draw(st.sampled_from(["billing_npi", "rendering_npi"])))
    if draw(st.booleans()):
        days = [str(rows.day[line]), *draw(st.lists(st.sampled_from(rows.day.astype(str)), max_size=1))]
        first, last = min(days), max(days)
        chosen["dates"] = draw(
            st.sampled_from(
                [(first, last), (None, last), (first, None), (first[:7], last[:7]), (None, first[:4])]
            )
        )
    if draw(st.integers(0, 3)) == 0:
        persons = rows.columns["person_id"]
        chosen["persons"] = [of_line("person_id"), "nobody", *persons.names[: draw(st.integers(0, 200))]]
    return chosen


@pytest.mark.thorough
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_view_says_what_the_analyses_say_of_the_same_selection(
    claims: Claims, cube: Cube, data: st.DataObject
) -> None:
    chosen = data.draw(criteria(cube.lines))
    view, selected = cube.view(**chosen), claims.where(**chosen)
    alike(view.rates(), denials.rates(selected))
    alike(cube.view(**chosen, decision="final").rates(), denials.rates(selected, decision="final"))
    alike(view.causes(), denials.causes(selected))
    alike(view.trend(), trend_of(selected))
    for grain in ("code", "family"):
        alike(
            view.by_pair(grain=grain, min_lines=5),  # type: ignore[arg-type]
            denials.by_pair(selected, grain=grain, min_lines=5),  # type: ignore[arg-type]
        )
    assert cx.contract(view.rates())["selection"].keys() == selected.selection.keys()


def alike(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The columns of the analysis are those of the view, which may be empty."""
    assert_frame_equal(found[expected.columns.tolist()], expected, check_dtype=False, rtol=1e-9)
    if len(expected):
        assert cx.contract(found)["rows_left_out"] >= 0


def test_a_pair_of_families_is_a_selection_of_lines(claims: Claims, cube: Cube) -> None:
    pair = cube.view().by_pair(grain="family").iloc[1]
    within = (pair["hcpcs_family"], pair["diagnosis_family"])
    selected = claims.where(hcpcs_family=within[0], diagnosis_family=within[1])
    view = cube.view()
    alike(view.rates(within), denials.rates(selected))
    alike(view.causes(within), denials.causes(selected))
    alike(view.trend(within), trend_of(selected))
    assert (view.trend(within)["adjudicated_share"] < 1).any(), "lines that wait for an answer count as well"


def test_a_cube_of_a_selection_is_chosen_within_it(claims: Claims) -> None:
    part = claims.where(place="11", dates=("2024", "2024"))
    view = cube_of(part).view(dates=("2024-07", None), payer="Aspen Medicare")
    selected = part.where(dates=("2024-07", None), payer="Aspen Medicare")
    same(view.rates()[["n", "denied"]], denials.rates(selected)[["n", "denied"]])
    same(view.by_pair(min_lines=5), denials.by_pair(selected, min_lines=5))
    assert cx.contract(view.rates())["selection"] == selected.selection


def test_a_cube_is_chosen_by_what_it_was_made_by(claims: Claims) -> None:
    cube = cube_of(claims, by=["claim_type", "quarter"])
    chosen = {"claim_type": "professional", "quarter": "2024-04-01"}
    same(cube.view(**chosen).rates()[["n", "denied"]], denials.rates(claims.where(**chosen))[["n", "denied"]])
    with pytest.raises(ArgumentError, match=r"setting cannot be chosen here.*claims\.where\(setting="):
        cube.view(setting="practitioner")
    with pytest.raises(ArgumentError, match=r"choose by diagnoses before"):
        cube_of(claims, by="diagnosis_code")
    with pytest.raises(ArgumentError, match="expected Claims"):
        cube_of("inbox/")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"payer": "nobody"}, {"payer": ["nobody", "noone"]}, {"payer": []}, {"payer": [None]}, {"place": "xx"},
        {"hcpcs": "992"}, {"provider": "1"}, {"persons": ["x"]}, {"dates": "2024"}, {"dates": ("soon", None)},
        {"dates": ("2025-02", "2025-01")},
    ],
)  # fmt: skip
def test_what_no_line_has_is_refused_in_the_same_words(
    claims: Claims, cube: Cube, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ArgumentError) as here:
        cube.view(**wrong)
    with pytest.raises(ArgumentError) as there:
        claims.where(**wrong)
    assert str(here.value) == str(there.value)


def test_lines_without_a_procedure_are_chosen_by_that() -> None:
    claims = claims_of(
        claims="claim_id | payer\nA | X",
        lines="claim_id | claim_line_number | hcpcs_code | processing_indicator_code\nA | 1 | 99213 | A\nA | 2 | | C",
    )
    for hcpcs in ("(none)", ["(none)", "99213"], "99213"):
        rates, selected = cube_of(claims).view(hcpcs=hcpcs).rates(), claims.where(hcpcs=hcpcs)
        assert shown(rates, "n", "denied") == shown(denials.rates(selected), "n", "denied"), hcpcs


def test_payers_of_claims_without_lines_can_be_chosen_as_well() -> None:
    claims = claims_of(
        claims="claim_id | payer | person_id\nA | X | p\nB | Y | q",
        lines="claim_id | claim_line_number\nA | 1",
    )
    view = cube_of(claims).view(payer="Y", persons="q")
    assert (
        shown(view.rates(), "n") == shown(denials.rates(claims.where(payer="Y", persons="q")), "n") == [(0,)]
    )
    with pytest.raises(ArgumentError, match="there are X, Y"):
        cube_of(claims).view(payer="Z")


def test_filters_together_are_those_of_sql(claims: Claims, cube: Cube) -> None:
    payer, place, category = cube.counts("payer").index[0], cube.counts("place").index[0], "duplicate"
    view = cube.view(payer=payer, place=place, dates=("2024-03", "2025-06"), category=category)
    row = claims.query(
        """SELECT count(*) AS n, count(CASE WHEN denial_category = $category AND initial_outcome = 'denied' THEN 1 END) AS denied,
            sum(CASE WHEN denial_category = $category THEN CAST(denied_amount AS DOUBLE) ELSE 0 END) AS amount
        FROM line_outcomes WHERE payer = $payer AND place = $place AND initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
            AND service_date BETWEEN DATE '2024-03-01' AND DATE '2025-06-30'""",
        payer=payer, place=place, category=category,
    ).iloc[0]  # fmt: skip
    found = view.rates().iloc[0]
    assert row["denied"] > 0
    assert (found["n"], found["denied"]) == (row["n"], row["denied"])
    assert found["denied_amount"] == pytest.approx(row["amount"])
    assert view.trend()["denied"].sum() == row["denied"]
    assert view.worklist()["denied_amount"].sum() == pytest.approx(row["amount"])


def test_categories_add_up_to_all(cube: Cube) -> None:
    everything = cube.view(decision="final").rates().iloc[0]
    parts = pd.concat([cube.view(decision="final", category=name).rates() for name in cube.categories])
    assert set(parts["n"]) == {everything["n"]}
    assert parts["denied"].sum() == everything["denied"]
    assert parts["denied_amount"].sum() == pytest.approx(everything["denied_amount"])


def test_a_category_opens_to_its_reason_codes(claims: Claims, cube: Cube) -> None:
    category = denials.causes(claims)["category"].iloc[0]
    found = cube.view(category=category).causes()
    rows = claims.query(
        """SELECT 'CARC ' || denial_carc AS category, count(CASE WHEN initial_outcome = 'denied' THEN 1 END) AS lines
        FROM line_outcomes WHERE denial_category = $category AND denial_carc IS NOT NULL GROUP BY 1""",
        category=category,
    )
    assert dict(zip(found["category"], found["lines"], strict=True)) == dict(
        zip(rows["category"], rows["lines"], strict=True)
    )
    assert found["cumulative_share"].iloc[-1] == pytest.approx(1)


def test_a_pair_of_families_restricts_every_part(claims: Claims, cube: Cube) -> None:
    pair = cube.view().by_pair(grain="family").iloc[0]
    within = (pair["hcpcs_family"], pair["diagnosis_family"])
    view = cube.view()
    found = view.rates(within).iloc[0]
    assert (found["n"], found["denied"]) == (pair["lines"], pair["denied_lines"])
    assert view.causes(within)["lines"].sum() == pair["denied_lines"]
    assert view.trend(within)["n"].sum() == pair["lines"]
    codes = view.by_pair(within, min_lines=1)
    assert set(codes["hcpcs_family"]) == {within[0]}
    assert set(codes["diagnosis_family"]) == {within[1]}
    assert codes["denied_amount"].sum() == pytest.approx(pair["denied_amount"], abs=0.01 * len(codes))
    assert len(view.worklist(within)) == found["denied"] + found["partly_denied"]


def test_the_trend_of_dollars_has_limits_of_an_individuals_chart(claims: Claims, cube: Cube) -> None:
    found = cube.view().trend(unit="charge")
    months = denials.rates(claims, "month", unit="charge").set_index("month")
    assert found["rate"].tolist() == pytest.approx(months.loc[found["period"], "rate"].tolist())
    mature = found[found["mature"]]
    center = mature["denied"].sum() / mature["n"].sum()
    half = 3 * np.abs(np.diff(mature["rate"])).mean() / 1.128
    assert found["center"].iloc[0] == pytest.approx(center)
    assert found["upper"].iloc[0] == pytest.approx(min(1, center + half), rel=1e-3)


def test_the_change_is_that_of_two_periods_with_newcombes_interval(cube: Cube) -> None:
    found = cube.view(dates=("2025-01", "2025-03")).change().iloc[0]
    assert (found["previous_first"], found["previous_last"]) == ("2024-10", "2024-12")
    now = cube.view(dates=("2025-01", "2025-03")).rates().iloc[0]
    then = cube.view(dates=("2024-10", "2024-12")).rates().iloc[0]
    assert found["difference"] == pytest.approx(now["rate"] - then["rate"])
    # Of as many lines as the two rates rest on, which are fewer than there are; a t distribution widens it by a bit.
    effective = [(row["denied"] / row["design_effect"], row["effective_lines"]) for row in (now, then)]
    interval = confint_proportions_2indep(*effective[0], *effective[1], method="newcomb", compare="diff")
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(interval, rel=0.02, abs=1e-4)
    ends = [now["rate"] - now["low"], then["high"] - then["rate"]]
    assert found["difference"] - found["difference_low"] == pytest.approx(np.hypot(*ends))


def test_without_a_period_before_the_halves_are_compared(cube: Cube) -> None:
    found = cube.view().change().iloc[0]
    shown_periods = [found[name] for name in ("previous_first", "previous_last", "first", "last")]
    assert shown_periods == ["2024-01", "2024-12", "2025-01", "2025-12"]
    assert cube.view(dates=("2024-01", "2024-01")).change().empty


def test_a_page_of_a_pair_holds_its_lines_denied_ones_first(claims: Claims, cube: Cube) -> None:
    view = cube.view()
    pair = view.by_pair().iloc[0]
    names = (pair["hcpcs_code"], pair["diagnosis_code"])
    first, count = view.page(names, count=5)
    assert count == pair["lines"]
    rest, _ = view.page(names, start=5, count=count)
    keys = pd.concat([first, rest])[["claim_id", "claim_line_number"]]
    assert len(keys.drop_duplicates()) == count
    outcome = claims.table("line_outcomes").set_index(["claim_id", "claim_line_number"])["initial_outcome"]
    is_denied = [outcome[key] == "denied" for key in keys.itertuples(index=False, name=None)]
    assert sum(is_denied) == pair["denied_lines"]
    assert is_denied == sorted(is_denied, reverse=True)


def test_facts_count_the_persons_of_a_pair(cube: Cube) -> None:
    pairs = cube.view().by_pair(grain="family").head(4)
    facts = cube.view().facts(pairs, grain="family", alike=11)
    persons = facts.groupby(["hcpcs_family", "diagnosis_family"], observed=True)["person_id"].nunique()
    for row in pairs.itertuples():
        assert persons[row.hcpcs_family, row.diagnosis_family] == row.persons


def test_what_is_no_filter_is_refused(cube: Cube) -> None:
    for wrong in (
        {"payer": "nobody"}, {"place": "xx"}, {"dates": ("soon", None)}, {"dates": ("2025-02", "2025-01")},
        {"decision": "never"}, {"category": "weather"}, {"color": "red"},
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            cube.view(**wrong)
    with pytest.raises(ArgumentError, match="min_lines"):
        cube.view().by_pair(min_lines=0)


def test_claims_without_any_adjudication_are_empty_not_wrong() -> None:
    claims = claims_of(claims="claim_id | payer\nA | X", lines="claim_id | claim_line_number\nA | 1")
    view = cube_of(claims).view()
    assert shown(view.rates(), "n", "denied", "rate") == [(0, 0, None)]
    for frame in (view.causes(), view.by_pair(), view.by_pair(grain="family"), view.worklist(), view.change(), view.trend()):  # fmt: skip
        assert frame.empty
    assert view.page(("99213", "I10"))[1] == 0


def test_every_frame_says_what_it_counts(cube: Cube) -> None:
    payer = cube.counts("payer").index[0]
    view = cube.view(payer=payer, decision="final")
    for frame in (view.rates(), view.causes(), view.trend(), view.by_pair(), view.worklist(), view.change()):
        contract = cx.contract(frame)
        assert contract["clock"].startswith("latest decisions")
        assert contract["selection"]["payer"] == [payer]
        assert contract["rows_left_out"] > 0


@pytest.mark.parametrize("grain", ["code", "family"])
def test_a_pairs_carc_is_one_of_its_first_category(claims: Claims, grain: Grain) -> None:
    """The most frequent CARC of all may belong to another cause, which would be a contradiction to its reader."""
    pairs = denials.by_pair(claims, grain=grain, min_lines=5).dropna(subset=["top_carc"])
    prefix = "h.hcpcs_family, f.diagnosis_family" if grain == "family" else "p.hcpcs_code, p.diagnosis_code"
    names = list(pairs.columns[:2])
    lines = claims.query(f"""
        SELECT {prefix}, o.denial_category AS top_category, o.denial_carc AS top_carc, count(DISTINCT (o.claim_id, o.claim_line_number)) AS n
        FROM pairs p JOIN line_outcomes o USING (claim_id, claim_line_number)
        JOIN procedure_families h ON h.hcpcs_code = p.hcpcs_code
        JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
        WHERE o.initial_outcome = 'denied' AND o.denial_carc IS NOT NULL GROUP BY ALL
    """)  # fmt: skip
    first = lines.sort_values(
        [*names, "top_category", "n", "top_carc"], ascending=[True, True, True, False, True]
    )
    first = first.groupby([*names, "top_category"], as_index=False).first()
    told = pairs.merge(first, on=[*names, "top_category"], how="left", suffixes=("", "_own"))
    assert len(pairs) > 20
    assert (told["top_carc"] == told["top_carc_own"]).all()
    overall = lines.groupby([*names, "top_carc"])["n"].sum().reset_index().sort_values("n", ascending=False)
    usual = overall.drop_duplicates(names).rename(columns={"top_carc": "usual"})
    assert (told.merge(usual, on=names)["usual"] != told["top_carc"]).any(), "else the test shows nothing"
