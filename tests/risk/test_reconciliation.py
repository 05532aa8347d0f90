"""Our values beside CMS's reports of invented persons: every reason by hand.

Payment year 2026 pays V28 alone (normalization 1.067, coding adjustment 5.9 %). A woman of 75 at home without Medicaid
has 0.465; with diabetes and chronic complications (HCC 37, 0.166) 0.631. Rounded step by step: 0.631 / 1.067 = 0.591,
x 0.941 = 0.556; without the HCC 0.465 / 1.067 = 0.436, x 0.941 = 0.410.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from tests.risk import plan_files as cms
from tests.risk.visits import claims_of_visits
from tests.spec import shown

WITH, WITHOUT = 0.556, 0.410
PERSONS = [
    "same",
    "fewer",
    "hospice",
    "kidney",
    "full",
    "lti",
    "frail",
    "round",
    "boy",
    "late",
    "lost",
    "back",
    "more",
]


@pytest.fixture(scope="module")
def claims() -> Claims:
    visits = [f"{person} | 2025-08-01 | 11 | E11.22 | 99214" for person in PERSONS]
    # Told by a laboratory alone; a higher HCC beside a lower one; a code that our claims alone have.
    visits += ["late | 2025-09-01 | 81 | N18.4 | 80053", "same | 2025-03-01 | 11 | E11.9 | 99214"]
    rows = [f"{person} | {year} | 1950-06-01 | female | 12" for person in PERSONS for year in (2025, 2026)]
    members = "person_id | year | birth_date | sex | part_b_months\n" + "\n".join(rows)
    return claims_of_visits("\n".join(visits), members=members)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports")
    january = [
        cms.membership("same", "202601", WITH), cms.membership("fewer", "202601", WITHOUT),
        cms.membership("hospice", "202601", WITH, hospice="Y"), cms.membership("kidney", "202601", 2.5, esrd="Y", type="D"),
        cms.membership("full", "202601", 0.71, type="CF", dual="02"), cms.membership("lti", "202601", 1.5, type="I", lti="Y"),
        cms.membership("frail", "202601", WITH + 0.1, frailty="Y", frailty_factor=" 0.1000"),
        cms.membership("round", "202601", WITH + 0.001), cms.membership("boy", "202601", 0.6, sex="M"),
        cms.membership("late", "202601", WITHOUT, lag="Y"), cms.membership("stranger", "202601", 1.0),
        cms.membership("back", "202601", WITH), cms.membership("more", "202601", WITHOUT),
        cms.membership("same", "202512", WITH),
    ]  # fmt: skip
    later = [
        cms.membership("back", "202602", WITH, arc="01", start="20260101", end="20260131", amount_a="  -400.00",
                       amount_b="  -600.00"),
        cms.membership("more", "202607", WITHOUT, arc="26", start="20260101", end="20260331", months_a="03", months_b="03",
                       amount_a=" -1200.00", amount_b=" -1800.00"),
        cms.membership("more", "202607", WITH, arc="26", start="20260101", end="20260331", months_a="03", months_b="03",
                       amount_a="  1627.32", amount_b="  2440.98"),
    ]  # fmt: skip
    (path / "january.txt").write_text("\n".join(january))
    (path / "later.txt").write_text("\n".join(later))
    return path


#: HCC 37 is the 13th of V28's 115 HCCs, HCC 36 the 12th, HCC 38 the 14th, HCC 327 among them: position 69 + place.
HCC36, HCC37 = 81, 82


@pytest.fixture(scope="module")
def mor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outputs") / "mor.txt"
    lines = [cms.output_header("202601"), cms.output("L", "same", [HCC37]), cms.output("L", "late", []),
             cms.output("L", "fewer", []), cms.output("L", "stranger", [HCC36]), cms.output("L", "full", [HCC36]),
             cms.output("L", "lost", []), cms.output_header("202512"), cms.output("L", "same", [])]  # fmt: skip
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def mao004(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eligible") / "mao.txt"
    lines = [
        cms.eligible_header(),
        cms.eligible("same", "S1", "1", "E1122+ E119+"),
        cms.eligible("same", "S2", "1", "J449+", day="20241230"),
        cms.eligible("fewer", "F1", "1", "E1122+"),
        cms.eligible("fewer", "F2", "4", "E1122-", linked="F1", allowed=""),
        cms.eligible("late", "L1", "1", "E1122+", allowed="D", reason="H"),
        cms.eligible("full", "U1", "7", "E1100+"),
        cms.eligible("round", "R1", "1", "E1122+"),
        cms.eligible("round", "R2", "2", "E1122+", linked="R1", allowed=""),
        cms.eligible("boy", "B1", "1", "E1122+"),
        cms.eligible("boy", "B2", "1", "E1122+"),
        cms.eligible("boy", "B3", "4", "E1122-", linked="B1", allowed=""),
        cms.eligible_trailer(11),
    ]
    path.write_text("\n".join(lines))
    return path


def test_every_month_has_its_reason(claims: Claims, folder: Path) -> None:
    found = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, quiet=True)
    january = found[found["month"] == "2026-01-01"].set_index("person_id")
    assert january["reason"].to_dict() == {
        "same": "same", "fewer": "unexplained", "hospice": "hospice month", "kidney": "ESRD month",
        "full": "different segment", "lti": "institutional month", "frail": "frailty", "round": "rounding only",
        "boy": "different facts", "late": "unexplained", "stranger": "not in our members", "back": "payment taken back",
        "more": "same", "lost": "not in MMR",
    }  # fmt: skip
    assert shown(january.loc[["same", "fewer"], ["cms_segment", "segment", "cms_score", "score", "difference"]]) == [
        ("CNA", "CNA", 0.556, 0.556, 0.0), ("CNA", "CNA", 0.41, 0.556, 0.146),
    ]  # fmt: skip
    assert (
        january.loc["full", "detail"]
        == "members: dual_status_code (CMS 02: full Medicaid, ours no Medicaid: none)"
    )
    assert january.loc["lti", "detail"] == "members: long_term_institutional (CMS INS, ours CNA)"
    assert january.loc["boy", "detail"] == "members: sex"
    assert january.loc["fewer", "detail"] == "no MOR was given: HCCs were not compared"
    contract = cx.contract(found)
    assert contract["left_out"] == {"months_of_other_years": 1}
    assert contract["read"]["mmr"]["records"] == 17


def test_dollars_are_of_what_was_paid_per_point_or_of_a_base_rate(claims: Claims, folder: Path) -> None:
    found = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, quiet=True).set_index(
        ["person_id", "month"]
    )
    january = pd.Timestamp("2026-01-01")
    assert found.loc[("fewer", january), "dollars"] == pytest.approx(0.146 * 1000 / 0.410)
    rated = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, base_rate=1200, quiet=True)
    rated = rated.set_index(["person_id", "month"])
    assert rated.loc[("fewer", january), "dollars"] == pytest.approx(0.146 * 1200)


def test_adjustments_of_several_months_are_shared_out_and_the_last_record_stands(
    claims: Claims, folder: Path
) -> None:
    """1,000 paid in January, taken back for three months, and 4,068.30 paid anew for them."""
    found = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, quiet=True)
    more = found[found["person_id"] == "more"]
    assert more["cms_score"].tolist() == [WITH] * 3
    assert more["paid"].tolist() == pytest.approx([1356.10, 356.10, 356.10])
    assert found[found["person_id"] == "back"]["paid"].iloc[0] == 0


def test_the_output_report_explains_a_month(claims: Claims, folder: Path, mor: Path) -> None:
    found = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, mor=mor, quiet=True)
    january = found[found["month"] == "2026-01-01"].set_index("person_id")
    assert shown(january.loc[["fewer", "late"], ["reason", "detail"]]) == [
        ("different HCCs", "ours only: V28 HCC 37")] * 2  # fmt: skip


def test_hccs_of_either_side(claims: Claims, folder: Path, mor: Path, mao004: Path) -> None:
    found = cx.risk.reconcile(claims, payment_year=2026, mmr=folder, mor=mor, grain="hcc", quiet=True)
    rows = found.set_index(["person_id", "hcc"])
    assert rows.loc[("same", "37"), ["status", "reason", "payment_month"]].tolist() == [
        "both",
        "same",
        "202601",
    ]
    assert ("same", "38") not in rows.index  # below HCC 37 on either side
    assert rows.loc[("stranger", "36"), ["status", "reason"]].tolist() == [
        "CMS only", "person is not scored by us: not in our members"]  # fmt: skip
    assert rows.loc[("full", "36"), "reason"] == "no diagnosis of it on our claims of the service year"
    assert rows.loc[("full", "37"), "reason"] == "CMS has HCC 36 above it"
    assert rows.loc[("late", "37"), "reason"] == "coded only after June: CMS scored diagnoses of July to June"
    assert rows.loc[("fewer", "37"), "reason"] == "not in CMS's run; MAO-004 was not given"
    assert rows.loc[("back", "37"), "reason"] == "person is not in the MOR"
    assert list(rows.loc[("fewer", "37"), "diagnosis_codes"]) == ["E1122"]
    assert cx.contract(found)["layouts_not_verified"] == {"L": "V28"}
    with_reasons = cx.risk.reconcile(
        claims, payment_year=2026, mor=mor, mao004=mao004, grain="hcc", quiet=True
    )
    reasons = with_reasons.set_index(["person_id", "hcc"])["reason"]
    assert reasons[("fewer", "37")] == "E1122: deleted by a later record"
    assert reasons[("late", "37")] == "E1122: disallowed in MAO-004: procedure not on CMS's list"
    assert reasons[("lost", "37")] == "E1122: not in MAO-004: not submitted, or not reported yet"
    assert reasons[("full", "36")] == "in MAO-004 and not on our claims: E1100"


def test_an_hcc_of_cms_that_our_claims_have_where_nothing_counts(claims: Claims) -> None:
    """CKD stage 4 stands on a laboratory's claim alone."""
    mor = pd.DataFrame({"person_id": ["late", "same"], "model": "V28", "hcc": ["327", "38"]})
    found = cx.risk.reconcile(claims, payment_year=2026, mor=mor, quiet=True).set_index(["person_id", "hcc"])
    assert found.loc[("late", "327"), "reason"] == "coded on claims that do not count: laboratory"
    assert found.loc[("same", "38"), "reason"] == "ours does not count: hierarchy: HCC 37 stands above it"


def test_diagnoses_of_either_side(claims: Claims, mao004: Path) -> None:
    found = cx.risk.reconcile(claims, payment_year=2026, mao004=mao004, quiet=True).set_index(
        ["person_id", "diagnosis_code"]
    )
    assert found.loc[("same", "E1122"), ["status", "reason"]].tolist() == ["both", "same"]
    assert found.loc[("full", "E1100"), ["status", "reason"]].tolist() == ["CMS only", "not on our claims"]
    assert list(found.loc[("full", "E1100"), "encounter_types"]) == ["unlinked chart review"]
    assert list(found.loc[("full", "E1100"), "hccs"]) == ["V28 36"]
    assert found.loc[("fewer", "E1122"), ["status", "reason"]].tolist() == [
        "ours only",
        "deleted by a later record",
    ]
    assert found.loc[("late", "E1122"), "reason"] == "disallowed in MAO-004: procedure not on CMS's list"
    assert found.loc[("round", "E1122"), "reason"] == "voided"
    assert found.loc[("boy", "E1122"), "status"] == "both"  # deleted from one record, not from the other
    assert found.loc[("lti", "E1122"), "reason"] == "not in MAO-004: not submitted, or not reported yet"
    assert found.loc[("late", "N184"), ["status", "reason"]].tolist() == [
        "neither", "not in MAO-004: not submitted, or not reported yet; on claims that do not count here: laboratory"]  # fmt: skip


def test_persons_are_translated_and_reports_given_as_frames(claims: Claims) -> None:
    mmr = pd.DataFrame(
        {"person_id": ["1EG4"], "start_date": ["2026-01-01"], "risk_factor_a": [WITH], "factor_type": ["CN"]}
    )
    translated = cx.risk.reconcile(claims, payment_year=2026, mmr=mmr, persons={"1EG4": "same"}, quiet=True)
    assert translated.set_index("person_id").loc["same", "reason"] == "same"
    frame = pd.DataFrame({"mbi": ["1EG4"], "person_id": ["same"]})
    assert cx.risk.reconcile(claims, payment_year=2026, mmr=mmr, persons=frame, quiet=True).equals(translated)


def test_what_is_printed_and_what_is_refused(
    claims: Claims, mor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cx.risk.reconcile(claims, payment_year=2026, mor=mor)
    said = capsys.readouterr().out
    assert "mor: " in said
    assert "Record L (V28): positions are assumed, not verified" in said
    with pytest.raises(ArgumentError, match="none of mmr, mor and mao004"):
        cx.risk.reconcile(claims, payment_year=2026)
    with pytest.raises(ArgumentError, match="grain='month' needs mmr="):
        cx.risk.reconcile(claims, payment_year=2026, mor=mor, grain="month")


def test_reports_that_agree_with_us_in_all(claims: Claims) -> None:
    mmr = pd.DataFrame(
        {"person_id": PERSONS, "start_date": "2026-01-01", "risk_factor_a": WITH, "factor_type": "CN"}
    )
    mor = pd.DataFrame({"person_id": PERSONS, "model": "V28", "hcc": "37"})
    months = cx.risk.reconcile(claims, payment_year=2026, mmr=mmr, mor=mor, quiet=True)
    assert months["reason"].unique().tolist() == ["same"]
    hccs = cx.risk.reconcile(claims, payment_year=2026, mor=mor, quiet=True)
    assert hccs["status"].unique().tolist() == ["both"]


def test_a_member_of_the_esrd_model_and_one_outside_the_plan() -> None:
    """Payment year 2025 has no normalization of the ESRD model; who has no month of Medicare Advantage is not missed."""
    members = """
        person_id | year | birth_date | sex    | esrd | medicare_advantage_months
        kidney    | 2025 | 1950-06-01 | female | yes  | 12
        plan      | 2025 | 1950-06-01 | female | no   | 12
        away      | 2025 | 1950-06-01 | female | no   | 0
    """
    visits = "\n".join(
        f"{person} | 2024-03-01 | 11 | E11.22 | 99214" for person in ("kidney", "plan", "away")
    )
    claims = claims_of_visits(visits, members=members)
    mmr = pd.DataFrame(
        {"person_id": ["kidney"], "start_date": ["2025-01-01"], "risk_factor_a": [0.8], "factor_type": ["D"]}
    )
    found = cx.risk.reconcile(claims, payment_year=2025, mmr=mmr, quiet=True)
    assert shown(found[["person_id", "reason", "detail"]]) == [
        ("away", "not in MMR", "members: no month of Medicare Advantage"),
        ("kidney", "not scored by us", "no normalization of the year is known"),
        ("plan", "not in MMR", ""),
    ]


def test_reports_without_rows_and_what_is_no_report(claims: Claims) -> None:
    nothing = pd.DataFrame({"person_id": [], "diagnosis_code": []}).astype("str")
    found = cx.risk.reconcile(claims, payment_year=2026, mao004=nothing, quiet=True)
    assert set(found["status"]) == {"ours only", "neither"}
    with pytest.raises(InputError, match="found int"):
        cx.risk.reconcile(claims, payment_year=2026, mmr=5, quiet=True)  # type: ignore[arg-type]
