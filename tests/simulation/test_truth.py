"""The planted truth: it fits the claims, and the claims follow it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cpticd.core.outcomes import DECIDED
from cpticd.simulation import Simulation
from cpticd.simulation.catalogue import rows
from cpticd.simulation.pipeline import run


def outcomes(simulation: Simulation) -> pd.DataFrame:
    """Lines with the first decision on their own claim and their planted chances."""
    lines = simulation.claims.table("line_outcomes").drop(columns="initial_outcome")
    first = simulation.claims.query(
        "SELECT claim_id, claim_line_number, arg_min(decision, adjudication_number) AS initial_outcome FROM ledger "
        "WHERE decision IN ('paid', 'partly denied', 'denied', 'nothing paid') GROUP BY ALL"
    )
    keys = ["claim_id", "claim_line_number"]
    lines = lines.merge(first, on=keys, how="left", validate="one_to_one")
    lines["initial_outcome"] = lines["initial_outcome"].fillna("not adjudicated")
    return lines.merge(simulation.truth["lines"], on=["claim_id", "claim_line_number"], validate="one_to_one")


def test_every_line_has_its_chances(simulation: Simulation):
    assert (
        len(outcomes(simulation)) == len(simulation.claims.table("lines")) == len(simulation.truth["lines"])
    )


def test_the_base_chance_depends_on_payer_place_procedure_and_quarter_alone(simulation: Simulation):
    rows = outcomes(simulation)
    rows["quarter"] = pd.to_datetime(rows["service_date"]).dt.to_period("Q").astype(str)
    strata = rows.assign(hcpcs_code=rows["hcpcs_code"].fillna("")).groupby(
        ["payer", "place", "hcpcs_code", "quarter"]
    )["base_probability"]
    assert (strata.nunique() == 1).all()
    assert strata.ngroups > 1000


def test_base_chances_are_mostly_between_4_and_15_percent(simulation: Simulation):
    base = simulation.truth["lines"]["base_probability"]
    assert 0.04 < base.quantile(0.3) < base.quantile(0.8) < 0.15


def test_denials_are_drawn_with_the_planted_chance(simulation: Simulation):
    rows = outcomes(simulation)
    rows = rows[rows["initial_outcome"] != "not adjudicated"]
    rows["denied"] = rows["initial_outcome"] == "denied"
    for by in (["payer"], ["place"], ["driver"], ["payer", "hcpcs_code"]):
        cells = rows.groupby(by).agg(
            n=("denied", "size"), denied=("denied", "sum"), chance=("denial_probability", "sum"),
            spread=("denial_probability", lambda p: (p * (1 - p)).sum()),
        )  # fmt: skip
        cells = cells[cells["n"] >= 200]
        z = (cells["denied"] - cells["chance"]) / np.sqrt(cells["spread"])
        assert z.abs().max() < 4.5, by
        assert 0.5 < z.std() < 1.5 or len(z) < 20, by


def test_without_effects_nothing_moves_the_chance(plain: Simulation):
    lines = plain.truth["lines"]
    assert (lines["denial_probability"] == lines["base_probability"]).all()
    assert set(lines["driver"]) == {"base"}
    for name in ("pair_effects", "policies", "rule_strictness"):
        assert plain.truth[name].empty, name
    assert not plain.truth["rule_violations"].empty


def test_planted_pairs_are_a_minority_with_others_to_compare(simulation: Simulation):
    effects = simulation.truth["pair_effects"]
    assert list(effects.columns) == ["payer", "hcpcs_code", "diagnosis_code", "carc", "odds_ratio"]
    assert not effects.duplicated(["payer", "hcpcs_code", "diagnosis_code"]).any()
    assert effects["payer"].nunique() == 7
    assert (effects["odds_ratio"] >= 3).sum() >= 50
    assert effects["odds_ratio"].between(1.5, 3).sum() >= 20
    assert (effects["odds_ratio"] < 1).sum() >= 5
    pairs = simulation.claims.query(
        "SELECT c.payer, p.hcpcs_code, p.diagnosis_code, count(*) AS n FROM pairs p JOIN claims c USING (claim_id) "
        "WHERE p.level = 'line' GROUP BY ALL"
    )
    assert len(effects) < 0.05 * (pairs["n"] >= 5).sum()
    lines = simulation.claims.query(
        "SELECT c.payer, l.hcpcs_code, count(*) AS total FROM lines l JOIN claims c USING (claim_id) "
        "WHERE l.hcpcs_code IS NOT NULL GROUP BY ALL"
    )
    planted = effects[effects["odds_ratio"] > 1].merge(pairs, on=["payer", "hcpcs_code", "diagnosis_code"])
    share = planted.merge(lines, on=["payer", "hcpcs_code"])
    assert (share["n"] <= 0.36 * share["total"] + 1).all()


def test_chances_of_pointed_lines_follow_the_planted_odds(simulation: Simulation):
    pairs = simulation.claims.query(
        "SELECT p.claim_id, p.claim_line_number, c.payer, p.hcpcs_code, p.diagnosis_code "
        "FROM pairs p JOIN claims c USING (claim_id)"
    )
    planted = pairs.merge(simulation.truth["pair_effects"], on=["payer", "hcpcs_code", "diagnosis_code"])
    strongest = planted.groupby(["claim_id", "claim_line_number"])["odds_ratio"].max()
    lines = simulation.truth["lines"].set_index(["claim_id", "claim_line_number"])
    lines = lines[~lines["driver"].isin(["rule", "policy"])]
    base, chance = lines["base_probability"], lines["denial_probability"]
    odds = (chance / (1 - chance)) / (base / (1 - base))
    wanted = strongest.reindex(lines.index).fillna(1.0)
    assert np.allclose(odds, wanted, rtol=1e-9)
    assert (lines["driver"] == np.where(wanted == 1.0, "base", "pair")).all()


def test_planted_reasons_show_on_denied_lines(simulation: Simulation):
    rows = outcomes(simulation)
    rows = rows[(rows["initial_outcome"] == "denied") & (rows["driver"] == "pair")]
    rows = rows[rows["denial_probability"] > 3 * rows["base_probability"]]
    pairs = simulation.claims.table("pairs")[
        ["claim_id", "claim_line_number", "hcpcs_code", "diagnosis_code"]
    ]
    seen = rows.merge(pairs, on=["claim_id", "claim_line_number", "hcpcs_code"]).merge(
        simulation.truth["pair_effects"], on=["payer", "hcpcs_code", "diagnosis_code"]
    )
    own = (seen["carc"] == seen["denial_carc"]).groupby([seen["claim_id"], seen["claim_line_number"]]).any()
    assert own.mean() > 0.55


@pytest.fixture(scope="module")
def broken(simulation: Simulation) -> pd.DataFrame:
    lines = simulation.claims.table("lines").merge(
        simulation.claims.table("claims")[["claim_id", "person_id", "claim_start_date", "billing_npi"]],
        on="claim_id",
    )
    return simulation.truth["rule_violations"].merge(
        lines, on=["claim_id", "claim_line_number"], validate="one_to_one"
    )


def test_rule_violations_are_few_and_of_many_kinds(simulation: Simulation, broken: pd.DataFrame):
    assert 0.003 < len(broken) / len(simulation.truth["lines"]) < 0.02
    assert broken["rule"].nunique() >= 11


def test_rule_violations_are_what_they_say(simulation: Simulation, broken: pd.DataFrame):
    rules = dict(iter(broken.groupby("rule")))
    pointers = simulation.claims.table("pointers")
    keys = ["claim_id", "claim_line_number"]
    assert rules["missing_pointer"].merge(pointers, on=keys).empty
    count = simulation.claims.table("diagnoses").groupby("claim_id")["diagnosis_position"].max()
    past = rules["pointer_past_diagnoses"].merge(pointers, on=keys)
    over = past["diagnosis_position"] > past["claim_id"].map(count)
    assert over.groupby([past["claim_id"], past["claim_line_number"]]).any().all()
    assert (rules["units_over_limit"]["service_unit_quantity"] >= 3).all()
    assert set(rules["retired_procedure_code"]["hcpcs_code"]) == {"99201"}
    codes = simulation.claims.table("pairs")
    retired = rules["retired_diagnosis_code"][keys].merge(codes, on=keys)
    assert (
        retired.groupby(keys)["diagnosis_code"]
        .apply(lambda c: c.isin(["M545", "G20", "R05", "N183"]).any())
        .all()
    )
    members = simulation.claims.table("members").drop_duplicates("person_id").set_index("person_id")["sex"]
    wrong = rules["sex_conflict"]
    assert (wrong["person_id"].map(members) == "female").all()
    assert (wrong["claim_start_date"] < "2024-10-01").all()
    sides = simulation.claims.table("pairs").query("is_primary")[[*keys, "diagnosis_code"]]
    conflict = rules["laterality_conflict"].merge(sides, on=keys)
    assert set(conflict["hcpcs_modifier_1"]) <= {"RT", "LT"}


def test_new_patient_codes_are_right_unless_planted(simulation: Simulation):
    lines = simulation.claims.query(
        """
        SELECT l.claim_id, l.claim_line_number, EXISTS (
            SELECT 1 FROM claims o WHERE o.person_id = c.person_id AND o.billing_npi = c.billing_npi
            AND o.claim_type = 'professional' AND o.claim_start_date < l.claim_line_start_date) AS seen
        FROM lines l JOIN claims c USING (claim_id)
        WHERE l.hcpcs_code IN ('99202', '99203', '99204', '99205') AND c.claim_type = 'professional'
          AND c.frequency_code = '1'
        """
    )
    planted = simulation.truth["rule_violations"].query("rule == 'new_patient_seen_before'")
    seen = lines[lines["seen"]]
    assert set(zip(planted["claim_id"], planted["claim_line_number"], strict=True)) == set(
        zip(seen["claim_id"], seen["claim_line_number"], strict=True)
    )


def test_lines_that_break_a_rule_are_denied_as_strictly_as_their_payer_is(simulation: Simulation):
    strictness = simulation.truth["rule_strictness"]
    assert set(strictness["tier"]) == {"strict", "medium", "lenient"}
    of_rule = strictness.groupby("rule").size()
    kinds = [row["kind"] for row in rows("payers")]
    for row in (*rows("rules"), *rows("rules_standard")):
        # Medicare's own rules hold at Medicare, the modifier of telehealth at others alone.
        assert of_rule[row["rule"]] == sum(not row["kinds"] or kind in row["kinds"].split() for kind in kinds)
    tiers = strictness.groupby("rule")["tier"].nunique()
    assert (tiers[of_rule > 2] == 3).all()
    lines = outcomes(simulation).merge(
        simulation.truth["rule_violations"], on=["claim_id", "claim_line_number"], validate="one_to_one"
    )
    assert set(lines["driver"]) == {"rule"}
    means = lines.groupby(["payer", "rule"])["denial_probability"].agg(["size", "mean"]).reset_index()
    both = strictness[strictness["lines"] > 0].merge(means, on=["payer", "rule"], validate="one_to_one")
    assert both["lines"].sum() == len(lines) == strictness["lines"].sum()
    assert (both["lines"] == both["size"]).all()
    assert np.allclose(both["expected_denial_rate"], both["mean"])
    rate = both[both["lines"] >= 5].groupby("tier")["expected_denial_rate"]
    assert rate.max()["lenient"] < 0.3 < rate.min()["medium"] < rate.max()["medium"] < rate.min()["strict"]
    factor = lines.merge(strictness, on=["payer", "rule"])
    base, chance = factor["base_probability"], factor["denial_probability"]
    assert np.allclose(chance / (1 - chance) / (base / (1 - base)), factor["odds"])


def test_unwritten_policies_deny_from_their_first_day_on(simulation: Simulation):
    policies = simulation.truth["policies"]
    assert 5 <= len(policies) <= 7
    assert policies["payer"].is_unique
    start = pd.to_datetime(policies["start_date"])
    assert (start >= "2024-06-01").all()
    assert (start <= "2025-08-01").all()
    assert start.nunique() >= 5
    lines = outcomes(simulation)
    pairs = simulation.claims.table("pairs")[["claim_id", "claim_line_number", "diagnosis_code"]]
    pairs["diagnosis_family"] = pairs["diagnosis_code"].str[:3]
    pairs = pairs.drop(columns="diagnosis_code").drop_duplicates()
    keys = ["payer", "hcpcs_code", "diagnosis_family"]
    rows = lines.merge(pairs, on=["claim_id", "claim_line_number"]).merge(policies, on=keys)
    late = pd.to_datetime(rows["service_date"]) >= pd.to_datetime(rows["start_date"])
    under = rows[late & (rows["driver"] != "rule")]
    assert (under["driver"] == "policy").all()
    assert len(under) == (lines["driver"] == "policy").sum()
    assert "policy" not in set(rows[~late]["driver"])
    assert (under["denial_probability"].between(0.75, 0.98)).all()
    decided = under[under["initial_outcome"].isin(DECIDED)].groupby("payer")
    found = policies.set_index("payer")
    assert (decided.size() == found["lines_after"]).all()
    denied = under[under["initial_outcome"] == "denied"]
    assert (denied.groupby("payer").size() == found["denied_after"]).all()
    assert found["lines_after"].min() >= 10
    assert found["denied_after"].sum() > 0.8 * found["lines_after"].sum()
    own = denied["denial_carc"] == denied["carc"]
    assert own.mean() > 0.8


def test_policies_are_none_of_the_candidates_of_pair_effects():
    effects = {(row["hcpcs_code"], row["diagnosis_code"][:3]) for row in rows("effects")}
    assert not [row for row in rows("policies") if (row["hcpcs_code"], row["diagnosis_family"]) in effects]


@pytest.mark.parametrize("years", [(2021,), (2019, 2020, 2021)])
def test_policies_begin_within_the_simulated_years(years: tuple[int, ...]):
    policies = run(400, 2, years, True)[1]["policies"]
    start = pd.to_datetime(policies["start_date"])
    assert len(policies) >= 4
    assert (start >= f"{years[0]}-04-01").all()
    assert (start <= f"{years[-1]}-08-01").all()
    assert (start.dt.day == 1).all()


def test_downcodes_are_the_lines_whose_code_was_changed(simulation: Simulation):
    planted = simulation.truth["downcodes"]
    changed = simulation.claims.query(
        "SELECT DISTINCT claim_id, claim_line_number, submitted_hcpcs_code, hcpcs_code FROM line_payments "
        "WHERE submitted_hcpcs_code IS NOT NULL"
    )
    assert len(planted) > 20
    keys = ["claim_id", "claim_line_number", "submitted_hcpcs_code", "hcpcs_code"]
    first = planted.merge(changed, on=keys)
    assert len(first) == len(planted)
    payer = simulation.claims.table("claims").set_index("claim_id")["payer"]
    assert planted["claim_id"].map(payer).nunique() == 1
    # Others appear only where a denied line was paid at a later adjudication.
    rest = changed.merge(planted, on=keys, how="left", indicator=True).query("_merge == 'left_only'")
    state = simulation.claims.table("line_outcomes").set_index(["claim_id", "claim_line_number"])[
        "initial_outcome"
    ]
    assert set(state.loc[list(zip(rest["claim_id"], rest["claim_line_number"], strict=True))]) <= {"denied"}
