"""Codes by the date of service: built-in dates, lists of the user's own, forms."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd import reference
from tests.rules.services import found, services, table

UNKNOWN, RETIRED, EARLY = (f"{word}_procedure_code" for word in ("unknown", "retired", "early"))


def test_dates_that_are_built_in() -> None:
    # 99201 was deleted for 2021; G2211 began with 2021; 11100 gave way to 11102 with 2019; 97127 lived for two
    # years; G0317 had another meaning until 2008.
    claims = services("""
        claim     | day        | code
        last      | 2020-12-31 | 99201
        retired   | 2021-01-01 | 99201
        biopsy    | 2018-12-31 | 11102
        biopsy_on | 2019-01-01 | 11102
        biopsy_of | 2019-01-01 | 11100
        complex_0 | 2020-12-31 | G2211
        complex   | 2021-01-01 | G2211
        two_0     | 2017-12-31 | 97127
        two_1     | 2019-12-31 | 97127
        two_2     | 2020-01-01 | 97127
        plain     | 1999-01-01 | 99213
        earlier   | 2008-02-22 | G0317
        earlier_1 | 2015-09-30 | G0317
        earlier_2 | 2015-10-01 | G0317
    """)
    retired = cx.rules.check(claims, RETIRED)
    assert retired["claim_id"].tolist() == ["biopsy_of", "retired", "two_2"]
    assert retired["evidence"].tolist()[1] == "date of service 2021-01-01; last day 2020-12-31"
    assert retired["source"].tolist()[1].endswith("; CPT 2021 (built in)")
    early = ["biopsy/1 11102", "complex_0/1 G2211", "earlier_2/1 G0317", "two_0/1 97127"]
    assert found(claims, EARLY) == early
    assert found(claims, UNKNOWN) == []


def test_forms_that_no_code_has() -> None:
    claims = services("""
        claim  | line | code  | bill | revenue
        words  | 1    | VISIT |      |
        four   | 1    | 9921  |      |
        cpt    | 1    | 99213 |      |
        cat2   | 1    | 2025F |      |
        cat3   | 1    | 0790T |      |
        lab    | 1    | 0037U |      |
        hcpcs  | 1    | J1100 |      |
        rate   | 1    | HBIA1 | 211  | 0022
        rate   | 2    | XBIA1 | 211  | 0250
    """)
    assert found(claims, UNKNOWN) == ["four/1 9921", "rate/2 XBIA1", "words/1 VISIT"]


HCPCS = table("""
    code  | kind      | effective_from | effective_to | release
    A0021 | procedure | 1982-01-01     |              | 2026 Q1
    A9999 | procedure | 2010-01-01     | 2024-12-31   | 2026 Q1
    Q5150 | procedure | 2025-04-01     |              | 2026 Q1
    G2211 | procedure | 2026-01-01     |              | 2026 Q1
""")


def test_a_list_of_the_users_own_with_dates() -> None:
    # A list from 2026 knows what was retired; what it lacks is unknown from its first day to the end of its quarter.
    claims = services("""
        claim    | day        | code
        in_1     | 2026-02-01 | A0021
        out_0    | 2024-12-31 | A9999
        out_1    | 2025-01-01 | A9999
        early    | 2025-03-31 | Q5150
        now      | 2025-04-01 | Q5150
        not_0    | 2025-12-31 | Q5151
        not_1    | 2026-01-01 | Q5151
        not_2    | 2026-03-31 | Q5151
        not_3    | 2026-04-01 | Q5151
        cpt      | 2026-02-01 | 99213
        absent   | 2026-02-01 | G0444
        retired  | 2026-02-01 | G2012
    """)
    tables = {"hcpcs": HCPCS}
    assert found(claims, RETIRED, tables=tables) == ["out_1/1 A9999", "retired/1 G2012"]
    assert found(claims, EARLY, tables=tables) == ["early/1 Q5150"]
    unknown = ["absent/1 G0444", "not_1/1 Q5151", "not_2/1 Q5151"]
    assert found(claims, UNKNOWN, tables=tables) == unknown


def test_a_list_without_dates_holds_from_its_first_day(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("CPTICD_REFERENCE", str(tmp_path / "own"))
    for year, codes in (("2024", "99213 88001 88002"), ("2025", "99213 88002 88003")):
        file = tmp_path / f"LONGULT {year}.txt"
        file.write_text("".join(f"{code}\tours\n" for code in codes.split()), encoding="utf-8")
        reference.add("cpt", file)
    claims = services("""
        claim  | day        | code
        before | 2023-12-31 | 88004
        never  | 2024-06-01 | 88004
        last   | 2024-12-31 | 88001
        gone   | 2025-01-01 | 88001
        soon   | 2024-12-31 | 88003
        here   | 2025-01-01 | 88003
        old    | 2023-12-31 | 88001
        kept   | 2025-06-01 | 88002
        next   | 2026-01-01 | 88005
    """)
    assert found(claims, RETIRED) == ["gone/1 88001"]
    assert found(claims, EARLY) == ["soon/1 88003"]
    result = cx.rules.check(claims, UNKNOWN)
    assert result["claim_id"].tolist() == ["never"]
    assert result["source"].iloc[0].endswith("; CPT 2025")


FEES = table("""
    code  | modifier | status | effective_from | effective_to | release
    99213 |          | A      | 2025-10-01     | 2025-12-31   | 2025 Q4
    88001 |          | A      | 2025-10-01     | 2025-12-31   | 2025 Q4
    88001 | 26       | A      | 2025-10-01     | 2025-12-31   | 2025 Q4
    G0444 |          | A      | 2025-10-01     | 2025-12-31   | 2025 Q4
    99213 |          | A      | 2026-01-01     | 2026-12-31   | 2026 Q1
    88003 |          | A      | 2026-01-01     | 2026-12-31   | 2026 Q1
    G9999 |          | D      | 2026-01-01     | 2026-12-31   | 2026 Q1
    88004 |          | D      | 2026-01-01     | 2026-12-31   | 2026 Q1
""")


def test_the_fee_schedule_is_a_dated_list_of_codes() -> None:
    claims = services("""
        claim   | day        | code
        before  | 2025-09-30 | 88009
        never   | 2025-10-01 | 88009
        quarter | 2026-03-31 | 88009
        later   | 2026-04-01 | 88009
        last    | 2025-12-31 | 88001
        gone    | 2026-01-01 | 88001
        soon    | 2025-12-31 | 88003
        here    | 2026-01-01 | 88003
        held    | 2025-12-31 | 88004
        deleted | 2026-01-01 | 88004
        marked  | 2026-01-01 | G9999
        other   | 2026-02-01 | G0444
        level_2 | 2026-02-01 | Q9001
        lab     | 2026-02-01 | 0001U
        visit   | 2026-05-01 | 99213
    """)
    tables = {"fee_schedule": FEES}
    assert found(claims, RETIRED, tables=tables) == ["deleted/1 88004", "gone/1 88001", "marked/1 G9999"]
    assert found(claims, EARLY, tables=tables) == ["soon/1 88003"]
    # Of Level II, and of laboratory codes, it has some alone; of another quarter it does not say that a code is unknown.
    assert found(claims, UNKNOWN, tables=tables) == ["never/1 88009", "quarter/1 88009"]
    result = cx.rules.check(claims, UNKNOWN, tables=tables)
    assert result["source"].iloc[0].endswith("; fee schedule 2025 Q4")
    state = next(row for row in result.attrs["rules"] if row["rule"] == UNKNOWN)
    assert "no list of HCPCS Level II or CPT codes: judged by the fee schedule" in state["detail"]
    assert state["releases"] == ["fee_schedule 2025 Q4", "fee_schedule 2026 Q1"]


def test_a_list_of_other_days_says_so() -> None:
    claims = services("claim | day | code\nold | 2024-05-06 | A0021\nnow | 2026-02-01 | A0021")
    state = next(
        r
        for r in cx.rules.check(claims, UNKNOWN, tables={"hcpcs": HCPCS}).attrs["rules"]
        if r["rule"] == UNKNOWN
    )
    assert (
        "speaks of 2026-01-01 to 2026-03-31: codes on lines of 2024-05 that it lacks are judged by form"
        in state["detail"]
    )


def test_the_built_in_dates_are_codes_with_one_date_at_least() -> None:
    dates = reference.table("procedure_dates").to_pandas()
    assert dates["code"].str.fullmatch("[0-9]{5}|[A-Z][0-9]{4}").all()
    first, last = pd.to_datetime(dates["effective_from"]), pd.to_datetime(dates["effective_to"])
    assert (first.notna() | last.notna()).all()
    assert (first.isna() | last.isna() | (first < last)).all()
    # CPT and HCPCS change with the year in all that is written down here.
    assert first.dropna().dt.strftime("%m-%d").eq("01-01").all()
    assert last.dropna().dt.strftime("%m-%d").eq("12-31").all()
    year = dates["source"].str[-4:].astype(int)
    assert (first.dt.year.eq(year) | (last.dt.year + 1).eq(year)).all()
