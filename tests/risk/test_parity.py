"""`risk.score` against the scalar oracle, on 6,000 beneficiaries and more of every model (a benchmark takes 20,000)."""

from __future__ import annotations

import functools
from collections import defaultdict
from datetime import date
from typing import Any

import pandas as pd
import pytest

from cpticd import risk
from tests.risk import beneficiaries, oracle, oracle_data
from tests.risk.sampled import expected

# Every year with tables of its own is scored; the sample is whole in the first, smaller in the others.
FIRST = [("V22", 2026), ("V24", 2025), ("V28", 2026), ("ESRD V24", 2026), ("RxHCC V08", 2026)]
OTHERS = [
    ("V22", 2027),
    ("V24", 2024),
    ("V24", 2026),
    ("V28", 2024),
    ("V28", 2025),
    ("V28", 2027),
    ("ESRD V24", 2024),
    ("ESRD V24", 2025),
    ("ESRD V24", 2027),
]
# Whose HCCs CMS's score does not use: SAS lists them all the same, `risk.score` may list none.
WITHOUT_HCCS = ("NE", "SNPNE", "DNE", "GNE", "TRANSPLANT", "Rx_NE_Lo", "Rx_NE_NoLo", "Rx_NE_LTI")
PARTS = ["demographic_score", "disease_score", "interaction_score", "count_score"]


@functools.cache
def scored(model: str, payment_year: int, persons: int = beneficiaries.PERSONS) -> pd.DataFrame:
    """The sample's score by `risk.score`, one row per person in the sample's order."""
    sample = beneficiaries.sample(model, payment_year, persons=persons)
    got = risk.score(sample.members(), sample.diagnoses(), model=model, payment_year=payment_year)
    people = [person["person_id"] for person in sample.persons]
    assert len(got) == len(people)
    return got.set_index("person_id").loc[people]


def unlike(model: str, payment_year: int, persons: int) -> list[tuple[Any, ...]]:
    """Persons whose segment, HCCs, a part or the raw score is not the oracle's, to 1e-9."""
    sample = beneficiaries.sample(model, payment_year, persons=persons)
    got = scored(model, payment_year, persons)
    want = expected(model, payment_year, persons)
    return [
        (person, codes, ours, theirs)
        for person, codes, ours, theirs in zip(
            sample.persons, sample.codes, got.to_dict("records"), want, strict=True
        )
        if not _same(ours, theirs)
    ]


@pytest.mark.parametrize(
    ("model", "payment_year", "persons"),
    [(model, year, beneficiaries.PERSONS) for model, year in FIRST]
    + [(model, year, 2_000) for model, year in OTHERS],
)
def test_score_is_the_oracles(model: str, payment_year: int, persons: int) -> None:
    """Segment, HCCs, each part and the raw score of every person."""
    assert unlike(model, payment_year, persons)[:3] == []


def _same(ours: dict[str, Any], theirs: oracle.Score) -> bool:
    parts = (theirs.demographic, theirs.disease, theirs.interaction, theirs.count)
    hccs = set(ours["hccs"])
    return (
        abs(ours["raw_score"] - theirs.raw) <= 1e-9
        and abs(sum(ours[part] for part in PARTS) - ours["raw_score"]) <= 1e-9
        and all(abs(ours[name] - part) <= 1e-9 for name, part in zip(PARTS, parts, strict=True))
        and (hccs == theirs.hccs or (not hccs and theirs.segment in WITHOUT_HCCS))
        and ours["payment_hcc_count"] == len(hccs)
        and ours["segment"] == theirs.segment
    )


def test_hccs_are_text_in_the_order_of_their_numbers() -> None:
    """What a person holds after the hierarchies reads like CMS's own list."""
    for hccs in scored("V28", 2026, 2_000)["hccs"]:
        assert all(isinstance(hcc, str) for hcc in hccs)
        assert list(hccs) == sorted(hccs, key=int)


@pytest.mark.parametrize(("model", "payment_year"), FIRST)
def test_explained_terms_are_the_oracles(model: str, payment_year: int) -> None:
    """A person's terms add up to each part; his conditions are the HCCs, what was removed is what hierarchies took."""
    sample = beneficiaries.sample(model, payment_year).first(1_000)
    tables = oracle_data.tables(model, payment_year)
    terms = risk.explain(sample.members(), sample.diagnoses(), model=model, payment_year=payment_year)
    values, hccs = defaultdict(float), defaultdict(set)
    codes_of: dict[tuple[str, str], set[str]] = {}
    for term in terms.to_dict("records"):
        values[term["person_id"], term["kind"]] += term["value"]
        hccs[term["person_id"], term["kind"]].add(term["hcc"])
        if term["kind"] == "disease":
            codes_of[term["person_id"], term["hcc"]] = set(term["diagnosis_codes"])
    for person, codes in zip(sample.persons, sample.codes, strict=True):
        want, who = oracle.score(model, person, codes, tables), person["person_id"]
        parts = (want.demographic, want.disease, want.interaction, want.count)
        for kind, part in zip(("demographic", "disease", "interaction", "count"), parts, strict=True):
            assert values[who, kind] == pytest.approx(part, abs=1e-9), (kind, person, codes)
        if want.segment in WITHOUT_HCCS:
            continue
        ccs = oracle._condition_categories(person, codes, tables)
        assert hccs[who, "disease"] == want.hccs, (person, codes)
        assert hccs[who, "removed"] == ccs - want.hccs, (person, codes)
        for hcc in want.hccs:
            support = {code for code in codes if hcc in oracle._condition_categories(person, [code], tables)}
            clean = {code.strip().upper().replace(".", "") for code in support}
            assert codes_of[who, hcc] == clean, (person, codes, hcc)


@pytest.mark.parametrize("payment_year", [2025, 2026])
def test_age_is_as_of_february_first_of_the_payment_year(payment_year: int) -> None:
    """Birth dates around the first of February, leap days among them: FLOOR((months − (1 < day)) / 12)."""
    births = [
        date(year, month, day)
        for year in (1931, 1940, 1956, 1960, 1961, 1990, payment_year - 1)
        for month, day in ((1, 31), (2, 1), (2, 2), (2, 28), (3, 1), (12, 31))
    ] + [date(1936, 2, 29), date(1960, 2, 29), date(1960, 1, 1), date(payment_year, 1, 1)]
    members = pd.DataFrame(
        {"person_id": [f"P{i}" for i in range(len(births))], "birth_date": births, "sex": "female"}
    )
    members["original_reason_entitlement_code"] = "1"
    nothing = pd.DataFrame({"person_id": [], "diagnosis_code": []}, dtype="str")
    got = risk.score(members, nothing, model="V28", payment_year=payment_year).set_index("person_id")
    tables = oracle_data.tables("V28", payment_year)
    for person_id, born in zip(members["person_id"], births, strict=True):
        months = (payment_year - born.year) * 12 + (2 - born.month)  # INTCK counts the month boundaries
        age = max(0, (months - (born.day > 1)) // 12)
        person = {"age": age, "sex": "2", "orec": "1", "dual": "NA", "lti": False, "new_enrollee": False}
        want = oracle.score("V28", person, [], tables)
        assert got.loc[person_id, "segment"] == want.segment, (born, age)
        assert got.loc[person_id, "raw_score"] == pytest.approx(want.raw, abs=1e-9), (born, age)


@pytest.mark.parametrize(("model", "payment_year"), FIRST)
def test_payment_score_is_normalised_and_adjusted(model: str, payment_year: int) -> None:
    """Raw ÷ normalization × (1 − coding adjustment), by what the rate announcements say of the population."""
    got, want = scored(model, payment_year), expected(model, payment_year)
    factors = {
        "V22": {"": (1.187, 0.0)},
        "V24": {"": (1.153, 0.059)},
        "V28": {"": (1.067, 0.059)},
        "ESRD V24": {"dialysis": (1.062, 0.059), "graft": (1.104, 0.059)},
        "RxHCC V08": {"": (1.194, 0.0)},
    }[model]
    for normalized, payment, score in zip(got["normalized_score"], got["payment_score"], want, strict=True):
        graft = score.segment.startswith("G")
        normalization, adjustment = factors.get("graft" if graft else "dialysis") or factors[""]
        assert abs(normalized - score.raw / normalization) <= 1e-9
        assert abs(payment - score.raw / normalization * (1 - adjustment)) <= 1e-9


@pytest.mark.parametrize(
    ("payment_year", "blend"),
    [
        (2024, {"V24": (0.67, 1.146), "V28": (0.33, 1.015)}),
        (2025, {"V24": (0.33, 1.153), "V28": (0.67, 1.045)}),
        (2026, {"V28": (1.0, 1.067)}),
        (2027, {"V28": (1.0, 1.079)}),
    ],
)
def test_payment_score_is_each_model_normalised_then_blended(
    payment_year: int, blend: dict[str, tuple[float, float]]
) -> None:
    """Σ share × raw ÷ normalization × (1 − 5.9 %), by the oracle's raw scores of each model."""
    sample = beneficiaries.sample("V28", payment_year, persons=2_000).first(500)
    got = risk.blended(sample.members(), sample.diagnoses(), payment_year=payment_year)
    scores = dict(zip(got["person_id"], got["payment_score"], strict=True))
    for person, codes in zip(sample.persons, sample.codes, strict=True):
        want = sum(
            share
            * oracle.score(model, person, codes, oracle_data.tables(model, payment_year)).raw
            / normalization
            * (1 - 0.059)
            for model, (share, normalization) in blend.items()
        )
        assert scores[person["person_id"]] == pytest.approx(want, abs=1e-9)
