"""What the rules of a run could judge: lines in scope, releases that reach them, and why not the others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.rules.findings import by_rule
from cpticd.rules.state import unjudged_in_words
from tests.rules.services import services, table

UNITS, PAIRS, POLICY = "units_over_limit", "component_of_other_service", "diagnosis_not_in_policy"
MUE = "HCPCS/CPT Code,{setting} Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n97110,6,3 Clinical,x\n"
CLAIMS = """
    claim | day        | code  | units
    old   | 2024-05-06 | 97110 | 20
    past  | 2026-03-31 | 97110 | 20
    first | 2026-04-01 | 97110 | 20
    last  | 2026-06-30 | 97110 | 20
    after | 2026-07-01 | 97110 | 20
"""


def units_added(folder: Path, *days: str, setting: str = "Practitioner") -> Path:
    kept = folder / "kept"
    for day in days:
        file = folder / f"MCR_MUE_{setting}Services_Eff_{day}.csv"
        file.write_text(MUE.format(setting=setting), encoding="utf-8")
        cx.reference.add("ncci_mue", file, folder=kept)
    return kept


def state(findings: pd.DataFrame, rule: str) -> dict[str, object]:
    (found,) = [row for row in findings.attrs["rules"] if row["rule"] == rule]
    return found


def test_a_table_judges_its_own_quarter_alone_and_says_what_it_did_not_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = units_added(tmp_path, "04-01-2026")
    findings = cx.rules.check(services(CLAIMS), UNITS, folder=kept)
    assert findings["claim_id"].tolist() == ["first", "last"]
    found = state(findings, UNITS)
    assert (found["status"], found["lines"], found["judged"], found["findings"]) == ("ran", 5, 2, 2)
    assert (found["first_day"], found["last_day"]) == ("2024-05-06", "2026-07-01")
    assert found["tables"][0] == "ncci_mue practitioner 2026 Q2 (from 2026-04-01 to 2026-06-30)"
    assert found["releases"] == ["ncci_mue 2026 Q2"] and cx.contract(findings)["releases"] == [
        "ncci_mue 2026 Q2"
    ]
    assert "no table reaches practitioner lines of 2024-05 to 2026-07" in found["detail"]
    assert f"{UNITS}: judged 2 of 5 lines; no table reaches" in capsys.readouterr().out
    counts = by_rule(services(CLAIMS), findings).set_index("rule")
    assert counts.loc[UNITS, ["status", "judged"]].tolist() == ["ran", "part"]
    assert counts.loc[UNITS, "tables"].startswith("ncci_mue practitioner 2026 Q2")


def test_between_two_quarters_there_is_no_table(tmp_path: Path) -> None:
    kept = units_added(tmp_path, "01-01-2026", "07-01-2026")
    findings = cx.rules.check(services(CLAIMS), UNITS, folder=kept, quiet=True)
    assert findings["claim_id"].tolist() == ["after", "past"]
    assert state(findings, UNITS)["releases"] == ["ncci_mue 2026 Q1", "ncci_mue 2026 Q3"]


def test_no_table_for_the_dates_is_loud_and_quiet_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = units_added(tmp_path, "04-01-2026")
    claims = services("claim | day | code | units\na | 2024-05-06 | 97110 | 20")
    findings = cx.rules.check(claims, UNITS, folder=kept)
    found = state(findings, UNITS)
    assert findings.empty and found["status"] == "no table for the dates" and found["releases"] == []
    assert UNITS in cx.contract(findings)["exclusions"]
    assert (
        f"{UNITS}: judged none of 1 lines; no table reaches practitioner lines of 2024-05"
        in capsys.readouterr().out
    )
    cx.rules.check(claims, UNITS, folder=kept, quiet=True)
    assert capsys.readouterr().out == ""


def test_a_table_of_another_setting_judges_nothing(tmp_path: Path) -> None:
    kept = units_added(tmp_path, "04-01-2026", setting="Outpatient Hospital")
    found = state(cx.rules.check(services(CLAIMS), UNITS, folder=kept, quiet=True), UNITS)
    assert found["status"] == "no table for the dates"
    assert "there is ncci_mue outpatient 2026 Q2" in found["detail"]


def test_pairs_reach_back_to_their_first_edit_and_say_which_parts_they_lack(tmp_path: Path) -> None:
    head = "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    file = tmp_path / "ccipra-v322r0-f1.TXT"
    file.write_text(head + "93000\t93005\t\t20250101\t*\t0\tours\n", encoding="utf-8")
    cx.reference.add("ncci_ptp", file, folder=tmp_path / "kept", quiet=True)
    claims = services("""
        claim | line | day        | code
        old   | 1    | 2023-02-06 | 93000
        old   | 2    | 2023-02-06 | 93005
        now   | 1    | 2026-09-30 | 93000
        now   | 2    | 2026-09-30 | 93005
        later | 1    | 2026-10-01 | 93000
        later | 2    | 2026-10-01 | 93005
    """)
    findings = cx.rules.check(claims, PAIRS, folder=tmp_path / "kept", quiet=True)
    found = state(findings, PAIRS)
    assert findings["claim_id"].tolist() == ["now"] and (found["lines"], found["judged"]) == (6, 2)
    assert "ncci_ptp practitioner 2026 Q3 lacks f2, f3, f4" in found["detail"]


def test_a_policy_judges_the_lines_under_it() -> None:
    policies = table("""
        document | version | role      | code  | code_group | effective_from | effective_to
        A1       | 1       | procedure | 95923 | 1          | 2024-01-01     | 2024-06-30
        A1       | 1       | covered   | G600  | 1          | 2024-01-01     | 2024-06-30
    """)
    policies = policies.assign(version=1, code_group=1)
    claims = services("""
        claim | day        | code  | diagnosis
        under | 2024-05-06 | 95923 | R5383
        after | 2024-07-01 | 95923 | R5383
        other | 2024-05-06 | 99213 | R5383
    """)
    found = state(cx.rules.check(claims, POLICY, tables={"coverage": policies}, quiet=True), POLICY)
    assert (found["lines"], found["judged"]) == (3, 1)
    assert "the policies for their procedure hold at other times alone" in found["detail"]


def test_what_was_not_judged_is_written_for_readers(tmp_path: Path) -> None:
    kept = units_added(tmp_path, "04-01-2026")
    findings = cx.rules.check(services(CLAIMS), [UNITS, PAIRS], folder=kept, quiet=True)
    lacking, partly = unjudged_in_words(cx.contract(findings).records)
    assert lacking == "Without a table, and so without findings: component of other service."
    assert partly.startswith(
        "Not all of the lines judged by units over limit: no table reaches practitioner lines"
    )


def test_states_are_not_copied_with_the_frame() -> None:
    findings = cx.rules.check(services(CLAIMS), "pointers", quiet=True)
    assert findings.copy().attrs["rules"] is findings.attrs["rules"]
    pd.concat([findings, findings])
