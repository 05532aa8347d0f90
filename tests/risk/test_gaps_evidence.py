"""Suspicions from results and drugs: what each rule needs, what explains it away, from when to when, in which unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import SchemaError
from cpticd.risk import drug_classes
from cpticd.risk.gaps import gaps
from tests.risk.visits import claims_of_visits

EGFR, BMI, A1C, EF, PHQ9 = "62238-1", "39156-5", "4548-4", "10230-1", "44261-6"
INSULIN, PILL, SGLT2, GLP1, HIV = "00002751001", "00003421411", "00597015230", "00169413602", "00003196401"


def visits(*persons: str, codes: str = "I10") -> str:
    return "\n".join(f"{person} | 2025-03-01 | 11 | {codes} | 99213" for person in persons)


def found(
    seen: str, *, observations: str = "", drugs: str = "", year: int = 2025, **given: Any
) -> list[tuple[str, str, str, str]]:
    claims = claims_of_visits(seen, observations=observations, drugs=drugs)
    kinds = given.pop("kinds", ["measured", "drug"])
    rows = gaps(claims, year=year, kinds=kinds, quiet=True, min_confidence=0.0, **given)
    return sorted(
        zip(
            rows["person_id"],
            rows["hcc"],
            rows["diagnosis_code"],
            rows["status"].str.split(" ").str[0],
            strict=True,
        )
    )


@pytest.mark.every_engine
def test_every_engine_finds_the_same(spark_session: object, tmp_path: Path) -> None:
    results = f"""
        a | 2025-01-10 | {EGFR} | 52 | mL/min/1.73m2
        a | 2025-07-10 | {EGFR} | < 48 | mL/min/1.73m2
        b | 2025-02-01 | {BMI} | 41 | kg/m2
        c | 2025-02-01 | {PHQ9} | 14 |
        d | 2025-01-10 | {EGFR} | 92 | mL/min
        d | 2025-07-10 | {EGFR} | > 90 | mL/min
    """
    fills = f"b | 2025-02-05 | {INSULIN}\nb | 2025-03-05 | {INSULIN}"
    seen = visits("a", "b") + "\n" + visits("c", codes="F32.A") + "\n" + visits("d", codes="N18.4")
    claims = claims_of_visits(seen, observations=results, drugs=fills)
    spark = cx.open(claims.save(tmp_path / "saved"), engine="spark", session=spark_session)  # type: ignore[arg-type]
    columns = ["person_id", "hcc", "kind", "confidence", "evidence"]
    one, two = (
        gaps(each, year=2025, kinds=["measured", "drug"])[columns].values.tolist() for each in (claims, spark)
    )
    assert one == two and len(one) == 4
    thin = [cx.risk.unsupported(each, year=2025)["reason"].tolist() for each in (claims, spark)]
    assert thin[0] == thin[1] and "filtration (eGFR) of 90 to 92" in thin[0][0]


def test_kidney_disease_is_two_results_three_months_apart_and_the_milder_of_them() -> None:
    results = f"""
        a | 2025-01-10 | {EGFR} | 52 | mL/min/1.73m2
        a | 2025-04-10 | {EGFR} | 48 | mL/min/1.73m2
        b | 2025-01-10 | {EGFR} | 52 | mL/min/1.73m2
        b | 2025-04-09 | {EGFR} | 48 | mL/min/1.73m2
        c | 2024-11-01 | {EGFR} | 44 | mL/min/{{1.73_m2}}
        c | 2025-06-01 | {EGFR} | 25 | mL/min
        d | 2025-01-10 | {EGFR} | 28 |
        d | 2025-06-10 | {EGFR} | 22 |
        e | 2025-01-10 | {EGFR} | 52 | mL/min
        e | 2025-03-10 | {EGFR} | > 60 | mL/min
        e | 2025-06-10 | {EGFR} | 48 | mL/min
        f | 2025-01-10 | {EGFR} | < 15 | mL/min
        f | 2025-06-10 | {EGFR} | 12 | mL/min
        g | 2025-01-10 | {EGFR} | 52 | mL/s
        g | 2025-06-10 | {EGFR} | 52 | mL/s
        h | 2024-01-10 | {EGFR} | 52 | mL/min
        h | 2024-06-10 | {EGFR} | 48 | mL/min
    """
    # b: 89 days; e: better in between; g: in a unit of another measure; h: none of the year.
    assert found(visits(*"abcdefgh"), observations=results) == [
        ("a", "329", "N1831", "open"),
        ("c", "328", "N1832", "open"),
        ("d", "327", "N184", "open"),
        ("f", "326", "N185", "open"),
    ]


def test_what_is_coded_closes_and_a_lower_stage_does_not() -> None:
    results = "\n".join(
        f"{person} | 2025-0{month}-01 | {EGFR} | 25 | mL/min" for person in "abc" for month in (1, 7)
    )
    seen = "\n".join(
        [visits("a", codes="N18.4"), visits("b", codes="N18.31"), visits("c", codes="N18.6 Z99.2")]
    )
    assert found(seen, observations=results) == [
        ("a", "327", "N184", "closed"), ("b", "327", "N184", "open"), ("c", "327", "N184", "closed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "year", "code"),
    [("2024-09-30", 2024, "E6601"), ("2024-10-01", 2024, "E66813"), ("2025-02-01", 2025, "E66813")],
)
def test_severe_obesity_has_the_code_of_the_day(day: str, year: int, code: str) -> None:
    seen = f"a | {year}-03-01 | 11 | I10 | 99213"
    assert found(seen, observations=f"a | {day} | {BMI} | 40 | kg/m2", year=year) == [
        ("a", "48", code, "open")
    ]


def test_a_body_mass_index_of_35_needs_another_condition_and_the_last_of_the_year_counts() -> None:
    results = "\n".join(f"{person} | 2025-02-01 | {BMI} | 36.2 | kg/m2" for person in "abcd")
    results += f"\nd | 2025-09-01 | {BMI} | 31 | kg/m2\ne | 2025-02-01 | {BMI} | 34.9 | kg/m2"
    seen = "\n".join([
        visits("a", codes="G47.33"), visits("b", codes="M17.11"), visits("c", codes="I10 E66.812"), visits("d", "e")
    ])  # fmt: skip
    assert found(seen, observations=results) == [("a", "48", "E6601", "open")]


def test_hemoglobin_a1c_twice_is_surer_than_once_and_prediabetes_explains_one() -> None:
    results = f"""
        a | 2025-02-01 | {A1C} | 6.5 | %
        a | 2025-05-01 | {A1C} | 7.1 | %
        b | 2025-02-01 | {A1C} | 6.6 | %
        c | 2025-02-01 | {A1C} | 6.6 | %
        d | 2025-02-01 | {A1C} | 6.4 | %
        e | 2025-02-01 | 59261-8 | 50 | mmol/mol
    """
    seen = visits("a", "b", "d", "e") + "\n" + visits("c", codes="R73.03")
    claims = claims_of_visits(seen, observations=results)
    rows = gaps(claims, year=2025, kinds=["measured"]).set_index("person_id")
    assert rows["stratum"].to_dict() == {"a": "specific", "b": "possible", "e": "possible"}
    assert rows.loc["a", "evidence"].startswith("hemoglobin A1c of 6.5 on 2025-02-01 and 7.1 on 2025-05-01 (")
    assert rows.loc["a", "evidence_codes"] == [A1C] and rows.loc["a", "evidence_claims"] == []
    assert rows.loc["a", "evidence_dates"] == ["2025-02-01", "2025-05-01"]


def test_a_score_of_depression_needs_a_drug_or_a_code_without_severity() -> None:
    results = "\n".join(f"{person} | 2025-02-01 | {PHQ9} | 14 |" for person in "abcd")
    seen = "\n".join([visits("a", "b"), visits("c", codes="F32.A"), visits("d", codes="F32.0")])
    own = pd.DataFrame({"ndc_code": ["99990-0001-01"], "drug_class": ["antidepressant"]})
    fills = "b | 2025-02-10 | 99990000101"
    assert found(seen, observations=results, drugs=fills, drug_classes=own) == [
        ("b", "155", "F321", "open"), ("c", "155", "F321", "open"),
    ]  # fmt: skip


def test_drugs_speak_for_what_they_are_given_for_unless_another_use_is_coded() -> None:
    fills = "\n".join(
        f"{person} | 2025-0{month}-05 | {code}"
        for person, code in [
            ("a", INSULIN), ("b", PILL), ("c", SGLT2), ("d", SGLT2), ("e", GLP1), ("f", GLP1), ("g", INSULIN),
            ("h", HIV), ("i", HIV),
        ]
        for month in (2, 4, 6)
    )  # fmt: skip
    fills += f"\nj | 2025-02-05 | {INSULIN}"
    seen = "\n".join([
        visits("a", "b", "c", "e", "j", "h"), visits("d", codes="I50.22"), visits("f", codes="E66.9"),
        visits("g", codes="E11.65"), visits("i", codes="Z29.81"),
    ])  # fmt: skip
    rows = [row for row in found(seen, drugs=fills) if row[3] == "open"]
    assert rows == [
        ("a", "38", "E119", "open"), ("b", "38", "E119", "open"), ("c", "38", "E119", "open"),
        ("e", "38", "E119", "open"), ("h", "1", "B20", "open"),
    ]  # fmt: skip


def test_drugs_without_a_class_are_counted_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    fills = f"a | 2025-02-05 | 99990000101\na | 2025-03-05 | 99990000101\na | 2025-02-05 | {INSULIN}"
    claims = claims_of_visits(visits("a"), drugs=fills)
    rows = gaps(claims, year=2025, kinds=["drug"])
    assert rows.empty
    assert "3 fills of drugs: 1 have a class, 2 have none" in capsys.readouterr().out
    counts = cx.contract(rows)["left_out"]["drug"]["drugs"]
    assert (counts["fills"], counts["without a class"], counts["classed"]) == (3, 2, {"insulin": 1})
    own = pd.DataFrame({"code_system": ["ndc"], "code": ["999900001"], "drug_class": ["insulin"]})
    rows = gaps(claims, year=2025, kinds=["drug"], drug_classes=own)
    assert rows["evidence_claims"].tolist() == [["F1", "F2", "F3"]]


def test_results_that_prove_nothing_are_counted() -> None:
    results = f"""
        a | 2025-02-01 | {A1C} | 6.6 | mmol/L
        a | 2025-02-02 | 2345-7 | 120 | mg/dL
        a | 2025-02-03 | {A1C} | 6.6 |
    """
    rows = gaps(claims_of_visits(visits("a"), observations=results), year=2025, kinds=["measured"])
    assert cx.contract(rows)["left_out"]["measured"]["results"] == {
        "results": 3, "of a code that no rule reads": 1, "that are no number": 0, "in a unit that no rule knows": 1,
        "without a unit, taken to be in the rule's": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "hits"), [("2025-02-27", 0), ("2025-02-28", 1), ("2025-04-30", 1), ("2025-05-01", 0)]
)
@pytest.mark.parametrize("kind", ["implied", "drug", "measured"])
def test_a_rule_holds_on_its_first_and_last_day(kind: str, day: str, hits: int) -> None:
    held = {"effective_from": ["2025-02-28"], "effective_to": ["2025-04-30"]}
    own: dict[str, dict[str, list[Any]]] = {
        "implied": {"system": ["hcpcs"], "code_from": ["S9999"], "code_to": ["S9999"], "strength": ["specific"]},
        "drug": {"drug_class": ["own"], "min_fills": [1], "strength": ["specific"]},
        "measured": {
            "code_system": ["loinc"], "codes": ["1-8"], "units": [""], "value_from": [3], "strength": ["specific"],
        },
    }  # fmt: skip
    rule = pd.DataFrame({"rule": ["own"], "diagnosis_code": ["G309"], **own[kind], **held})
    given: dict[str, Any] = {
        {"implied": "implied", "drug": "evidence_drugs", "measured": "evidence_observations"}[kind]: rule
    }
    if kind == "drug":
        given["drug_classes"] = pd.DataFrame({"ndc_code": ["999900001"], "drug_class": ["own"]})
    seen = visits("a") + f"\na | {day} | 11 | I10 | S9999"
    rows = found(
        seen, observations=f"a | {day} | 1-8 | 4 |", drugs=f"a | {day} | 99990000101", kinds=[kind], **given
    )
    assert len(rows) == hits


def test_a_combination_holds_on_its_days() -> None:
    pair = {
        "rule": ["own"],
        "codes_a": ["M16"],
        "codes_b": ["M17"],
        "diagnosis_code": ["G309"],
        "strength": ["assumed"],
    }
    ended = pd.DataFrame(pair | {"effective_to": ["2025-02-28"]})
    for day, hits in (("2025-02-28", 1), ("2025-03-01", 0)):
        seen = f"a | {day} | 11 | M16.11 | 99213\na | {day} | 11 | M17.11 | 99213"
        assert len(found(seen, kinds=["combination"], combinations=ended)) == hits


def test_a_supply_whose_code_ended_proves_nothing_later() -> None:
    glucose = cx.reference.table("implied_services").to_pandas().query("code_from == 'K0553'")
    assert glucose["effective_to"].tolist() == ["2022-12-31"]
    assert found(visits("a") + "\na | 2025-02-01 | 12 | I10 | K0553", kinds=["implied"]) == []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("0093-7214-01", "00093721401"), ("57894-060-02", "57894006002"), ("50242-0040-6", "50242004006"),
        ("00093721401", "00093721401"), ("00093-7214", "000937214"),
    ],
)  # fmt: skip
def test_national_drug_codes_of_classes_are_read_as_everywhere(given: str, read: str) -> None:
    own = pd.DataFrame({"ndc_code": [given], "drug_class": ["x"]})
    assert drug_classes.classes(own).query("drug_class == 'x'")["code"].tolist() == [read]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"drug_classes": pd.DataFrame({"ndc_code": ["123"], "drug_class": ["x"]})}, "no National Drug Code"),
        ({"drug_classes": pd.DataFrame({"drug_class": ["x"]})}, "no column"),
        ({"evidence_drugs": pd.DataFrame({"rule": ["x"]})}, "evidence_drugs: no column"),
        ({"caps": pd.DataFrame({"kind": ["drug"], "cap": [2]})}, "cap lies from 0 to 1"),
        ({"caps": pd.DataFrame({"kind": ["drug"], "cap": ["high"]})}, "'high' is no number"),
    ],
)
def test_rows_of_ones_own_that_do_not_fit_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        gaps(claims_of_visits(visits("a")), year=2025, **given)


def test_a_cap_of_ones_own_holds() -> None:
    claims = claims_of_visits(visits("a"), drugs=f"a | 2025-02-05 | {INSULIN}\na | 2025-03-05 | {INSULIN}")
    confidence = {
        cap: float(gaps(claims, year=2025, kinds=["drug"], caps=pd.DataFrame({"kind": ["drug"], "cap": [cap]}))["confidence"].iloc[0])
        for cap in (0.5, 0.95)
    }  # fmt: skip
    assert confidence == {0.5: 0.5, 0.95: 0.8}
