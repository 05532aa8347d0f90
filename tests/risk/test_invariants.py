"""What holds for every score, whoever is scored: properties of `risk.score`, and what bad input does."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import risk
from cpticd.core.errors import ArgumentError, SchemaError
from tests.risk import beneficiaries, oracle, oracle_data
from tests.spec import SPEC, claims_of

YEARS = {"V22": 2026, "V24": 2025, "V28": 2026, "ESRD V24": 2026, "RxHCC V08": 2026}
NUMBERS = [
    "demographic_score",
    "disease_score",
    "interaction_score",
    "count_score",
    "raw_score",
    "payment_score",
]
NONE = pd.DataFrame({"person_id": [], "diagnosis_code": []}, dtype="str")

PERSONS = st.fixed_dictionaries(
    {
        "age": st.integers(0, 105),
        "sex": st.sampled_from("12"),
        "dual": st.sampled_from(beneficiaries.DUALS),
        "orec": st.sampled_from("0123"),
        "lti": st.booleans(),
        "new_enrollee": st.sampled_from([False, False, False, True]),
        "snp": st.booleans(),
        "esrd": st.booleans(),
        "low_income": st.booleans(),
        "graft_months": st.sampled_from([None, 2, 5, 24]),
    }
)


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], list[list[str]]]:
    """A model and up to eight persons, each with up to twelve codes of the model's table."""
    model = draw(st.sampled_from(oracle.MODELS))
    every = sorted(oracle_data.tables(model, YEARS[model]).codes)
    people = draw(st.lists(PERSONS, min_size=1, max_size=8))
    codes = [draw(st.lists(st.sampled_from(every), max_size=12)) for _ in people]
    return model, people, codes


def scored(model: str, people: dict[str, tuple[dict[str, Any], list[str]]], *, seed: int = 0) -> pd.DataFrame:
    """Scores by person_id; the rows of both frames are given in a random order."""
    sample = beneficiaries.Sample(
        model,
        YEARS[model],
        [person | {"person_id": name} for name, (person, _) in people.items()],
        [codes for _, codes in people.values()],
    )
    rng = np.random.default_rng(seed)
    members, diagnoses = sample.members(), sample.diagnoses()
    frame = risk.score(
        members.iloc[rng.permutation(len(members))],
        diagnoses.iloc[rng.permutation(len(diagnoses))],
        model=model,
        payment_year=YEARS[model],
    )
    assert len(frame) == len(people)
    return frame.set_index("person_id")


def same(a: pd.Series, b: pd.Series) -> bool:
    """The same score in every part, on the same HCCs."""
    parts = all(abs(a[name] - b[name]) <= 1e-12 for name in NUMBERS)
    return parts and list(a["hccs"]) == list(b["hccs"]) and a["segment"] == b["segment"]


@pytest.mark.thorough
@settings(max_examples=15, deadline=None)
@given(cohort=cohorts(), seed=st.integers(0, 2**16))
def test_what_changes_no_score(cohort: tuple[str, list[dict[str, Any]], list[list[str]]], seed: int) -> None:
    """Codes that map to nothing, order, repetition and spelling, each against the person as he is."""
    model, people, held = cohort
    rng = np.random.default_rng(seed)
    mapped = oracle_data.tables(model, YEARS[model]).codes
    unknown = [code for code in beneficiaries.UNKNOWN if code.replace(".", "") not in mapped]
    variants = {
        "as he is": lambda codes: codes,
        "unknown codes": lambda codes: [*codes, *unknown],
        "order and repetition": lambda codes: [*reversed(codes), *codes[:3], *codes],
        "spelling": lambda codes: [beneficiaries._typed(code, rng) for code in codes],
    }
    given_people = {
        f"{number} {name}": (person, change(list(codes)))
        for number, (person, codes) in enumerate(zip(people, held, strict=True))
        for name, change in variants.items()
    }
    got = scored(model, given_people, seed=seed)
    for number, name in itertools.product(range(len(people)), variants):
        assert same(got.loc[f"{number} {name}"], got.loc[f"{number} as he is"]), (
            name,
            people[number],
            held[number],
        )


@pytest.mark.thorough
@settings(max_examples=15, deadline=None)
@given(cohort=cohorts(), data=st.data())
def test_a_lower_hcc_under_a_present_higher_one_is_worth_nothing(
    cohort: tuple[str, list[dict[str, Any]], list[list[str]]], data: st.DataObject
) -> None:
    """Neither in coefficients nor in interactions nor in counts, whatever else the person has."""
    model, people, held = cohort
    tables = oracle_data.tables(model, YEARS[model])
    carriers = beneficiaries._carriers(tables)
    edges = [
        (parent, child)
        for parent, children in tables.children.items()
        for child in children
        if parent in carriers and child in carriers and set(tables.children.get(child, ())) <= set(children)
    ]
    given_people = {}
    for number, (person, codes) in enumerate(zip(people, held, strict=True)):
        parent, child = data.draw(st.sampled_from(edges))
        beside = (
            carriers["221"] if parent == "223" and model == "V28" else []
        )  # 223 counts beside another only
        higher = [*codes, *carriers[parent][:1], *beside[:1]]
        given_people[f"{number} higher"] = (person, higher)
        given_people[f"{number} both"] = (person, [*higher, *carriers[child][:1]])
    got = scored(model, given_people)
    for number in range(len(people)):
        assert same(got.loc[f"{number} higher"], got.loc[f"{number} both"]), given_people[f"{number} both"]


def test_where_the_hierarchy_is_not_transitive_the_lower_hcc_still_trims() -> None:
    """CMS drops whatever stands in the line of a CC present: 63 under 62 is worth nothing itself, and ends 202."""
    carriers = beneficiaries._carriers(oracle_data.tables("V28", 2026))
    person = beneficiaries._person("V28", np.random.default_rng(0), 0, {"new_enrollee": False})
    codes = {hcc: carriers[hcc][0] for hcc in ("62", "63", "202")}
    got = scored(
        "V28",
        {
            "without": (person, [codes["62"], codes["202"]]),
            "with": (person, list(codes.values())),
        },
    )
    assert list(got.loc["without", "hccs"]) == ["62", "202"]
    assert list(got.loc["with", "hccs"]) == ["62"]


@pytest.mark.thorough
@settings(max_examples=8, deadline=None)
@given(cohort=cohorts())
def test_persons_are_scored_each_for_himself(
    cohort: tuple[str, list[dict[str, Any]], list[list[str]]],
) -> None:
    """Together the same as alone, to the last bit."""
    model, people, held = cohort
    named = {str(number): pair for number, pair in enumerate(zip(people, held, strict=True))}
    together = scored(model, named)
    for name, pair in list(named.items())[:2]:
        alone = scored(model, {name: pair}).loc[name]
        assert same(alone, together.loc[name])
        assert alone["raw_score"] == together.loc[name, "raw_score"]


def test_two_runs_give_the_same_bits() -> None:
    """Sums do not depend on the order in which threads finish."""
    sample = beneficiaries.sample("V28", 2026).first(2_000)
    frames = [
        risk.score(sample.members(), sample.diagnoses(), model="V28", payment_year=2026) for _ in range(2)
    ]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


# --- bad input --------------------------------------------------------------------------------------------------

BAD_MEMBERS: list[tuple[str, dict[str, Any], str]] = [
    ("missing age", {"age": None}, "age"),
    ("age that is no number", {"age": "seventy"}, "age"),
    ("negative age", {"age": -1}, "age"),
    ("age beyond any life", {"age": 200}, "age"),
    ("missing sex", {"sex": None}, "sex"),
    ("unknown sex", {"sex": "unknown"}, "sex"),
    ("a sex the model has no coefficient for", {"sex": "X"}, "sex"),
    ("unknown dual status", {"dual_status_code": "ZZ"}, "dual_status_code"),
    ("unknown reason of entitlement", {"original_reason_entitlement_code": "7"}, "original_reason"),
    ("a flag that is neither yes nor no", {"long_term_institutional": "maybe"}, "long_term_institutional"),
    ("a second record that says otherwise", {"age": 71}, "different facts"),
]
GOOD = {
    "age": "70",
    "sex": "female",
    "dual_status_code": "NA",
    "original_reason_entitlement_code": "0",
    "long_term_institutional": "no",
}


def test_every_person_is_scored_or_rejected_with_a_reason() -> None:
    """Good and bad records in one frame: persons read = scored + rejected, and the reason names the column."""
    rows: list[dict[str, Any]] = [{"person_id": "good", **GOOD}]
    for number, (_, wrong, _) in enumerate(BAD_MEMBERS):
        rows.append({"person_id": f"bad {number}", **GOOD, **wrong})
    rows.append({"person_id": f"bad {len(BAD_MEMBERS) - 1}", **GOOD})  # the same person, one year younger
    got = risk.score(pd.DataFrame(rows), NONE, payment_year=2026)
    rejects = risk.rejects(got)
    assert list(got["person_id"]) == ["good"]
    assert rejects["source"].eq("members").all()
    for number, (name, _, reason) in enumerate(BAD_MEMBERS):
        found = rejects[rejects["location"] == f"person bad {number}"]
        assert len(found) == 1, (name, rejects)
        assert reason in found["reason"].item(), (name, found["reason"].item())
    read = {row["person_id"] for row in rows}
    assert len(read) == len(got) + rejects["location"].nunique()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([f"p{i}" for i in range(5)]),
            st.sampled_from([70, 64, None, -3, 130, 0]),
            st.sampled_from(["female", "M", "2", "", "unknown", None]),
            st.sampled_from(["02", "NA", "5", "XY", None]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_persons_read_are_persons_scored_and_persons_rejected(rows: list[tuple[Any, ...]]) -> None:
    """No person vanishes and none is both, whatever the records say."""
    members = pd.DataFrame(rows, columns=["person_id", "age", "sex", "dual_status_code"])
    got = risk.score(members, NONE, payment_year=2026)
    rejects = risk.rejects(got)
    lost = rejects[(rejects["source"] == "members") & ~rejects["reason"].str.contains("scored once")]
    rejected = set(lost["location"].str.removeprefix("person "))
    assert got["person_id"].is_unique
    assert set(got["person_id"]) | rejected == set(members["person_id"])
    assert not set(got["person_id"]) & rejected
    assert got[NUMBERS].notna().all(axis=None)
    assert rejects["reason"].str.len().gt(0).all()


def test_a_person_who_stands_twice_is_scored_once_and_noted() -> None:
    """The same facts twice are one person; his score is that of one."""
    member = {"person_id": "twice", **GOOD}
    once, twice = (risk.score(pd.DataFrame([member] * times), NONE, payment_year=2026) for times in (1, 2))
    assert list(twice["raw_score"]) == list(once["raw_score"])
    assert cx.contract(once).records["rejects"] == []
    (note,) = cx.contract(twice).records["rejects"]
    assert "scored once" in note["reason"]


def test_diagnoses_of_nobody_and_without_a_code_are_told() -> None:
    """A diagnosis that cannot be used stands in the rejects; one that maps to nothing is simply worth nothing."""
    members = pd.DataFrame([{"person_id": "known", **GOOD}])
    diagnoses = pd.DataFrame(
        [("known", "E11.22"), ("known", "Z00.00"), ("stranger", "E11.22"), ("known", None), (None, "I50.9")],
        columns=["person_id", "diagnosis_code"],
    )
    got = risk.score(members, diagnoses, payment_year=2026)
    assert list(got.loc[0, "hccs"]) == ["37"]
    said = [(row["location"], row["reason"]) for row in cx.contract(got).records["rejects"]]
    assert len(said) == 3
    assert any("stranger" in place and "members" in reason for place, reason in said)
    assert any("known" in place and "diagnosis_code" in reason for place, reason in said)
    assert any("person_id" in reason for _, reason in said)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"payment_year": 2019}, "2026"),
        ({"payment_year": 2031}, "2026"),
        ({"payment_year": "2026"}, "2026"),
        ({"model": "V24", "payment_year": 2027}, "2025"),
        ({"model": "ESRD V24", "payment_year": 2023}, "2026"),
        ({"model": "RxHCC V08", "payment_year": 2028}, "2027"),
        ({"model": "V99", "payment_year": 2026}, "V28"),
        ({"model": "v28", "payment_year": 2026}, "V28"),
        ({"model": "", "payment_year": 2026}, "V28"),
    ],
)
def test_a_model_or_year_without_tables_is_refused(arguments: dict[str, Any], says: str) -> None:
    """The error says which there are."""
    with pytest.raises(ArgumentError, match=says):
        risk.score(pd.DataFrame([{"person_id": "a", **GOOD}]), NONE, **arguments)


@pytest.mark.parametrize("missing", ["person_id", "age", "sex"])
def test_a_missing_column_of_members_is_named(missing: str) -> None:
    """The columns without which nobody can be scored."""
    members = pd.DataFrame([{"person_id": "a", **GOOD}]).drop(columns=missing)
    with pytest.raises(SchemaError, match=missing):
        risk.score(members, NONE, payment_year=2026)


def test_diagnoses_without_their_columns_are_refused() -> None:
    """A frame with other columns, and none at all."""
    members = pd.DataFrame([{"person_id": "a", **GOOD}])
    with pytest.raises(SchemaError, match="diagnosis_code"):
        risk.score(members, pd.DataFrame({"person_id": ["a"], "code": ["E119"]}), payment_year=2026)
    with pytest.raises(ArgumentError, match="diagnoses"):
        risk.score(members, payment_year=2026)


def test_nobody_scored_is_an_empty_frame() -> None:
    """The columns of a result, no rows, no error."""
    members = pd.DataFrame({name: [] for name in ("person_id", *GOOD)}, dtype="str")
    got = risk.score(members, NONE, payment_year=2026)
    assert len(got) == 0
    assert {"person_id", "segment", "hccs", "payment_hcc_count", *NUMBERS} <= set(got.columns)


def test_numbers_serve_as_person_ids_and_columns_of_the_users_own_are_left_alone() -> None:
    """Ids are text in the result; a column that the model does not ask for changes nothing."""
    members = pd.DataFrame([{"person_id": 7, "colour": "red", **GOOD}])
    got = risk.score(
        members, pd.DataFrame({"person_id": [7], "diagnosis_code": ["e11.22 "]}), payment_year=2026
    )
    assert list(got["person_id"]) == ["7"]
    assert list(got.loc[0, "hccs"]) == ["37"]


def test_claims_take_no_diagnoses_beside_them() -> None:
    """Claims are scored on their own counted diagnoses."""
    with pytest.raises(ArgumentError, match="diagnoses"):
        risk.score(claims_of(**SPEC), NONE, payment_year=2026)


@pytest.mark.parametrize(
    "spellings", [("F", "f", "2", "female", "Female "), ("M", "m", "1", "male", " MALE")]
)
def test_sex_is_read_as_it_is_written(spellings: tuple[str, ...]) -> None:
    """Letters, CMS's digits and words are one."""
    members = pd.DataFrame(
        [{"person_id": str(number), **GOOD, "sex": sex} for number, sex in enumerate(spellings)]
    )
    got = risk.score(members, NONE, payment_year=2026)
    assert len(got) == len(spellings)
    assert got["raw_score"].nunique() == 1


def test_absent_columns_are_taken_as_documented() -> None:
    """No dual status; entitled by age from 65, by disability before; a continuing enrollee of the community."""
    bare = pd.DataFrame({"person_id": ["old", "young"], "age": [65, 64], "sex": ["F", "M"]})
    full = bare.assign(
        dual_status_code="NA",
        original_reason_entitlement_code=["0", "1"],
        long_term_institutional=False,
        new_enrollee=False,
        special_needs_plan=False,
    )
    pd.testing.assert_frame_equal(
        risk.score(bare, NONE, payment_year=2026), risk.score(full, NONE, payment_year=2026)
    )
