"""Services against the stage of care, the purpose and the patient; each case by hand from the source of its table."""

from __future__ import annotations

import pytest

from cpticd import reference
from tests.rules.one_line import as_said, found
from tests.spec import shown

# 25600 treats a fracture of the wrist, 12001 closes a wound, 29705 removes a cast, 20680 a deep implant, 99024 is the
# visit after surgery. S52.501 is the lower end of the right radius: A fresh, D healing, K nonunion, S sequela.
STAGES = """
    case                   | day        | service    | diagnoses           | found
    fresh, treated         | 2024-05-01 | 25600      | S52.501A            |
    healing, treated       | 2024-05-01 | 25600      | S52.501D            | 25600 S52501D
    open, healing, treated | 2024-05-01 | 25600      | S52.501E            | 25600 S52501E
    sequela, treated       | 2024-05-01 | 25600      | S52.501S            | 25600 S52501S
    nonunion, treated anew | 2024-05-01 | 25600      | S52.501K            |
    delayed healing        | 2024-05-01 | 25600      | S52.501G            |
    care after surgery     | 2024-05-01 | 25600 55   | S52.501D            |
    another one is fresh   | 2024-05-01 | 25600      | S52.501D S62.101A   |
    fresh wound            | 2024-05-01 | 12001      | S61.411A            |
    healing wound          | 2024-05-01 | 12001      | S61.411D            | 12001 S61411D
    burn                   | 2024-05-01 | 12001      | T23.001D            | 12001 T23001D
    no injury              | 2024-05-01 | 25600      | M81.0               |
    fragility fracture     | 2024-05-01 | 25600      | M80.031D            | 25600 M80031D
    pathological fracture  | 2024-05-01 | 25600      | M84.431D            | 25600 M84431D
    cast of a fresh one    | 2024-05-01 | 29705      | S52.501A            | 29705 S52501A
    cast of a healing one  | 2024-05-01 | 29705      | S52.501D            |
    cast, sequela          | 2024-05-01 | 29705      | S52.501S            |
    visit after surgery    | 2024-05-01 | 99024      | S52.501B            | 99024 S52501B
    plain visit            | 2024-05-01 | 99213      | S52.501A            |
    implant, fresh         | 2024-05-01 | 20680      | S52.501A            | 20680 S52501A
    implant that broke     | 2024-05-01 | 20680      | S52.501A T84.192A   |
    cause has a stage too  | 2024-05-01 | 25600      | S52.501A W18.30XD   |
    only a cause           | 2024-05-01 | 25600      | M81.0 W18.30XD      |
    one injury twice       | 2024-05-01 | 99213      | S52.501A (S52.501D) | S52501A S52501D
    two injuries           | 2024-05-01 | 99213      | S52.501A (S52.502D) |
"""
AFTERCARE = """
    case                   | day        | service     | diagnoses         | form          | found
    with an injury         | 2024-05-01 | 99213       | Z47.89 S52.501D   |               | Z4789 S52501D
    with a fresh one       | 2024-05-01 | 99213       | S52.501A Z48.00   |               | Z4800 S52501A
    alone                  | 2024-05-01 | 99213       | Z47.1 Z96.651     |               |
    after surgery, disease | 2024-05-01 | 99213       | Z48.815 C18.9     |               |
    arthritis beside       | 2024-05-01 | 99213       | Z47.1 M17.11      |               |
    complication           | 2024-05-01 | 99213       | Z48.00 T81.31XA   |               |
    other line's injury    | 2024-05-01 | 99213+12001 | Z48.812+S61.411A  |               |
    hospital               | 2024-05-01 | 99213       | Z47.89 S52.501D   | institutional | Z4789 S52501D
    dialysis, not of these | 2024-05-01 | 90935       | Z49.31 S52.501D   |               |
"""
SCREENINGS = """
    case                   | day        | service  | diagnoses      | form          | found
    mammogram              | 2024-05-01 | 77067    | Z12.31         |               |
    mammogram, a cold      | 2024-05-01 | 77067 LT | J06.9          |               | 77067 J069
    second pointer         | 2024-05-01 | 77067    | N60.19 Z12.31  |               |
    only on the claim      | 2024-05-01 | 77067    | N63.10 (Z12.31)|               | 77067 N6310
    diagnostic mammogram   | 2024-05-01 | 77066    | N63.10         |               |
    first day of the code  | 2017-01-01 | 77067    | J06.9          |               | 77067 J069
    the day before         | 2016-12-31 | 77067    | J06.9          |               |
    the code until then    | 2017-12-31 | G0202    | J06.9          |               | G0202 J069
    after it               | 2018-01-01 | G0202    | J06.9          |               |
    colon, average risk    | 2024-05-01 | G0121    | Z12.11         |               |
    colon, bleeding        | 2024-05-01 | G0121    | K92.1          |               | G0121 K921
    colon, history         | 2024-05-01 | G0105    | Z86.0100       |               |
    colon, colitis         | 2024-05-01 | G0105    | K51.90         |               |
    colon, high risk code  | 2024-05-01 | G0121    | K51.90         |               | G0121 K5190
    prostate               | 2024-05-01 | G0103    | Z12.5          |               |
    prostate, symptoms     | 2024-05-01 | G0103    | N40.1          |               | G0103 N401
    smear                  | 2024-05-01 | Q0091    | Z01.419        |               |
    smear, bleeding        | 2024-05-01 | Q0091    | N93.9          |               | Q0091 N939
    lungs of a smoker      | 2024-05-01 | 71271    | F17.210        |               |
    lungs, first day       | 2021-01-01 | 71271    | R05.9          |               | 71271 R059
    lungs, code before     | 2020-12-31 | G0297    | R05            |               | G0297 R05
    aorta                  | 2024-05-01 | 76706    | Z87.891        |               |
    aorta, pain            | 2024-05-01 | 76706    | R10.9          |               | 76706 R109
    hospital, all count    | 2024-05-01 | 77067    | N63.10 Z12.31  | institutional |
    hospital, none fits    | 2024-05-01 | 77067    | N63.10         | institutional | 77067 N6310
    points to nothing      | 2024-05-01 | 77067    | (Z12.31)       |               |
"""
MODIFIERS = """
    case                   | day        | service  | diagnoses        | found
    polyp at a screening   | 2024-05-01 | 45385 PT | Z12.11 D12.2     |
    surveillance           | 2024-05-01 | 45385 PT | Z86.0100 D12.2   |
    bleeding               | 2024-05-01 | 45385 PT | K92.1            | 45385 PT K921
    PT on a mammogram      | 2024-05-01 | 77067 PT | Z12.31           | 77067 PT
    PT on a screening code | 2024-05-01 | G0121 PT | Z12.11           | G0121 PT
    anaesthesia            | 2024-05-01 | 00811 PT | Z12.11           |
    anaesthesia, screening | 2024-05-01 | 00812 PT | Z12.11           | 00812 PT
    last number of surgery | 2024-05-01 | 69990 PT | Z12.11           |
    33, lipids             | 2024-05-01 | 80061 33 | Z13.220          |
    33, wellness           | 2024-05-01 | 80061 33 | Z00.00           |
    33, a cold             | 2024-05-01 | 80061 33 | J06.9            | 80061 33 J069
    33, counselling        | 2024-05-01 | 99406 33 | F17.210          |
    33, emergency visit    | 2024-05-01 | 99283 33 | Z00.00           | 99283 33
    33, a joint            | 2024-05-01 | 27447 33 | M17.11           | 27447 33
    33, a contraceptive    | 2024-05-01 | 58300 33 | Z30.430          |
    neither                | 2024-05-01 | 45385    | K92.1            |
"""
SEX = """
    case                   | day        | service  | diagnoses | sex    | found
    man, last day          | 2024-09-30 | 77067    | Z12.31    | male   | 77067
    man, first day without | 2024-10-01 | 77067    | Z12.31    | male   |
    woman                  | 2024-09-01 | 77067    | Z12.31    | female |
    not known              | 2024-09-01 | 77067    | Z12.31    |        |
    KX                     | 2024-09-01 | 77067 KX | Z12.31    | male   |
    diagnostic, man        | 2024-09-01 | 77066    | N63.10    | male   |
    hysterectomy           | 2024-09-01 | 58150    | D25.9     | male   | 58150
    prostate, woman        | 2024-09-01 | 52601    | N40.1     | female | 52601
    prostate, man          | 2024-09-01 | 52601    | N40.1     | male   |
    vasectomy, woman       | 2024-09-01 | 55250    | Z30.2     | female | 55250
    pelvis, either         | 2024-09-01 | 55920    | C61       | female |
    first of the vulva     | 2024-09-01 | 56405    | N76.4     | male   | 56405
    past the pregnancies   | 2024-09-01 | 60000    | E04.1     | male   |
    F code is no surgery   | 2024-09-01 | 5600F    | Z12.31    | male   |
    delivery               | 2024-09-01 | 59400    | O80       | male   | 59400
"""


@pytest.mark.parametrize(
    ("rule", "cases"),
    [
        ("encounter_conflict", STAGES),
        ("aftercare_with_injury", AFTERCARE),
        ("screening_without_screening_diagnosis", SCREENINGS),
        ("screening_modifier_conflict", MODIFIERS),
        ("procedure_sex_conflict", SEX),
    ],
)
def test_cases(rule: str, cases: str) -> None:
    as_said(cases, rule)


def test_a_cold_a_side_and_a_man_are_three_findings_on_a_screening_mammogram_until_the_sex_edit_ends() -> (
    None
):
    cases = """
        case   | day        | service  | diagnoses | sex
        before | 2024-09-01 | 77067 LT | J06.9     | male
        after  | 2024-10-01 | 77067 LT | J06.9     | male
    """
    result = found(cases, ["laterality", "encounter", "procedure_sex_conflict"])
    assert shown(result, "claim_id", "claim_line_number", "rule", "severity") == [
        ("after", 1, "screening_without_screening_diagnosis", "error"),
        ("after", 1, "side_on_bilateral_service", "warning"),
        ("before", 1, "procedure_sex_conflict", "error"),
        ("before", 1, "screening_without_screening_diagnosis", "error"),
        ("before", 1, "side_on_bilateral_service", "warning"),
    ]


def test_findings_say_what_was_seen_and_from_where() -> None:
    row = found(STAGES, "encounter_conflict").set_index("claim_id").loc["healing, treated"]
    assert row["message"] == (
        "25600 treats a fresh injury; the line points to S52.501D (subsequent encounter, routine healing)."
    )
    assert "forearm and wrist (active treatment)" in row["evidence"]
    row = (
        found(SCREENINGS, "screening_without_screening_diagnosis")
        .set_index("claim_id")
        .loc["colon, bleeding"]
    )
    assert "K92.1" in row["message"] and "chapter 18" in row["evidence"]
    row = found(SEX, "procedure_sex_conflict").set_index("claim_id").loc["man, last day"]
    assert "42 CFR 410.34" in row["evidence"] and "retired" in row["source"]


def test_aftercare_stands_on_the_line_that_points_to_both_and_on_a_hospitals_claim() -> None:
    place = dict(shown(found(AFTERCARE, "aftercare_with_injury"), "claim_id", "claim_line_number"))
    assert place == {"with an injury": 1, "with a fresh one": 1, "hospital": None}


def test_no_service_treats_what_is_fresh_and_follows_it_up() -> None:
    """Ranges of the tables do not overlap, so that no line is judged by two rows that disagree."""
    rows = reference.table("encounter_codes").to_pandas()
    services = rows[rows["role"].isin(["active treatment", "healing"])].sort_values("code_from")
    for (_, one), (_, two) in zip(services[:-1].iterrows(), services[1:].iterrows(), strict=True):
        assert one["code_from"] <= one["code_to"] < two["code_from"], (one["code_to"], two["code_from"])
    sexes = reference.table("procedure_sex").to_pandas().sort_values("code_from")
    assert (sexes["code_from"] <= sexes["code_to"]).all()
    assert (sexes["code_to"].to_numpy()[:-1] < sexes["code_from"].to_numpy()[1:]).all()


def test_every_prefix_of_the_tables_begins_a_diagnosis_code() -> None:
    codes = reference.table("icd10cm").select(["kind", "code"]).to_pandas()
    known = set(codes.loc[codes["kind"] == "code", "code"])
    changes = set(reference.table("icd10cm_changes").to_pandas()["code"])
    prefixes = set(reference.table("screening_services").to_pandas()["diagnosis_prefix"])
    rows = reference.table("screening_modifiers").to_pandas()
    prefixes |= set(rows.loc[rows["role"] == "diagnosis", "code_from"])
    prefixes |= set(reference.table("side_neutral_diagnoses").to_pandas()["diagnosis_prefix"])
    assert prefixes <= known | changes, sorted(prefixes - known - changes)
