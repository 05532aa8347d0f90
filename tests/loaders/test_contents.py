"""What stands in a column outweighs its heading; words of statuses and reasons mean what tables and users say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from cpticd.loaders.flat import contents, reasons, statuses
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT, Stage
from tests.loaders.flat_text import balanced, read, table

#: heading: two cells → what the column is read as, ``-`` where it is not used; of the reason a part.
COLUMNS = """
Service Line: Inpatient ; Outpatient → -, not line numbers: 'Inpatient'
Denial Reason: 35.90 ; 48.00 → -, not reason codes
Denial Reason: 45 ; CO-50 → carc_1,
Denial Reason: no auth ; late → carc_1,
Adjustments: 45.00 ; 12.10 → -, not reason codes
Rendering Provider: Reed, Joe ; Hall, Ann → -, not NPIs
Rendering Provider: 1234567893 ; 1234567902 → rendering_npi,
PROC1: 99213 ; 93000 → hcpcs_code, not ICD procedure codes
PROC1: 02703DZ ; 0DTJ4ZZ → procedure_code_1,
Procedure Code: 02703DZ ; 0DTJ4ZZ → procedure_code_1, not procedure codes
Procedure Code: 0450 ; 0300 → revenue_center_code, not procedure codes
Allowed: Medicare 2025 ; Medicaid 2025 → -, not amounts
Paid: 2025-01-03 ; 2025-01-04 → -, not amounts
Paid: 20250103 ; 20250104 → -, not amounts
Paid: $1,000.00 ; (5.00) → paid_amount,
CPT: 2025-01-03 ; 2025-01-04 → -, not procedure codes
CPT: OFFICE ; VISIT → -, not procedure codes
DOS: 45.10 ; 46.10 → -, not dates
DOS: 1/31/2025 ; 45689 → claim_line_start_date,
Denied: Yes ; No → denial_flag,
Denied: 35.00 ; 0.00 → adjustment_amount_1, not a yes or no
Denial: CO-50 ; CO-16 → carc_1, not a yes or no
Units: UN ; MJ → unit_of_measure, not numbers of units
Group: Surgery ; Cardiology → -, not group codes
Group Code: CO ; PR → group_code_1,
Status: CO-45 ; CO-50 → carc_1, not words of a status
Dx Pointer: E11.9 ; I10 → diagnosis_codes, not diagnosis pointers
Primary Dx: Diabetes ; Flu → -, not ICD diagnosis codes
ICD Flag: 10 ; 9 → diagnosis_code_type,
POS: Office ; Home → place_of_service_code,
POS: North ; South → -, not place of service codes
Plan: 12.50 ; 13.50 → -, not names
From: Home ; Hospital → -, not dates
From: 20250105 ; 20250106 → claim_line_start_date,
Received: Y ; N → -, not dates
Frequency: daily ; weekly → -, not frequency codes
Frequency: 1 ; 7 → frequency_code,
"""


@pytest.fixture(scope="module")
def intake() -> Intake:
    return Intake()


@pytest.mark.parametrize("line", COLUMNS.strip().splitlines())
def test_columns_are_what_they_hold(line: str, intake: Intake) -> None:
    heading, _, rest = line.partition(": ")
    cells, _, wanted = rest.partition(" → ")
    meaning, _, why = wanted.partition(",")
    frame = pd.DataFrame(
        {"claim number": ["1", "2"], heading: cells.split(" ; "), "amount billed": ["10", "20"]}
    )
    stage = Stage(intake)
    (staged,) = stage.put(frame, name="table", unit=UNIT)
    guess = contents.guessed(intake, staged, {})[1]
    stage.clear()
    assert (guess.meaning or "-") == meaning
    assert why.strip() in (guess.note or guess.why) and bool(why) == bool(guess.note or guess.why)


def test_what_becomes_of_a_column_is_in_rejects() -> None:
    frame = pd.DataFrame(
        {"claim": ["1"], "service line": ["Inpatient"], "proc1": ["99213"], "charge": ["10"]}
    )
    claims = cx.read_wide(frame, quiet=True, progress=False)
    found = claims.rejects.set_index("location").reason
    assert found["column service line"] == "column not used: its cells are not line numbers: 'Inpatient'"
    assert found["column proc1"] == "read as hcpcs_code (its cells are not ICD procedure codes: '99213')"
    assert balanced(claims)


def test_the_next_best_column_is_taken_where_the_best_holds_something_else(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | cpt      | service code | charge
        1     | a visit  | 99213        | 10
        2     | a test   | 36415        | 20
        """,
    )
    assert table(claims, "lines", "hcpcs_code") == [("99213",), ("36415",)]


def test_what_the_user_says_stands_and_its_odd_cells_are_reported() -> None:
    frame = pd.DataFrame(
        {"claim": ["1", "2"], "code": ["OFFICE", "99213"], "who": ["Reed, Joe", "N17"], "charge": "5"}
    )
    rename = {"code": "hcpcs_code", "who": "rendering_npi", "charge": None}
    claims = cx.read_wide(frame, rename=rename, quiet=True, progress=False)
    assert table(claims, "lines", "hcpcs_code", "rendering_npi", "charge_amount") == [
        (None, None, None), ("99213", "N17", None),
    ]  # fmt: skip
    said = " ".join(claims.rejects.reason)
    assert "hcpcs_code: not the shape of a procedure code: left out" in said
    assert "rendering_npi: not the shape of an NPI: left out" in said
    assert "rendering_npi: not the ten digits of an NPI, kept as the source's own identifier: 1 row" in said
    assert "rename says that it is not used" in said


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("4", "denied"), ("04", "denied"), ("4.0", "denied"), ("Denied", "denied"), ("Finalized/Denied", "denied"),
        ("Denied - appeal pending", "denied"), ("Appeal pending", "denied"), ("Denial upheld", "denied"), ("F2", "denied"),
        ("Partially denied", "partly denied"), ("Denied in part", "partly denied"), ("Partially paid", "processed"),
        ("Denial overturned", "processed"), ("Denial reversed", "processed"), ("Paid after appeal", "processed"),
        ("Not denied", "processed"), ("Processed as Primary", "processed"), ("02", "processed"), ("Reversed", "reversed"),
        ("22", "reversed"), ("Voided", "reversed"), ("Pended for review", "pending"), ("Claim in process", "pending"),
        ("Rejected", "pending"), ("Dental", None), ("99", None), ("A plan", None),
    ],
)  # fmt: skip
def test_statuses(text: str, state: str | None) -> None:
    assert statuses.state(text) == state


STATUSES = """
    claim | dos        | cpt   | payer | charge | paid | status
    1     | 2025-01-31 | 99213 | Alder | 100    | 60   | Denied
    2     | 2025-01-31 | 99213 | Alder | 100    | 0    | Appeal pending
    3     | 2025-01-31 | 99213 | Alder | 100    | 60   | Paid after appeal
    4     | 2025-01-31 | 99213 | Alder | 100    | 30   | Partially denied
    5     | 2025-01-31 | 99213 | Alder | 100    |      | Denial overturned
    6     | 2025-01-31 | 99213 | Alder | 100    | 0    | 04
    7     | 2025-01-31 | 99213 | Alder | 100    |      | Open
"""


def test_what_statuses_make_of_lines(tmp_path: Path) -> None:
    claims = read(tmp_path, STATUSES)
    found = claims.query(
        "SELECT claim_id, initial_outcome, denied_amount FROM line_outcomes ORDER BY 1"
    ).to_numpy()
    assert [(row[0], row[1]) for row in found] == [
        ("1", "paid"), ("2", "denied"), ("3", "paid"), ("4", "partly denied"), ("5", found[4][1]), ("6", "denied"),
        ("7", "not adjudicated"),
    ]  # fmt: skip
    assert "denied" not in found[4][1] and float(found[3][2]) == 70
    said = " ".join(claims.rejects.reason)
    assert "denied by its status, and paid by its amount: the amount was believed: 1 row" in said
    assert "denied in part by its status, without a reason" in said and balanced(claims)


def test_what_is_open_in_a_worklist_was_denied_where_a_reason_stands(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | dos        | cpt   | charge | paid | status | denial code
        1     | 2025-01-31 | 99213 | 100    | 0    | Open   | CO-50
        2     | 2025-01-31 | 99213 | 100    | 0    | Open   |
        """,
    )
    found = claims.query("SELECT initial_outcome AS o FROM line_outcomes ORDER BY claim_id").o.tolist()
    assert found == ["denied", "not adjudicated"]


WORDS = """
    claim | dos        | cpt   | charge | paid | denial reason
    1     | 2025-01-31 | 99213 | 100    | 0    | CVRG01
    2     | 2025-01-31 | 99213 | 100    | 0    | No authorization
    3     | 2025-01-31 | 99213 | 100    | 0    | no  AUTHORIZATION
    4     | 2025-01-31 | 99213 | 100    | 0    | CVRG01 - plan ended; CO-16
    5     | 2025-01-31 | 99213 | 100    | 0    | 517
    6     | 2025-01-31 | 99213 | 100    | 80   | Clean
    7     | 2025-01-31 | 99213 | 100    | 0    | blue moon
"""


def _carcs(claims: Claims) -> list[tuple[str, str | None, str | None]]:
    found = claims.table("adjustments").sort_values(["claim_id", "carc"])
    return [(r.claim_id, None if pd.isna(r.group_code) else r.group_code, None if pd.isna(r.carc) else r.carc)
            for r in found.itertuples()]  # fmt: skip


def test_words_of_reasons_stand_for_what_the_user_says(tmp_path: Path) -> None:
    own = {"CVRG01": "27", "No authorization": "CO-197", "517": "50", "clean": None}
    claims = read(tmp_path, WORDS, reasons=own)
    assert _carcs(claims) == [
        ("1", None, "27"), ("2", "CO", "197"), ("3", "CO", "197"), ("4", "CO", "16"), ("4", None, "27"), ("5", None, "50"),
        ("7", None, None),
    ]  # fmt: skip
    (tmp_path / "flat.csv").write_text((tmp_path / "flat.csv").read_text())
    assert _carcs(cx.read(tmp_path / "flat.csv", reasons=own, quiet=True, progress=False)) == _carcs(claims)


def test_words_of_which_nothing_is_known_are_listed_with_their_number(tmp_path: Path) -> None:
    claims = read(tmp_path, WORDS)
    listed = claims.rejects[claims.rejects.reason.str.startswith("adjustment reason not understood")]
    assert sorted(listed.content) == [
        "517", "CVRG01", "CVRG01 - plan ended; CO-16", "No authorization", "blue moon", "no  AUTHORIZATION",
    ]  # fmt: skip
    assert "if it is CARC 197: reasons={'No authorization': '197'}" in " ".join(listed.reason)
    # none of these words is a code, and each of these lines is denied
    found = claims.query("SELECT initial_outcome AS o FROM line_outcomes ORDER BY claim_id").o.tolist()
    assert found == [*["denied"] * 5, "paid", "denied"]


def test_the_list_of_unknown_words_is_bounded() -> None:
    frame = pd.DataFrame(
        {"claim": [str(n) for n in range(60)], "denial reason": [f"word {n}x" for n in range(60)]}
    )
    claims = cx.read_wide(frame.assign(charge="1", paid="0"), quiet=True, progress=False)
    listed = claims.rejects[claims.rejects.reason.str.startswith("adjustment reason not understood")]
    assert len(listed) == 41 and "20 more texts" in " ".join(listed.reason)


def test_reasons_that_name_no_code_are_an_error() -> None:
    with pytest.raises(ArgumentError, match="'CVRG01': found 'seven', which names no code"):
        reasons.checked({"CVRG01": "seven"})
    with pytest.raises(ArgumentError, match="names no code"):
        reasons.checked({"X": "999"})


def test_an_amount_that_was_denied_is_none_of_another_reason(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | cpt   | charge | allowed | paid | not covered | reason code
        1     | 99213 | 100    | 70      | 70   | 0.00        | 45
        2     | 36415 | 15     | 0       | 0    | 15.00       | 97
        """,
    )
    assert table(claims, "adjustments", "claim_id", "carc", "amount") == [
        ("1", "45", 30.0),
        ("2", "97", 15.0),
    ]


def test_whole_dollars_of_a_reason_are_told_by_what_they_come_to() -> None:
    frame = pd.DataFrame({"claim": list("1234"), "cpt": "99213", "charge": ["100", "90", "80", "70"],
                          "paid": ["65", "42", "50", "70"], "denial reason": ["35", "48", "30", "0"],
                          "patient": ["Reed, Ann", "Hall, Joe", "May, Lee", "Day, Kim"]})  # fmt: skip
    claims = cx.read_wide(frame, quiet=True, progress=False)
    assert claims.table("adjustments").empty
    reasons_ = claims.rejects.set_index("location").reason
    assert "what paid_amount leaves of the charge: '35'" in reasons_["column denial reason"]
    assert "persons of one name are one person" in reasons_["column patient"]


def test_digits_as_diagnoses_and_words_as_remarks_are_reported(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | dos        | cpt   | dx1   | charge | remark code
        1     | 2025-01-31 | 36415 | 99213 | 100    | called payer
        2     | 2025-01-31 | 36415 | I10   | 100    | N290
        """,
    )
    said = " ".join(claims.rejects.reason)
    assert (
        "diagnosis_code_1: digits alone" in said
        and "rarc_1: words without a remark code, not loaded: 1 row" in said
    )


def test_claim_numbers_may_have_a_suffix(tmp_path: Path) -> None:
    claims = read(tmp_path, "claim | cpt | charge\n 2025.01 | 99213 | 10\n 2025.02 | 99214 | 20")
    assert table(claims, "claims", "claim_id") == [("2025.01",), ("2025.02",)]


def test_amounts_in_another_form_are_refused_not_passed_over() -> None:
    frame = pd.DataFrame({"claim": ["1", "2"], "cpt": "99213", "charge": ["100,00", "1.10,00"]})
    with pytest.raises(InputError, match="charge_amount: not an amount: 100,00"):
        cx.read_wide(frame, quiet=True, progress=False)
