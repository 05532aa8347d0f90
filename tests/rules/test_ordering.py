"""The order of diagnoses: cases from the Official Guidelines and from the lists of the Medicare Code Editor."""

from __future__ import annotations

from tests.rules.diagnosed import judge


def test_a_manifestation_does_not_come_first() -> None:
    """I.A.13: F02.80, H36.- and G99.0 are manifestations; E11.36 is a combination code and may be first."""
    found = judge(
        "manifestation_first",
        """
        case | day        | codes        | lines   | form       | found
        a    | 2024-05-01 | F02.80 G30.9 |         |            | 1:F0280
        b    | 2024-05-01 | G30.9 F02.80 |         |            |
        c    | 2024-05-01 | G30.9 F02.80 | 1 2 + 2 |            | 2:F0280
        d    | 2024-05-01 | F02.80 G30.9 |         | outpatient | c:F0280
        e    | 2024-05-01 | E11.36       |         |            |
        f    | 2024-05-01 | G99.0 E85.4  | 2 1     |            | 1:G990
        """,
    )
    assert found["evidence"].iloc[0] == "position 1; list Principal_Manifestation"
    assert found["source"].iloc[0].endswith("mce_edits MCE v44 (FY2016 to FY2027)")


def test_an_external_cause_does_not_come_first() -> None:
    """I.C.20.a: never first-listed, from V00 to Y99; U07.1 and Z codes may be."""
    judge(
        "external_cause_first",
        """
        case | day        | codes            | lines   | form      | found
        a    | 2024-05-01 | W01.0XXA S52.501A |        |           | 1:W010XXA
        b    | 2024-05-01 | S52.501A W01.0XXA |        |           |
        c    | 2024-05-01 | S52.501A W01.0XXA | 1 + 2  |           | 2:W010XXA
        d    | 2024-05-01 | Y99.0            |         | inpatient | c:Y990
        e    | 2024-05-01 | V00.111A         |         |           | 1:V00111A
        f    | 2024-05-01 | Z00.00           |         |           |
        g    | 2024-05-01 | U07.1            |         |           |
        """,
    )


def test_an_injury_whose_sequela_is_treated_does_not_come_first() -> None:
    """I.B.10: the scar or the arthritis, then the injury with S; an external cause has a rule of its own."""
    judge(
        "sequela_first",
        """
        case | day        | codes             | lines   | form       | found
        a    | 2024-05-01 | S52.501S M19.131  |         |            | 1:S52501S
        b    | 2024-05-01 | M19.131 S52.501S  |         |            |
        c    | 2024-05-01 | M19.131 S52.501S  | 1 + 2   |            | 2:S52501S
        d    | 2024-05-01 | S52.501S          |         | outpatient | c:S52501S
        e    | 2024-05-01 | S52.501D          |         |            |
        f    | 2024-05-01 | W01.0XXS          |         |            |
        """,
    )


def test_a_principal_diagnosis_that_seldom_needs_a_stay() -> None:
    """MCE edit 8: E11.9 is on the list, E66.811 since it came on October 1, 2024, E66.8 until the day before."""
    judge(
        "questionable_admission",
        """
        case | day        | codes        | form       | found
        a    | 2024-09-30 | E11.9 I50.9  | inpatient  | c:E119
        b    | 2024-09-30 | I50.9 E11.9  | inpatient  |
        c    | 2024-09-30 | E11.9 I50.9  | outpatient |
        d    | 2024-09-30 | E66.8        | inpatient  | c:E668
        e    | 2024-10-01 | E66.8        | inpatient  |
        f    | 2024-10-01 | E66.811      | inpatient  | c:E66811
        """,
    )


def test_codes_that_may_only_be_first() -> None:
    """I.C.21.c.16: Z00 but not Z00.6, Z52 but not Z52.9; of encounters of one day each has its own."""
    found = judge(
        "first_listed_only",
        """
        case | day        | codes               | found
        a    | 2024-05-01 | I10 Z00.00          | 1:Z0000
        b    | 2024-05-01 | Z00.00 I10          |
        c    | 2024-05-01 | C50.911 Z00.6       |
        d    | 2024-05-01 | Z00.00 Z01.419      |
        e    | 2024-05-01 | C50.911 Z51.11      | 1:Z5111
        f    | 2024-05-01 | N18.6 Z52.4 Z52.9   | 1:Z524
        g    | 2024-05-01 | I10 Z23 Z79.4 Z12.31 |
        h    | 2024-05-01 | J06.9 Z38.00        | 1:Z3800
        """,
    )
    assert set(found["severity"]) == {"warning"}


def test_code_first_notes() -> None:
    """D63.1 asks for N18.- first, F02 for an underlying disease; N18 for "any associated" one, which there may not be."""
    found = judge(
        "code_first_missing",
        """
        case | day        | codes             | found
        a    | 2024-05-01 | D63.1 N18.4       | 1:D631
        b    | 2024-05-01 | N18.4 D63.1       |
        c    | 2024-05-01 | I10 D63.1         | 1:D631
        d    | 2024-05-01 | F02.80            | 1:F0280
        e    | 2024-05-01 | G30.9 F02.80      |
        f    | 2024-05-01 | I12.9 N18.4       |
        """,
    )
    assert found["message"].iloc[0] == (
        'The note "code first" at D63.1 asks for another code before it, and none that it names stands there: '
        "for a coder to review against the record."
    )
    assert found["evidence"].iloc[0] == "note underlying chronic kidney disease (CKD) (N18.-)"


def test_use_additional_notes() -> None:
    """I12 asks for the stage (N18.-), E11.22 likewise, I11.0 for the heart failure (I50.-)."""
    judge(
        "use_additional_missing",
        """
        case | day        | codes             | found
        a    | 2024-05-01 | I12.9             | 1:I129
        b    | 2024-05-01 | I12.9 N18.4       |
        c    | 2024-05-01 | N18.4 I12.9       |
        d    | 2024-05-01 | I11.0 I50.9       |
        e    | 2024-05-01 | I11.0             | 1:I110
        f    | 2020-09-30 | I11.0             |
        """,
    )


def test_an_unacceptable_principal_diagnosis_of_a_stay() -> None:
    """MCE edits 9: Z99.89 is a circumstance; Z51.5 needs a secondary diagnosis; H40.841 until March 31, 2026."""
    judge(
        "unacceptable_principal",
        """
        case | day        | codes          | form       | found
        a    | 2025-01-01 | Z99.89 I10     | inpatient  | c:Z9989
        b    | 2025-01-01 | I10 Z99.89     | inpatient  |
        c    | 2025-01-01 | Z99.89 I10     | outpatient |
        d    | 2026-03-31 | H40.841 I10    | inpatient  | c:H40841
        e    | 2026-04-01 | H40.841 I10    | inpatient  |
        f    | 2025-01-01 | Z51.89         | inpatient  | c:Z5189
        g    | 2025-01-01 | Z51.89 I10     | inpatient  |
        """,
    )


def test_the_principal_diagnosis_again() -> None:
    """MCE edit 3; the admitting diagnosis, sent last and without what was present on admission, is not secondary."""
    judge(
        "duplicate_principal",
        """
        case | day        | codes                 | form       | found
        a    | 2025-01-01 | I21.4/Y I10/Y I21.4/Y | inpatient  | c:I214
        b    | 2025-01-01 | I21.4/Y I10/Y I21.4   | inpatient  |
        c    | 2025-01-01 | I21.4 I21.4 I10       | inpatient  | c:I214
        d    | 2025-01-01 | I21.4 I10 I21.4       | inpatient  |
        e    | 2025-01-01 | I21.4 I21.4 I10       | outpatient |
        f    | 2025-01-01 | I21.4/Y I10/Y         | inpatient  |
        """,
    )


def test_notes_under_a_condition_ask_where_it_shows() -> None:
    # Tabular list at I42, I49: of a condition that complicates pregnancy; at B39: of AIDS.
    judge("code_first_missing", """
        case  | day        | codes              | sex    | born       | found
        man   | 2026-05-04 | I42.0              | male   | 1955-01-01 |
        beats | 2026-05-04 | I49.3              | female | 1990-01-01 |
        weeks | 2026-05-04 | I42.0 Z3A.20       | female | 1990-01-01 | 1:I420 1:Z3A20
        named | 2026-05-04 | O99.412 I42.0      | female | 1990-01-01 |
        fungi | 2026-05-04 | B39.2              |        |            |
        aids  | 2026-05-04 | B39.2 B20          |        |            | 1:B392
        other | 2026-05-04 | D63.0              |        |            | 1:D630
    """)  # fmt: skip
