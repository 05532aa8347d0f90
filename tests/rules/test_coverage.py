"""Coverage policies: lists, dates, payers, groups that combine, and what else is on the claim."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import rules
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.reference import store
from cpticd.rules import coverage
from tests.rules.one_line import as_said, found
from tests.spec import frame, shown

# A1 holds in 2024 for 27096, with two groups of diagnoses and a list of those that it does not cover; A2, of another
# contractor, until mid-2024 for the same and from 2023 for 93880; A3 has only a list of what it does not cover.
POLICIES = """
    document | version | role        | code_group | code   | effective_from | effective_to
    A1       | 3       | procedure   | 1          | 27096  | 2024-01-01     | 2024-12-31
    A1       | 3       | covered     | 1          | M46.1  | 2024-01-01     | 2024-12-31
    A1       | 3       | covered     | 2          | G89.4  | 2024-01-01     | 2024-12-31
    A1       | 3       | covered     | 3          | M53.3  | 2024-01-01     | 2024-12-31
    A1       | 3       | not covered | 1          | M54.50 | 2024-01-01     | 2024-12-31
    A1       | 3       | contractor  | 0          | 06102  | 2024-01-01     | 2024-12-31
    A2       | 7       | procedure   | 1          | 27096  | 2023-01-01     | 2024-06-30
    A2       | 7       | procedure   | 1          | 93880  | 2023-01-01     |
    A2       | 7       | covered     | 1          | I65.21 | 2023-01-01     |
    A2       | 7       | covered     | 1          | M43.28 | 2023-01-01     |
    A2       | 7       | contractor  | 0          | 15101  | 2023-01-01     |
    A3       | 1       | procedure   | 1          | 80061  |                |
    A3       | 1       | not covered | 1          | Z00.00 |                |
"""
NOT_IN_POLICY = """
    case                | day        | service  | diagnoses        | form          | found
    on the list         | 2024-03-01 | 27096    | M46.1            |               |
    on another group    | 2024-03-01 | 27096    | G89.4            |               |
    second pointer      | 2024-03-01 | 27096    | M54.16 M53.3     |               |
    on none             | 2024-03-01 | 27096    | M54.16           |               | 27096 M5416
    on a later list     | 2024-03-01 | 27096    | M43.28           |               |
    that one has ended  | 2024-07-01 | 27096    | M43.28           |               | 27096 M4328
    its last day        | 2024-06-30 | 27096    | M43.28           |               |
    first day of A1     | 2024-01-01 | 27096    | M46.1            |               |
    the day before      | 2023-12-31 | 27096    | M46.1            |               | 27096 M461
    before every policy | 2022-12-31 | 27096    | M54.16           |               |
    last day of A1      | 2024-12-31 | 27096    | M54.16           |               | 27096 M5416
    after every policy  | 2025-01-01 | 27096    | M54.16           |               |
    open end            | 2025-01-01 | 93880    | R55              |               | 93880 R55
    no policy           | 2024-03-01 | 20610    | M54.16           |               |
    only non-covered    | 2024-03-01 | 80061    | I10              |               |
    header is not it    | 2024-03-01 | 27096    | M46              |               | 27096 M46
    points to nothing   | 2024-03-01 | 27096    | (M54.16)         |               |
    hospital, none      | 2024-03-01 | 27096    | M54.16           | institutional | 27096 M5416
    hospital, one of    | 2024-03-01 | 27096    | M54.16 M46.1     | institutional |
"""
NOT_COVERED = """
    case                | day        | service  | diagnoses        | found
    listed              | 2024-03-01 | 27096    | M54.50           | 27096 M5450
    listed and covered  | 2024-03-01 | 27096    | M54.50 M46.1     |
    neither list        | 2024-03-01 | 27096    | M54.16           |
    listed and neither  | 2024-03-01 | 27096    | M54.16 M54.50    | 27096 M5416 M5450
    first day           | 2024-01-01 | 27096    | M54.50           | 27096 M5450
    the day before      | 2023-12-31 | 27096    | M54.50           |
    no covered list     | 2024-03-01 | 80061    | Z00.00           | 80061 Z0000
    something else too  | 2024-03-01 | 80061    | Z00.00 E78.5     |
    not pointed to      | 2024-03-01 | 80061    | E78.5 (Z00.00)   |
"""
COMBINED = """
    case                | day        | service  | diagnoses        | found
    both groups         | 2024-08-01 | 27096    | M46.1 G89.4      |
    one of both         | 2024-08-01 | 27096    | M46.1            | 27096 M461
    other of both       | 2024-08-01 | 27096    | G89.4            | 27096 G894
    enough by itself    | 2024-08-01 | 27096    | M53.3            |
    none                | 2024-08-01 | 27096    | M54.16           | 27096 M5416
"""


def policies(text: str = POLICIES, **constants: Any) -> pd.DataFrame:
    rows = frame(text)
    return rows.assign(
        version=rows["version"].astype(int), code_group=rows["code_group"].astype(int), **constants
    )


def combined(expression: str, group: int = 0) -> dict[str, pd.DataFrame]:
    logic = pd.DataFrame({"document": ["A1"], "procedure_group": [group], "expression": [expression]})
    return {"coverage": policies(), "coverage_logic": logic}


@pytest.mark.parametrize(
    ("rule", "cases"), [("diagnosis_not_in_policy", NOT_IN_POLICY), ("not_covered_diagnosis", NOT_COVERED)]
)
def test_cases(rule: str, cases: str) -> None:
    as_said(cases, rule, tables={"coverage": policies()})


@pytest.mark.parametrize("group", [0, 1])
def test_groups_combine_as_the_expression_says(group: int) -> None:
    as_said(COMBINED, "diagnosis_not_in_policy", tables=combined("(1 and 2) or 3", group))


def test_an_expression_for_another_group_of_procedures_leaves_any_group_enough() -> None:
    cases = COMBINED.replace("27096 M461", "").replace("27096 G894", "")
    as_said(cases, "diagnosis_not_in_policy", tables=combined("1 and 2", 9))


@pytest.mark.parametrize("expression", ["1 and (2 or 3)", "(1 or 2) and 3"])
def test_every_set_of_diagnoses_against_the_tree(expression: str) -> None:
    codes = {1: "M46.1", 2: "G89.4", 3: "M53.3"}
    rows, expected = ["case | day | service | diagnoses"], set()
    for present in product([True, False], repeat=3):
        name = "".join(str(g) for g, there in zip(codes, present, strict=True) if there) or "none"
        pointed = [codes[g] for g, there in zip(codes, present, strict=True) if there] or ["M54.16"]
        rows.append(f"{name} | 2024-08-01 | 27096 | {' '.join(pointed)}")
        truth = expression
        for group, there in zip(codes, present, strict=True):
            truth = truth.replace(str(group), str(there))
        if not eval(truth):  # the oracle: Python's own and, or and brackets
            expected.add(name)
    result = found("\n".join(rows), "diagnosis_not_in_policy", tables=combined(expression))
    assert set(result["claim_id"]) == expected


def test_the_evidence_names_what_is_on_the_claim_and_not_pointed_to() -> None:
    cases = """
        case      | day        | service  | diagnoses                      | found
        there     | 2024-08-01 | 27096    | M54.16 (M46.1) (M53.3) (E11.9) | x
        not there | 2024-08-01 | 27096 GA | M54.16 (E11.9)                 | x
    """
    result = found(cases, "diagnosis_not_in_policy", tables={"coverage": policies()}).set_index("claim_id")
    assert result.loc["there", "evidence"] == (
        "diagnoses M5416; on the claim, not pointed to: M46.1 (diagnosis 2) on A1, M53.3 (diagnosis 3) on A1"
    )
    assert result.loc["there", "message"].endswith("The claim has another diagnosis that is on a list.")
    assert result.loc["not there", "message"] == (
        "27096 stands under a coverage policy (A1); the diagnoses that the line points to do not satisfy it."
    )
    assert result.loc["not there", "evidence"] == (
        "diagnoses M5416; notice GA (notice of likely non-coverage is on file as required)"
    )
    assert str(result.loc["there", "effective_date"])[:10] == "2024-01-01"
    # No code that is not on the claim is ever named.
    named = " ".join(result["message"] + result["evidence"] + result["codes"])
    assert "G89" not in named


def test_where_a_policy_only_lists_what_it_does_not_cover_any_other_diagnosis_of_the_claim_is_named() -> None:
    cases = """
        case    | day        | service | diagnoses               | found
        another | 2024-08-01 | 80061   | Z00.00 (E78.5)          | x
        none    | 2024-08-01 | 80061   | Z00.00                  | x
        covered | 2024-08-01 | 27096   | M54.50 (M46.1) (E78.5)  | x
    """
    result = found(cases, "not_covered_diagnosis", tables={"coverage": policies()}).set_index("claim_id")
    assert result.loc["another", "message"] == (
        "Z00.00 is on the list of diagnoses that A3 does not cover for 80061. "
        "The claim has another diagnosis that is not on that list."
    )
    assert result.loc["another", "evidence"].endswith("not pointed to: E78.5 (diagnosis 2) not on that list")
    assert result.loc["none", "evidence"] == "not covered by A3 (Z00.00); diagnoses Z0000"
    assert result.loc["covered", "evidence"].endswith("not pointed to: M46.1 (diagnosis 2) on A1")


def test_of_a_combination_the_evidence_says_how_far_it_is_met_and_what_would_complete_it() -> None:
    cases = """
        case      | day        | service | diagnoses       | found
        completes | 2024-08-01 | 27096   | M46.1 (G89.4)   | x
        does not  | 2024-08-01 | 27096   | M46.1 (M43.28)  | x
        half      | 2024-08-01 | 27096   | M54.16 (M46.1)  | x
        both      | 2024-08-01 | 27096   | M54.16 (M46.1) (G89.4) | x
    """
    result = found(cases, "diagnosis_not_in_policy", tables=combined("1 and 2")).set_index("claim_id")[
        "evidence"
    ]
    asks = "A1 asks for groups 1 and 2, met: "
    assert (
        result["completes"]
        == f"diagnoses M461; {asks}1; on the claim, not pointed to: G89.4 (diagnosis 2) on A1"
    )
    assert result["does not"] == f"diagnoses M461; {asks}1"
    assert result["half"] == f"diagnoses M5416; {asks}none"
    assert result["both"].endswith("not pointed to: G89.4 (diagnosis 3) on A1, M46.1 (diagnosis 2) on A1")


PAYERS = """
    case                | day        | service  | diagnoses | payer | found
    its contractor      | 2024-03-01 | 27096    | M43.28    | North | 27096 M4328
    the other one's     | 2024-03-01 | 27096    | M43.28    | South |
    ended for that one  | 2024-08-01 | 27096    | M54.16    | South |
    not named           | 2024-03-01 | 27096    | M54.16    | West  |
    national            | 2024-03-01 | 80061    | Z00.00    | South |
"""


def test_a_policy_judges_the_payers_of_its_contractor() -> None:
    of_payers = coverage.for_payers(policies(), {"North": "06102", "South": ["15101"]})
    as_said(PAYERS, "diagnosis_not_in_policy", tables={"coverage": of_payers})
    national = "case | day | service | diagnoses | payer | found\n"
    national += "named | 2024-03-01 | 80061 | Z00.00 | South | 80061 Z0000\n"
    national += "not named | 2024-03-01 | 80061 | Z00.00 | West |\n"
    as_said(national, "not_covered_diagnosis", tables={"coverage": of_payers})


def test_payers_multiply_the_procedures_alone_and_unknown_contractors_are_refused() -> None:
    rows = policies()
    of_payers = coverage.for_payers(rows, {"North": ["06102", "15101"], "East": "06102"})
    counts = of_payers.groupby("role").size()
    assert counts["covered"] == (rows["role"] == "covered").sum()
    # A1 for both, A2's two procedures for North, A3 (no contractor) for both.
    assert counts["procedure"] == 2 + 2 + 2
    with pytest.raises(ArgumentError, match="no policy of 99999; there are 06102, 15101"):
        coverage.for_payers(rows, {"North": "99999"})
    with pytest.raises(SchemaError, match="no column"):
        coverage.for_payers(rows.drop(columns="role"), {"North": "06102"})


def test_an_expression_that_fits_no_policy_is_refused() -> None:
    for rows, message in [
        ({"document": ["B9"], "expression": ["1"]}, r"row 1 \(B9\): the coverage table has no such document"),
        (
            {"document": ["A1"], "expression": ["1 and 8"]},
            "names group 8; the policy has covered groups 1, 2, 3",
        ),
        ({"document": ["A1"], "expression": ["1 and"]}, "found its end"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            found(COMBINED, "coverage", tables={"coverage": policies(), "coverage_logic": pd.DataFrame(rows)})
    with pytest.raises(SchemaError, match="no column"):
        found(
            COMBINED, "coverage", tables={"coverage": policies(), "coverage_logic": pd.DataFrame({"x": [1]})}
        )


def test_a_role_that_there_is_not_is_refused() -> None:
    rows = policies().replace({"role": {"not covered": "noncovered"}})
    with pytest.raises(SchemaError, match="found role 'noncovered'; there are procedure, covered"):
        found(COMBINED, "coverage", tables={"coverage": rows})


def test_without_a_table_the_rules_say_so_and_an_added_one_judges(tmp_path: Any) -> None:
    result = found(NOT_IN_POLICY, "coverage", folder=tmp_path)
    assert result.empty
    status = {row["rule"]: row["status"] for row in cx.contract(result).records["rules"]}
    assert status["diagnosis_not_in_policy"] == status["not_covered_diagnosis"] == "no table"
    store.add("coverage", _download(tmp_path), folder=tmp_path / "added", effective_from="2024-01-01")
    result = found(NOT_IN_POLICY, "coverage", folder=tmp_path / "added")
    assert shown(result, "claim_id", "rule", "codes")[0] == (
        "after every policy",
        "diagnosis_not_in_policy",
        "27096 M5416",
    )
    assert "on none" in set(result["claim_id"]) and "on the list" not in set(result["claim_id"])
    assert result["message"].str.contains("A57726").all()


def _download(folder: Any) -> list[str]:
    """The CSV download of one Article, as the Medicare Coverage Database has it."""
    files = {
        "article.csv": "article_id,article_version,title,status,article_eff_date,article_end_date\n"
        "57726,9,Billing and coding,A,2024-01-01 00:00:00,\n",
        "article_x_hcpc_code.csv": "article_id,article_version,hcpc_code_id,hcpc_code_group\n57726,9,27096,1\n",
        "article_x_icd10_covered.csv": "article_id,article_version,icd10_code_id,icd10_covered_group\n57726,9,M46.1,1\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in files]


def test_both_rules_are_named_with_their_table_in_the_catalogue() -> None:
    rows = rules.catalogue().set_index("rule")
    for rule in ("diagnosis_not_in_policy", "not_covered_diagnosis"):
        assert (
            rows.loc[rule, "tables"] == "coverage" and rows.loc[rule, "settings"] == "practitioner outpatient"
        )
