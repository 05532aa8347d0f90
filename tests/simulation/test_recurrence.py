"""Services that recur, and what befalls their lines together: it is in the claims, at the chance that the truth states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.cli import main
from cpticd.simulation import Simulation, simulate, write_x12
from tests.simulation.test_simulation import digest
from tests.simulation.test_truth import outcomes

#: What a line's chance is where it is refused with all of its course, spell or gap.
TOGETHER = 0.97
#: Of lines that something else is planted on, or that are refused together, the chance is another.
OTHERS = ["pair", "rule", "policy", "course", "spell", "gap"]


@pytest.fixture(scope="module")
def recurring() -> Simulation:
    return simulate(persons=1200, seed=5, recurring=True)


@pytest.fixture(scope="module")
def lines(recurring: Simulation) -> pd.DataFrame:
    """Lines with keys, first decisions and chances; those of replacements are marked."""
    claims = recurring.claims.table("claims")[
        ["claim_id", "billing_npi", "claim_start_date", "frequency_code", "bill_type_code"]
    ]
    found = outcomes(recurring).merge(claims, on="claim_id", validate="many_to_one")
    return found.assign(day=pd.to_datetime(found["service_date"]))


def within(lines: pd.DataFrame, spans: pd.DataFrame, key: str) -> pd.DataFrame:
    """Lines of the span's key and payer from its first day to its last."""
    both = lines.merge(spans.reset_index(), on=[key, "payer"], suffixes=("", "_span"))
    start, end = pd.to_datetime(both["start_date"]), pd.to_datetime(both["end_date"])
    return both[(both["day"] >= start) & (both["day"] <= end)]


def assert_denied_together(found: pd.DataFrame) -> None:
    """Nearly all are denied, as the chance says."""
    decided = found[found["initial_outcome"] != "not adjudicated"]
    n, denied = len(decided), (decided["initial_outcome"] == "denied").sum()
    assert n > 100
    assert abs(denied - TOGETHER * n) < 4 * np.sqrt(TOGETHER * (1 - TOGETHER) * n)


@pytest.mark.parametrize(
    ("name", "key", "carcs"),
    [("spells", "person_id", {"26", "27"}), ("gaps", "billing_npi", {"B7", "185"})],
)
def test_all_services_within_a_spell_or_gap_are_refused_for_its_reason(
    recurring: Simulation, lines: pd.DataFrame, name: str, key: str, carcs: set[str]
):
    spans = recurring.truth[name]
    assert not spans.duplicated([key, "payer"]).any()
    assert set(spans["carc"]) == carcs
    found = within(lines, spans, key)
    first = found[found["frequency_code"] == "1"]
    assert (
        first.groupby("index").size().reindex(spans.index, fill_value=0).tolist() == spans["lines"].tolist()
    )
    mine = found[found["driver"] == name[:-1]]
    assert set(found["driver"]) <= {name[:-1], "gap"}
    assert_denied_together(mine)
    denied = mine[(mine["initial_outcome"] == "denied") & mine["denial_carc"].notna()]
    assert (
        denied["denial_carc"] == denied["carc"]
    ).mean() > 0.98  # a replaced line is denied once more, for another


def test_outside_of_spells_and_gaps_no_line_is_refused_as_if_within(
    recurring: Simulation, lines: pd.DataFrame
):
    keys = ["claim_id", "claim_line_number"]
    for name, key in (("spells", "person_id"), ("gaps", "billing_npi")):
        inside = within(lines, recurring.truth[name], key)[keys].assign(inside=True)
        rest = lines.merge(inside, on=keys, how="left")
        assert not (rest["inside"].isna() & (rest["driver"] == name[:-1])).any()


def visits(recurring: Simulation, lines: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Lines of courses by what stands on claims: person, days, primary diagnosis and the procedures of the kind."""
    codes = {
        "therapy": {"97110", "97140", "97530", "97112", "97014", "G0283"},
        "dialysis": {"90999"},
        "behavioral": {"90791", "90834", "90837"},
    }[kind]
    courses = recurring.truth["courses"].query("kind == @kind").reset_index()
    held = recurring.claims.table("diagnoses").query("diagnosis_position == 1")[
        ["claim_id", "diagnosis_code"]
    ]
    mine = lines[lines["hcpcs_code"].isin(codes) & (lines["frequency_code"] == "1")].merge(
        held, on="claim_id"
    )
    both = mine.merge(courses, on="person_id", suffixes=("", "_course"))
    start, end = pd.to_datetime(both["start_date"]), pd.to_datetime(both["end_date"])
    return both[(both["day"] >= start) & (both["day"] <= end)]


def test_therapy_comes_in_courses_of_several_lines_a_visit_for_one_diagnosis(
    recurring: Simulation, lines: pd.DataFrame
):
    found = visits(recurring, lines, "therapy")
    found = found[found["diagnosis_code"] == found["diagnosis_code_course"]]
    by_course = found.groupby("index").agg(days=("day", "nunique"), n=("day", "size"))
    assert by_course["days"].between(2, 34).all()
    assert by_course["days"].median() > 9
    assert (by_course["n"] / by_course["days"]).median() > 1.8


def test_dialysis_is_billed_by_the_month_with_a_row_a_session(recurring: Simulation, lines: pd.DataFrame):
    found = visits(recurring, lines, "dialysis")
    found = found[found["bill_type_code"].str.startswith("72")]
    by_claim = found.groupby("claim_id").agg(
        n=("day", "size"),
        days=("day", "nunique"),
        months=("day", lambda day: day.dt.to_period("M").nunique()),
    )
    assert len(by_claim) > 30
    assert (by_claim["n"] == by_claim["days"]).mean() > 0.95  # a duplicate is planted at times
    assert (by_claim["months"] == 1).all()
    assert by_claim["n"].between(9, 15).mean() > 0.9
    assert set(found["day"].dt.day_of_week) == {0, 2, 4}


def test_behavioral_health_comes_by_the_week(recurring: Simulation, lines: pd.DataFrame):
    found = visits(recurring, lines, "behavioral")
    apart = found.groupby("index")["day"].apply(
        lambda day: pd.Series(day.unique()).sort_values().diff().dt.days
    )
    assert ((apart.dropna() % 7).isin([0, 2, 5])).mean() > 0.8  # none on a weekend
    assert found.groupby("index")["day"].nunique().max() > 20


@pytest.mark.parametrize("kind", ["therapy", "dialysis", "behavioral"])
def test_a_refused_course_is_denied_as_a_whole(recurring: Simulation, lines: pd.DataFrame, kind: str):
    courses = recurring.truth["courses"]
    whole = courses["refused"] == "as a whole"
    assert (courses.loc[whole, "refused_lines"] == courses.loc[whole, "lines"]).all()
    assert (courses.loc[courses["refused"].isna(), "refused_lines"] == 0).all()
    found = visits(recurring, lines, kind)
    found = found[
        (found["diagnosis_code"] == found["diagnosis_code_course"]) & ~found["driver"].isin(["spell", "gap"])
    ]
    rates = (found["initial_outcome"] == "denied").groupby(found["refused"].fillna("no")).mean()
    assert rates.get("as a whole", 1.0) > 0.85
    assert rates["no"] < 0.35


def test_beyond_its_limit_a_course_is_denied_for_its_benefit(recurring: Simulation, lines: pd.DataFrame):
    courses = recurring.truth["courses"]
    limited = courses[courses["refused"] == "beyond its limit"]
    assert (limited["refused_lines"] > 0).sum() > 10
    assert (limited["refused_lines"] < limited["lines"]).all()
    assert set(limited["carc"]) == {"119"}
    found = visits(recurring, lines, "therapy").query("refused == 'beyond its limit'")
    found = found[found["diagnosis_code"] == found["diagnosis_code_course"]]
    nth = found.groupby("index")["day"].rank(method="dense")
    early, late = found[nth < found["visit_limit"] * 0.8], found[nth > found["visit_limit"] + 1]
    few, most = ((part["initial_outcome"] == "denied").mean() for part in (early, late))
    assert few < 0.5
    assert most > 0.85


def test_refused_courses_are_drawn_with_the_chance_that_the_truth_states(lines: pd.DataFrame):
    assert_denied_together(lines[lines["driver"] == "course"])


def test_drivers_and_habits_move_the_odds_by_what_the_truth_states(
    recurring: Simulation, lines: pd.DataFrame
):
    free = lines[~lines["driver"].isin(OTHERS)]
    odds = free["denial_probability"] / (1 - free["denial_probability"])
    base = free["base_probability"] / (1 - free["base_probability"])
    habits = recurring.truth["habits"].set_index("billing_npi")["odds_ratio"]
    factor = free["billing_npi"].map(habits)
    levels = pd.Series("", index=free.index)
    for driver in recurring.truth["drivers"].itertuples():
        mine = free["day"] >= pd.Timestamp(driver.start_date)
        for key in ("payer", "hcpcs_code", "billing_npi"):
            if isinstance(getattr(driver, key), str):
                mine &= free[key] == getattr(driver, key)
        factor = factor.where(~mine, factor * driver.odds_ratio)
        levels[mine] = driver.level
    assert np.allclose(odds / base, factor, rtol=1e-9)
    assert (free["driver"][levels != ""] == levels[levels != ""]).all()
    assert factor.nunique() > 10


def test_each_level_has_drivers_with_lines_enough(recurring: Simulation, lines: pd.DataFrame):
    drivers = recurring.truth["drivers"]
    assert {*drivers["level"]} == {"payer x procedure", "procedure", "provider"}
    keys = ["payer", "hcpcs_code", "billing_npi"]
    of_level = drivers.groupby("level")[keys].agg(lambda column: column.notna().mean())
    assert of_level.loc["payer x procedure"].tolist() == [1, 1, 0]
    assert of_level.loc["procedure"].tolist() == [0, 1, 0]
    assert of_level.loc["provider"].tolist() == [0, 0, 1]
    assert drivers["odds_ratio"].between(2.5, 6).all()
    first = lines[lines["frequency_code"] == "1"]
    for driver in drivers.itertuples():
        mine = np.ones(len(first), bool)
        for key in keys:
            if isinstance(getattr(driver, key), str):
                mine &= (first[key] == getattr(driver, key)).to_numpy()
        assert mine.sum() == driver.lines
        assert (
            mine & (first["day"] >= pd.Timestamp(driver.start_date)).to_numpy()
        ).sum() == driver.lines_after


def test_denials_are_drawn_with_the_planted_chance(lines: pd.DataFrame):
    decided = lines[lines["initial_outcome"] != "not adjudicated"]
    p, denied = decided["denial_probability"], decided["initial_outcome"] == "denied"
    by = decided["driver"]
    z = (denied.groupby(by).sum() - p.groupby(by).sum()) / np.sqrt((p * (1 - p)).groupby(by).sum())
    assert z.abs().max() < 4
    assert len(z) == 11


def test_without_effects_lines_still_depend_on_one_another():
    plain = simulate(persons=150, seed=5, effects=False, recurring=True)
    for name in ("drivers", "pair_effects", "policies"):
        assert plain.truth[name].empty, name
    for name in ("spells", "gaps", "courses", "habits"):
        assert not plain.truth[name].empty, name


def test_the_same_seed_gives_the_same_claims_on_every_platform():
    # A change of what recurs changes this number on purpose; another machine must not.
    assert (
        digest(60, 11, recurring=True) == "650db1efe2018621b30693412ab9d8278e51eda95e1d6ca49a950087c15dd472"
    )


def test_what_recurs_has_stories_too_and_is_written_as_x12(tmp_path: Path):
    told = simulate(persons=30, seed=3, stories=True, recurring=True)
    assert {"services", "courses", "spells"} <= told.truth.keys()
    write_x12(told, tmp_path / "files")
    found = cx.read_x12(tmp_path / "files", progress=False)
    for name in ("claims", "lines", "adjudications"):
        assert len(found.table(name)) == len(told.claims.table(name)), name
    therapy = "SELECT count(*) AS n, count(DISTINCT claim_line_start_date) AS days FROM lines WHERE hcpcs_code = '97110'"
    assert found.query(therapy).equals(told.claims.query(therapy))
    assert found.query(therapy).loc[0, "n"] > 20


def test_the_command_line_plants_it(tmp_path: Path):
    command = ["simulate", "--persons", "15", "--seed", "5", "--recurring", "--format", "csv", "--quiet"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    written = {path.stem for path in (tmp_path / "out" / "truth").iterdir()}
    assert {"drivers", "habits", "spells", "gaps", "courses"} <= written
