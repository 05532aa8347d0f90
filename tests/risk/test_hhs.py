"""HHS-HCC scores: by hand, against a plain oracle with tables of its own, and who of a data set is scored."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from cpticd.risk.hhs import tables
from tests.conftest import ROOT
from tests.risk import hhs_oracle
from tests.risk.hhs_published import SILVER_2025
from tests.risk.visits import claims_of_visits
from tests.spec import frame, shown

MEMBERS = """
    person_id | age | sex | metal_level  | csr_variant | enrolled_months
    arthritis | 45  | F   | silver       | 06          | 3
    leukemia  | 10  | M   | gold         |             | 2
    preterm   | 0   | M   | bronze       |             | 1
    boy       | 0   | M   | silver       |             | 12
    girl      | 1   | F   | silver       |             | 12
    graft     | 60  | M   | platinum     | 02          | 12
    healthy   | 33  | F   | catastrophic | 00          | 1
"""
DIAGNOSES = """
    person_id | diagnosis_code
    arthritis | E11.9
    arthritis | E13.9
    arthritis | K50.90
    arthritis | M05.79
    leukemia  | C91.00
    preterm   | P07.01
    preterm   | Q20.3
    boy       | Q20.3
    graft     | B20
    graft     | N18.6
    graft     | T86.10
"""
DRUGS = """
    person_id | ndc_code     | hcpcs_code
    arthritis |              | J1745
    leukemia  |              | J1745
    graft     | 0006-0571-42 |
"""
#: Added up by hand of Table 9 of benefit year 2025, times the factor of the cost-sharing reduction.
BY_HAND = {
    # F 45-49, G01 (one of two diabetes codes), HCC 48, HCC 56, RXC 9 with its three interactions, third month.
    "arthritis": (0.277 + 0.172 + 0.944 + 0.930 + 11.478 + 1.499 - 0.930 + 0.433 + 2.549, 1.12),
    # Under 18 years acute leukemia is HCC 9; children have no drug terms and no enrolment duration.
    "leukemia": (0.156 + 8.738, 1.00),
    # Transposition of the great vessels is severity 4; the boy of 499 g is extremely immature.
    "preterm": (147.377 + 0.475, 1.00),
    # Without a diagnosis of birth he counts as one year old.
    "boy": (11.942 + 0.060, 1.00),
    "girl": (0.431, 1.00),
    # M 60+, HCC 1, G24 (kidney transplant; HCC 184 stands below it), two payment HCCs severe, RXC 1 and with HCC 1.
    "graft": (0.472 + 0.342 + 6.320 - 5.733 + 5.097 + 2.467, 1.31),
    "healthy": (0.125, 1.00),
}


def scored(**options: object) -> pd.DataFrame:
    given = {"payment_year": 2025, "model": "HHS V08", "drugs": frame(DRUGS)} | options
    return risk.score(frame(MEMBERS), frame(DIAGNOSES), **given)  # type: ignore[arg-type]


def test_scores_by_hand() -> None:
    got = scored().set_index("person_id")
    for person, (raw, factor) in BY_HAND.items():
        assert got.loc[person, "raw_score"] == pytest.approx(raw, abs=1e-9), person
        assert got.loc[person, "payment_score"] == pytest.approx(raw * factor, abs=1e-9), person
    assert list(got.loc["graft", "hccs"]) == ["1", "183"] and got.loc["graft", "payment_hcc_count"] == 2
    assert list(got.loc["arthritis", "drugs"]) == ["RXC_09"]
    assert shown(got[["segment"]])[:3] == [("adult silver",), ("child gold",), ("infant bronze",)]


def test_parts_and_terms_add_up_and_say_why() -> None:
    got = scored().set_index("person_id")
    parts = [f"{name}_score" for name in ("demographic", "disease", "drug", "interaction", "count")]
    assert got[parts].sum(axis=1).to_list() == pytest.approx(got["raw_score"].to_list())
    terms = risk.explain(
        frame(MEMBERS), frame(DIAGNOSES), drugs=frame(DRUGS), payment_year=2025, model="HHS V08"
    )
    assert terms.groupby("person_id")["value"].sum().to_dict() == pytest.approx(got["raw_score"].to_dict())
    of = terms.set_index(["person_id", "term"])
    assert of.loc[("arthritis", "G01"), "diagnosis_codes"] == ["E119", "E139"]
    assert of.loc[("arthritis", "G01"), "label"] == "Diabetes without Complication (group G01)"
    assert of.loc[("graft", "RXC_01"), "diagnosis_codes"] == ["0006-0571-42"]
    assert of.loc[("graft", "HHS_HCC184"), ["kind", "removed_by"]].to_list() == ["removed", "183"]
    assert of.loc[("preterm", "EXTREMELY_IMMATURE_X_SEVERITY4"), "hcc"] == "138 242"
    drawn = cx.charts.risk_explain(terms, person="graft")
    assert (
        "drugs" in {trace.name for trace in drawn.data}
        and "HHS V08, adult platinum" in drawn.layout.title.subtitle.text
    )


def test_weights_are_those_that_hhs_published() -> None:
    """All 405 silver weights of 2025, those of HCCs that their group weighs among them."""
    table = tables.dated("hhs_coefficients", 2025).to_pandas()
    for population, want in SILVER_2025.items():
        got = table[table["population"] == population].set_index("term")["silver"]
        assert set(want) <= set(got.index)
        assert {term: value for term, value in got.items() if value != want.get(term, 0)} == {}


def test_the_package_gives_the_same_tables_again() -> None:
    pytest.importorskip("risk_adjustment_model", reason="risk-adjustment-model needs Python 3.12")
    spec = importlib.util.spec_from_file_location("build_hhs_tables", ROOT / "data" / "build_hhs_tables.py")
    assert spec and spec.loader
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    for name in builder.TABLES:
        assert cx.reference.path(name).read_text() == builder.text_of(name, builder.Package()), name


def test_hierarchies_are_those_of_the_sas_macro() -> None:
    pytest.importorskip("hccpy")
    for model in tables.MODELS:
        pairs = tables.hierarchy(model).to_pylist()
        ours = {(row["parent"].replace(".", "_"), row["child"].replace(".", "_")) for row in pairs}
        assert ours == {
            (one, other) for one, below in hhs_oracle.peers_hierarchy().items() for other in below
        }


def test_codes_have_the_hccs_of_another_package() -> None:
    """Codes that hccpy's mapping of 2022 has: the same HCC in each year, or the code has ended since."""
    pytest.importorskip("hccpy")
    for year in (2024, 2025, 2026):
        ours: dict[str, set[str]] = {}
        for row in tables.dated("hhs_diagnoses", year).to_pylist():
            ours.setdefault(row["diagnosis_code"], set()).add(row["hcc"].replace(".", "_"))
        gone = sorted(hhs_oracle.peers_hccs().keys() - ours.keys())
        in_force = cx.reference.icd10cm.valid(gone, on=f"{year}-01-01")
        assert in_force.loc[in_force["valid"].fillna(True), "code"].to_list() == []
        assert {
            code for code, hcc in hhs_oracle.peers_hccs().items() if code in ours and hcc not in ours[code]
        } == set()


def test_random_enrollees_are_scored_as_by_the_oracle() -> None:
    pytest.importorskip("hccpy")
    edited = tables.edited(2025).to_pandas()
    plain = edited.query(
        "age_from == 0 and age_to == 999 and sex == '' and then_from == 0 and then_to == 999"
    )
    alone = plain["diagnosis_code"].value_counts().loc[lambda n: n == 1].index
    birth = edited.query("age_from == 0 and age_to in (0, 1)")["diagnosis_code"]  # for infants alone
    once = edited["diagnosis_code"].value_counts().loc[lambda n: n == 1].index
    known = hhs_oracle.peers_hccs()
    codes = {name: _by_hcc(known, sorted(set(among) & known.keys())) for name, among in
             (("any", alone), ("birth", set(birth) & set(once)))}  # fmt: skip
    rxcs = (
        tables.dated("hhs_drugs", 2025).to_pandas().query("system == 'ndc'").groupby("category")["code"].min()
    )
    rng = random.Random(8)
    members, diagnoses, drugs, want = [], [], [], []
    for number in range(1500):
        age = rng.choice((rng.randint(0, 1), rng.randint(2, 20), rng.randint(21, 80), rng.randint(21, 80)))
        who, sex, months = f"P{number}", rng.choice("FM"), rng.randint(1, 12)
        pools = rng.sample(sorted(codes["any"]), rng.choice((0, 1, 2, 3, 5, 8, 12)))
        mine = [rng.choice(codes["any"][hcc]) for hcc in pools]
        if age == 0 and rng.random() < 0.7:
            mine.append(rng.choice(codes["birth"][rng.choice(sorted(codes["birth"]))]))
        taken = set(rng.sample(range(1, 11), rng.choice((0, 0, 1, 3))))
        members.append(
            {"person_id": who, "age": age, "sex": sex, "metal_level": "Silver", "enrolled_months": months}
        )
        diagnoses += [{"person_id": who, "diagnosis_code": code} for code in mine]
        drugs += [{"person_id": who, "ndc_code": rxcs[f"RXC {rxc}"]} for rxc in taken]
        want.append(hhs_oracle.score(age, sex, months, mine, taken))
    got = risk.score(
        pd.DataFrame(members),
        pd.DataFrame(diagnoses),
        drugs=pd.DataFrame(drugs),
        payment_year=2025,
        model="HHS V08",
    )
    assert got["raw_score"].to_list() == pytest.approx(want, abs=1e-9)


def _by_hcc(known: dict[str, str], codes: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in codes:
        found.setdefault(known[code], []).append(code)
    return found


VISITS = """
    metal    | 2025-03-01 | 11 | E11.22 N18.4 | 99214 J1745
    metal    | 2024-03-01 | 11 | C50.911      | 99214
    lab      | 2025-03-01 | 81 | E11.22       | 80053
    medicare | 2025-03-01 | 11 | E11.22       | 99214
    newborn  | 2025-01-20 | 21 | P07.01       | 99468
"""
ENROLLED = """
    person_id | year | birth_date | sex    | enrolled_months | metal_level | csr_variant | death_date
    metal     | 2025 | 1980-12-31 | female | 12              | gold        | 02          |
    lab       | 2025 | 1980-06-01 | male   | 4               | bronze      |             |
    medicare  | 2025 | 1950-06-01 | female | 12              |             |             |
    newborn   | 2025 | 2024-02-01 | male   | 12              | silver      |             |
"""


def test_claims_of_the_benefit_year_are_scored_for_marketplace_persons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    claims = claims_of_visits(VISITS, members=ENROLLED)
    got = risk.score(claims, payment_year=2025, model="HHS V08").set_index("person_id")
    # 45 on the last day; of 2024 nothing counts; J1745 on a line is a drug that was given; a laboratory claim counts not.
    assert got["segment"].to_dict() == {
        "lab": "adult bronze",
        "metal": "adult gold",
        "newborn": "infant silver",
    }
    assert got["hccs"].map(list).to_dict() == {"lab": [], "metal": ["20", "188"], "newborn": []}
    assert got["drugs"].map(list).to_dict() == {"lab": [], "metal": ["RXC_09"], "newborn": []}
    assert got["csr_factor"].to_dict() == {"lab": 1.0, "metal": 1.39, "newborn": 1.0}
    assert "no metal level" in risk.rejects(got).set_index("location").loc["person medicare", "reason"]
    said = capsys.readouterr().out
    assert "3 persons scored" in said and "assumed of 2: no cost-sharing reduction" in said
    assert "assumed of 3: that a diagnosis counts by Medicare's rules and lists of procedures" in said
    assert cx.contract(got)["clock"].startswith("diagnoses and drugs of benefit year 2025")
    terms = risk.explain(claims, payment_year=2025, model="HHS V08").set_index(["person_id", "term"])
    assert terms.loc[("metal", "G01"), "claims"] == ["V1"]


def test_what_medicare_alone_excludes_counts_in_a_marketplace_plan() -> None:
    """CMS does not count audio-only services from 2026 on, for Medicare Advantage."""
    members = "person_id | year | birth_date | sex | metal_level\nA | 2026 | 1980-06-01 | female | gold"
    claims = claims_of_visits("A | 2026-02-01 | 10 | E11.9 | 99213-93", members=members)
    got = risk.score(claims, payment_year=2026, model="HHS V08", quiet=True)
    assert got["hccs"].map(list).to_list() == [["21"]]
    assert risk.conditions(claims, year=2026)["counted"].to_list() == [False]


def test_an_edit_of_the_medicare_code_editor_is_by_age_at_the_diagnosis() -> None:
    """P07.01 is of newborns, P36.0 of those of less than a year: one year old at the end of the year, he was one then."""
    members = pd.DataFrame({"person_id": ["A"], "birth_date": ["2024-02-01"], "sex": ["M"]})
    codes = pd.DataFrame(
        {"person_id": ["A", "A"], "diagnosis_code": ["O80", "C91.50"], "service_date": ["2025-01-20"] * 2}
    )
    infant = risk.score(members, codes, payment_year=2025, model="HHS V08")
    assert infant["hccs"].map(list).to_list() == [[]]
    woman = pd.DataFrame({"person_id": ["A"], "birth_date": ["1960-06-01"], "sex": ["F"]})
    for day, hccs in (("2025-05-30", [["209"]]), ("2025-06-01", [[]])):  # 64, then 65 years: beyond Maternity
        birth = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["O80"], "service_date": [day]})
        assert (
            risk.score(woman, birth, payment_year=2025, model="HHS V08")["hccs"].map(list).to_list() == hccs
        )


def test_prevention_of_hiv_is_paid_from_2026_where_there_is_no_hiv() -> None:
    drug = next(
        r["code"]
        for r in tables.dated("hhs_drugs", 2026).to_pylist()
        if r["system"] == "ndc" and r["category"] == "PrEP"
    )
    members = pd.DataFrame({"person_id": list("ABCDE"), "age": [30, 30, 15, 11, 15], "sex": ["M"] * 5})
    drugs = pd.DataFrame({"person_id": [*list("ABCDE"), "B"], "ndc_code": [drug] * 5 + ["00006057142"]})
    codes = pd.DataFrame({"person_id": ["E"], "diagnosis_code": ["B20"]})
    got = risk.score(members, codes, drugs=drugs, payment_year=2026, model="HHS V08")
    assert got["drugs"].map(list).to_list() == [["ACF_PrEP"], ["RXC_01"], ["ACF_PrEP_Child"], [], []]
    before = risk.score(members, codes, drugs=drugs, payment_year=2025, model="HHS V08")
    assert before["drug_score"].to_list()[2:] == [0, 0, 0]


def test_months_of_days_and_what_is_assumed() -> None:
    days = [1, 31, 32, 62, 63, 153, 154, 184, 185, 366]
    members = pd.DataFrame(
        {"person_id": [f"P{d}" for d in days], "age": 40, "sex": "F", "enrolled_days": days}
    )
    codes = pd.DataFrame({"person_id": members["person_id"], "diagnosis_code": "E11.9"})
    got = risk.score(members, codes, payment_year=2025, model="HHS V08")
    by_month = [0, 8.808, 3.958, 2.549, 1.545, 1.143, 0.705, 0]
    months = [1, 1, 2, 2, 3, 5, 6, 6, 7, 7]
    assert got["count_score"].to_list() == pytest.approx([by_month[month] for month in months])
    assert cx.contract(got)["assumed"] == {
        "a silver plan": 10, "no cost-sharing reduction": 10, "no drugs: none are known of anybody": 10
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("metal_level", "tin", "metal_level: not platinum"),
        ("csr_variant", "77", "csr_variant: no such variant of a silver plan: 77"),
        ("csr_indicator", 12, "csr_indicator: HHS has no such number in 2025: 12"),
        ("enrolled_months", 13, "enrolled_months: not 1-12 months"),
        ("sex", "X", "sex: the model has coefficients"),
        ("age", 130, "age: outside 0-120"),
    ],
)
def test_who_cannot_be_scored_is_rejected_with_the_reason(column: str, value: object, says: str) -> None:
    facts: dict[str, object] = {"person_id": "A", "age": 40, "sex": "F", column: value}
    none = pd.DataFrame({"person_id": [], "diagnosis_code": []}, dtype="str")
    got = risk.score(pd.DataFrame([facts]), none, payment_year=2025, model="HHS V08")
    assert got.empty and risk.rejects(got)["reason"].iloc[0].startswith(says)


def test_what_is_asked_for_wrongly_is_said() -> None:
    members = pd.DataFrame({"person_id": ["A"], "age": [40], "sex": ["F"]})
    codes = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["E11.9"]})
    with pytest.raises(ArgumentError, match="HHS scores 2024 by model='HHS V07'"):
        risk.score(members, codes, payment_year=2024, model="HHS V08")
    with pytest.raises(ArgumentError, match="drugs: V28 does not ask"):
        risk.score(members, codes, payment_year=2026, drugs=codes)
    with pytest.raises(SchemaError, match="drugs: no column 'ndc_code' nor 'hcpcs_code'"):
        risk.score(members, codes, payment_year=2025, model="HHS V08", drugs=codes[["person_id"]])
    with pytest.raises(ArgumentError, match="HHS neither normalizes"):
        risk.score(members, codes, payment_year=2025, model="HHS V08", factors=codes)
    with pytest.raises(InputError, match="models are concurrent"):
        risk.score(claims_of_visits(VISITS, members=ENROLLED), payment_year=2026, model="HHS V08")


@pytest.mark.every_engine
def test_scores_and_terms_are_the_same_on_spark(tmp_path: Path, spark_session: Any) -> None:
    claims = claims_of_visits(VISITS, members=ENROLLED)
    claims.save(tmp_path / "claims")
    other = cx.open(tmp_path / "claims", engine="spark", session=spark_session)
    got, want = (risk.score(c, payment_year=2025, model="HHS V08", quiet=True) for c in (other, claims))
    assert shown(got.drop(columns=["hccs", "drugs"])) == shown(want.drop(columns=["hccs", "drugs"]))
    assert got["hccs"].map(list).to_list() == want["hccs"].map(list).to_list()
    got, want = (risk.explain(c, payment_year=2025, model="HHS V08") for c in (other, claims))
    assert got.map(str).equals(want.map(str))
