"""A sample for data validation, its review and extrapolation: by hand, and by drawing again and again.

V28, women at home without Medicaid: of 75 0.465; HCC 37 and 38 0.166, HCC 226 0.360, 37 beside 226 0.112 more; payment
year 2026: normalization 1.067, coding adjustment 5.9 %.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from cpticd.risk.radv import allocated
from tests.risk.visits import claims_of_visits

POINT = (1 - 0.059) / 1.067
#: Each person of the frame, by risk score from low to high: diagnoses.
CODES = {
    "a": "E11.9", "b": "E11.22", "c": "I50.22", "d": "I50.22", "e": "E11.22 I50.22", "f": "E11.22 I50.22 E11.9",
}  # fmt: skip


def members(**others: dict[str, object]) -> str:
    """Everybody of CODES in the plan throughout; ``others`` by person with what differs."""
    columns = ["person_id", "year", "birth_date", "sex", "part_b_months", "medicare_advantage_months", "hospice_months",
               "esrd", "death_date"]  # fmt: skip
    rows = []
    for person in [*CODES, *others]:
        for year in (2025, 2026):
            usual = {"person_id": person, "year": year, "birth_date": "1950-06-01", "sex": "female", "part_b_months": 12,
                     "medicare_advantage_months": 12, "hospice_months": 0, "esrd": "no", "death_date": ""}  # fmt: skip
            given = others.get(person, {})
            rows.append(usual | {k: v for k, v in given.items() if not k.startswith("later_")}
                        | ({k.removeprefix("later_"): v for k, v in given.items() if k.startswith("later_")}
                           if year == 2026 else {}))  # fmt: skip
    return "\n".join([" | ".join(columns), *(" | ".join(str(row[name]) for name in columns) for row in rows)])


@pytest.fixture(scope="module")
def claims() -> Claims:
    others: dict[str, dict[str, object]] = {
        "kidney": {"esrd": "yes"}, "hospice": {"hospice_months": 1}, "joined": {"medicare_advantage_months": 6},
        "left": {"later_medicare_advantage_months": 0}, "partb": {"part_b_months": 7}, "well": {},
        "dead": {"death_date": "2025-12-15"},
    }  # fmt: skip
    visits = [f"{person} | 2025-03-01 | 11 | {codes} | 99214" for person, codes in CODES.items()]
    visits += [
        f"{person} | 2025-03-01 | 11 | {'I10' if person == 'well' else 'E11.22'} | 99214" for person in others
    ]
    visits += ["f | 2025-05-01 | 111 | I50.22 | 99223", "f | 2025-06-01 | 11 | I50.22 | 99214",
               "f | 2025-07-01 | 02 | I50.22 | 99214-93", "f | 2025-04-01 | 11 | I50.22 | 99214"]  # fmt: skip
    return claims_of_visits("\n".join(visits), members=members(**others))


def test_who_is_drawn_from_whom(claims: Claims) -> None:
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1)
    assert sample.groupby("stratum")["person_id"].agg(lambda ids: sorted(set(ids))).to_dict() == {
        "low": ["a", "b"], "medium": ["c", "d"], "high": ["e", "f"],
    }  # fmt: skip
    assert sample["probability"].unique().tolist() == [1.0]
    out = {row["person_id"]: row["reason"] for row in cx.contract(sample).records["not_eligible"]}
    assert {person: reason.partition(":")[0] for person, reason in out.items()} == {
        "kidney": "not scored", "hospice": "a hospice month", "well": "no payment HCC", "partb": "new enrollee",
        "joined": "fewer than 12 months in the plan in the service year",
        "left": "not in the plan in January of the payment year",
        "dead": "not scored",
    }  # fmt: skip


def test_records_of_an_hcc_stand_by_their_support(claims: Claims) -> None:
    """A stay, then visits at which the patient was seen, the latest first, then what was heard alone; HCC 38 falls to 37."""
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1, best=4).set_index(
        ["person_id", "hcc"]
    )
    assert sample.loc["f"].index.tolist() == ["37", "226"]
    row = sample.loc[("f", "226")]
    assert list(row["claim_ids"]) == ["V14", "V15", "V17", "V6"]
    assert row["claims_available"] == 5
    assert list(row["diagnosis_codes"]) == ["I5022"]
    assert pd.Timestamp(row["claim_dates"][0]) == pd.Timestamp("2025-05-01")
    assert row["payment_score"] == pytest.approx((0.465 + 0.166 + 0.360 + 0.112) * POINT)


def test_a_sample_is_the_same_by_the_same_seed_and_weighs_what_it_stands_for(claims: Claims) -> None:
    draws = [cx.risk.radv_sample(claims, payment_year=2026, size=3, seed=seed) for seed in (4, 4, 5, 6, 7)]
    assert draws[0].equals(draws[1])
    assert len({tuple(draw["person_id"].unique()) for draw in draws}) > 1
    people = draws[0].drop_duplicates("person_id")
    assert people["weight"].tolist() == [2.0] * 3
    assert people["weight"].sum() == 6


def test_numbers_of_strata() -> None:
    assert allocated([10, 10, 10], 7, "equal") == [2, 2, 3]
    assert allocated([2, 10, 10], 9, "equal") == [2, 3, 4]
    assert allocated([60, 30, 10], 10, "proportional") == [6, 3, 1]
    assert allocated([2, 2], 9, "equal") == [2, 2]


def test_what_is_refused(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="size=2 is below strata=3"):
        cx.risk.radv_sample(claims, payment_year=2026, size=2, seed=1)
    with pytest.raises(ArgumentError, match="allocation"):
        cx.risk.radv_sample(claims, payment_year=2026, size=3, seed=1, allocation="any")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="fewer than strata=9"):
        cx.risk.radv_sample(claims, payment_year=2026, size=9, seed=1, strata=9)
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1)
    review = sample[["person_id", "hcc"]].assign(validated="yes")
    with pytest.raises(ArgumentError, match="8 sampled HCCs have no review"):
        cx.risk.extrapolate(claims, sample, review.iloc[:0], payment_year=2026)
    with pytest.raises(ArgumentError, match="1 of 2 sampled persons"):
        cx.risk.extrapolate(claims, sample[sample["person_id"] != "a"], review, payment_year=2026)
    with pytest.raises(SchemaError, match="stands twice"):
        cx.risk.extrapolate(claims, sample, pd.concat([review, review]), payment_year=2026)
    with pytest.raises(SchemaError, match="say yes or no"):
        cx.risk.extrapolate(claims, sample, review.assign(validated="perhaps"), payment_year=2026)


def reviewed(*rows: tuple[str, str, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person_id", "hcc", "validated"])


def test_deletes_are_rescored_and_shared_out(claims: Claims) -> None:
    """Without HCC 37 e loses its coefficient and the interaction; f is left with E11.9, HCC 38, which keeps both."""
    review = reviewed(
        ("e", "37", False), ("f", "37", False), ("a", "37", True), ("b", "37", True), ("z", "37", False)
    )
    found = cx.risk.deletes(claims, review, payment_year=2026, base_rate=1000, member_months=10)
    by = found.set_index(["person_id", "hcc"])
    assert by.loc[("e", "37"), "score"] == pytest.approx(-0.278)
    assert by.loc[("e", "37"), "dollars"] == pytest.approx(-0.278 * POINT * 10_000)
    assert by.loc[("f", "37"), "score"] == pytest.approx(0)
    assert by.loc[("a", "37"), ["change", "score"]].tolist() == [
        "added",
        pytest.approx(0),
    ]  # the weight of HCC 38
    assert ("b", "37") not in by.index  # coded and validated
    totals = {row["change"]: row for row in cx.contract(found).records["totals"]}
    assert totals["net"]["dollars"] == pytest.approx(-0.278 * POINT * 10_000)
    assert (totals["removed"]["hccs"], totals["added"]["hccs"]) == (2, 1)
    assert cx.risk.rejects(found)["location"].tolist()[-1] == "person z"
    both = cx.risk.deletes(claims, reviewed(("e", "37", False), ("e", "226", False)), payment_year=2026)
    assert both["score"].tolist() == pytest.approx(
        [-0.166 - 0.056, -0.360 - 0.056]
    )  # the interaction in halves
    assert both["marginal_score"].tolist() == pytest.approx([-0.278, -0.472])


def test_an_estimate_by_hand(claims: Claims) -> None:
    """One of each stratum's two persons is in error; all are drawn of two strata, so that only the third spreads."""
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1)
    review = sample[["person_id", "hcc"]].assign(validated=True)
    fell = review["person_id"].isin(["b", "c"]) | (review["person_id"].eq("e") & review["hcc"].eq("37"))
    review.loc[fell, "validated"] = False
    review = pd.concat(
        [review, reviewed(("d", "37", True))]
    )  # found in d's records, and not coded: 0.166 + 0.112
    wide = sample.assign(stratum_persons=sample["stratum"].map({"low": 20, "medium": 2, "high": 12}))
    found = cx.risk.extrapolate(claims, wide, review, payment_year=2026, base_rate=1000, member_months=12)
    rate = POINT * 12_000
    errors = {"low": [0, 0.166 * rate], "medium": [0.360 * rate, -0.278 * rate], "high": [0.278 * rate, 0]}
    sizes = {"low": 20, "medium": 2, "high": 12}
    estimates = {name: sizes[name] * sum(both) / 2 for name, both in errors.items()}
    variances = {
        name: sizes[name] ** 2 * (1 - 2 / sizes[name]) * ((both[0] - both[1]) ** 2 / 2) / 2
        for name, both in errors.items()
    }
    by = found.set_index("stratum")
    assert by["estimate"].drop("all").to_dict() == pytest.approx(estimates)
    assert by.loc["medium", "standard_error"] == 0
    error = math.sqrt(sum(variances.values()))
    assert by.loc["all", "standard_error"] == pytest.approx(error)
    assert by.loc["all", "low"] == pytest.approx(sum(estimates.values()) - 1.6448536 * error)
    contract = cx.contract(found)
    assert contract["lower_bound"] == pytest.approx(max(0, by.loc["all", "low"]))
    assert contract["unit"] == "US dollars"
    student = cx.risk.extrapolate(
        claims, wide, review, payment_year=2026, base_rate=1000, interval="student", confidence=0.99
    )
    assert student.set_index("stratum").loc["all", "low"] == pytest.approx(
        sum(estimates.values()) - 5.8409093 * error
    )


def test_by_person_and_by_hcc(claims: Claims) -> None:
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1)
    review = sample[["person_id", "hcc"]].assign(validated=~sample["person_id"].isin(["c", "e"]))
    people = cx.risk.extrapolate(claims, sample, review, payment_year=2026, grain="person").set_index(
        "person_id"
    )
    assert people.loc["e", "error"] == pytest.approx((0.166 + 0.360 + 0.112) * POINT)
    assert people.loc["e", "payment_validated"] == pytest.approx(0.465 * POINT)
    assert people.loc["e", "removed"] == ["V28 37", "V28 226"]
    hccs = cx.risk.extrapolate(claims, sample, review, payment_year=2026, grain="hcc").set_index("hcc")
    assert hccs[["reviewed", "not_validated"]].to_dict("index") == {
        "37": {"reviewed": 3, "not_validated": 1}, "38": {"reviewed": 1, "not_validated": 0},
        "226": {"reviewed": 4, "not_validated": 2},
    }  # fmt: skip
    assert hccs["estimate"].sum() == pytest.approx(people["error"].sum())
    missing = review[review["person_id"] != "c"]
    taken = cx.risk.extrapolate(
        claims, sample, missing, payment_year=2026, unreviewed="not validated", grain="person"
    )
    assert taken.set_index("person_id")["error"].to_dict() == pytest.approx(people["error"].to_dict())


def test_years_that_blend_two_models_are_reviewed_in_both() -> None:
    """Payment year 2025: 33 % of V24 (HCC 18, 0.302), 67 % of V28 (HCC 37, 0.166)."""
    claims = claims_of_visits(
        "a | 2024-03-01 | 11 | E11.22 | 99214\n b | 2024-03-01 | 11 | E11.22 | 99214", years=(2024, 2025)
    )
    sample = cx.risk.radv_sample(claims, payment_year=2025, size=2, seed=1, strata=1)
    assert sample[["person_id", "model", "hcc"]].to_numpy().tolist() == [
        [person, model, hcc] for person in "ab" for model, hcc in (("V24", "18"), ("V28", "37"))
    ]  # fmt: skip
    review = sample[["person_id", "model", "hcc"]].assign(validated=[True, False, False, False])
    found = cx.risk.extrapolate(claims, sample, review, payment_year=2025, grain="person").set_index(
        "person_id"
    )
    v24, v28 = 0.33 * 0.302 * 0.941 / 1.153, 0.67 * 0.166 * 0.941 / 1.045
    assert found["error"].to_dict() == pytest.approx({"a": v28, "b": v24 + v28})
    with pytest.raises(SchemaError, match="a column model is needed"):
        cx.risk.deletes(claims, review.drop(columns="model"), payment_year=2025)


def test_intervals_cover_what_they_say() -> None:
    """The estimator over 250 stratified samples of 300 invented persons: unbiased, and 90 % of intervals cover."""
    from cpticd.risk.radv_extrapolation import _Estimates

    rng = np.random.default_rng(3)
    sizes = {"low": 120, "medium": 100, "high": 80}
    errors = {
        name: rng.gamma(2.0, scale, n) - 0.5
        for (name, n), scale in zip(sizes.items(), (1, 2, 4), strict=True)
    }
    truth = sum(values.sum() for values in errors.values())
    drawn = {"low": 30, "medium": 30, "high": 40}
    people = pd.DataFrame(
        [(f"{name}{i}", name, sizes[name], n) for name, n in drawn.items() for i in range(n)],
        columns=["person_id", "stratum", "stratum_persons", "stratum_sampled"],
    )
    made, covered, estimates = _Estimates(people, 1.6448536), 0, []
    for _ in range(250):
        values = np.concatenate([rng.choice(errors[name], n, replace=False) for name, n in drawn.items()])
        whole = made.by_stratum(pd.Series(values, index=people["person_id"])).iloc[-1]
        estimates.append(whole["estimate"])
        covered += whole["low"] <= truth <= whole["high"]
    assert np.mean(estimates) == pytest.approx(truth, rel=0.02)
    assert 0.85 < covered / 250 < 0.95


def test_variance_is_that_of_all_samples_there_are() -> None:
    """Six persons, two drawn: the mean over all 15 samples of the estimated variance is the variance of the estimate."""
    from cpticd.risk.radv_extrapolation import _Estimates

    values = np.array([0.0, 1.0, 1.0, 3.0, 4.0, 9.0])
    people = pd.DataFrame(
        {"person_id": ["x", "y"], "stratum": "1", "stratum_persons": 6, "stratum_sampled": 2}
    )
    made = _Estimates(people, 1.0)
    rows = [
        made.by_stratum(pd.Series(values[list(pair)], index=["x", "y"])).iloc[-1]
        for pair in combinations(range(6), 2)
    ]
    estimates = np.array([row["estimate"] for row in rows])
    assert estimates.mean() == pytest.approx(values.sum())
    assert np.mean([row["standard_error"] ** 2 for row in rows]) == pytest.approx(estimates.var())


def test_a_sample_leaves_under_pseudonyms(claims: Claims) -> None:
    sample = cx.risk.radv_sample(claims, payment_year=2026, size=3, seed=1)
    shown = cx.disclosure.Pseudonyms().frame(sample)
    assert set(shown["person_id"]) == {"person 1", "person 2", "person 3"}
    assert all(claim.startswith("claim ") for ids in shown["claim_ids"] for claim in ids)
