"""Excludes1: notes of codes, categories and blocks, by the list of the day, both ways round."""

from __future__ import annotations

from itertools import permutations

import pandas as pd

from cpticd import reference, rules
from tests.rules.diagnosed import claims, judge


def test_codes_that_exclude_each_other() -> None:
    """E10 excludes E11.-, R73 excludes E08-E13, J00-J06 (a block) J44.0; A15 has no Excludes1 with I10."""
    found = judge(
        "excludes1",
        """
        case | day        | codes             | lines     | form       | found
        a    | 2024-05-01 | E10.9 E11.9       |           |            | 1:E109+E119
        b    | 2024-05-01 | E11.9 E10.9       |           | outpatient | c:E109+E119
        c    | 2024-05-01 | I10 R73.9 E11.42  | 1 + 2 + 3 |            | 2:E1142+R739 3:E1142+R739
        d    | 2024-05-01 | J06.9 J44.0       |           |            | 1:J069+J440
        e    | 2024-05-01 | J06.9 J44.1 I10   |           |            |
        f    | 2024-05-01 | E11.9 E11.9 E11.9 |           |            |
        g    | 2024-05-01 | I10 E10.9 E11.9   | 1         |            | c:E109+E119
        """,
    )
    row = found[found["claim_id"] == "d"].iloc[0]
    assert row["message"] == (
        "J06.9 and J44.0 exclude each other by the note at J00-J06, unless the two conditions are unrelated."
    )
    assert (
        row["evidence"]
        == "note chronic obstructive pulmonary disease with acute lower respiratory infection (J44.0)"
    )
    assert row["severity"] == "warning" and str(row["effective_date"])[:10] == "2020-10-01"


def test_sides_admitting_diagnoses_and_dates() -> None:
    """The right and the left side are two conditions; an admitting diagnosis is none of what was found."""
    judge(
        "excludes1",
        """
        case | day        | codes                 | form      | found
        a    | 2024-05-01 | S58.011A S52.501A     |           | 1:S52501A+S58011A
        b    | 2024-05-01 | S58.011A S52.502A     |           |
        c    | 2024-05-01 | E11.9/Y I10/Y R73.9   | inpatient |
        d    | 2024-05-01 | E11.9/Y R73.9/Y I10/Y | inpatient | c:E119+R739
        e    | 2020-09-30 | E10.9 E11.9           |           |
        f    | 2020-10-01 | E10.9 E11.9           |           | 1:E109+E119
        """,
    )


def test_a_pair_holds_on_the_days_of_the_lists_that_have_it() -> None:
    """Every 150th pair that came or went, on the days around its own."""
    notes = reference.table("icd10cm_notes").to_pandas().query("note == 'excludes1'")
    known = reference.table("icd10cm").to_pandas().query("kind == 'code' and billable")["code"]
    codes = pd.Series(sorted(known))
    dated = notes[notes["effective_from"].astype(str).gt("2020-10-01") | notes["effective_to"].notna()].iloc[
        ::150
    ]
    assert len(dated) > 5
    rows = []
    for pair in dated.to_dict("records"):
        own = [codes[codes.str.startswith(pair[side])].head(1).tolist() for side in ("code", "other")]
        if not all(own):
            continue
        for day, inside in _around(pair):
            rows.append(
                {"case": f"{len(rows)}", "day": day, "codes": f"{own[0][0]} {own[1][0]}", "inside": inside}
            )
    found = set(rules.check(claims(pd.DataFrame(rows)), "excludes1")["claim_id"])
    assert {row["case"] for row in rows if row["inside"]} <= found
    # Another note may keep the same two apart on the other day: then it says so.
    others = {row["case"] for row in rows if not row["inside"]} & found
    assert len(others) < len(rows) / 4


def _around(pair: dict) -> list[tuple[str, bool]]:
    first, last = pd.Timestamp(pair["effective_from"]), pair["effective_to"]
    days = [(first - pd.Timedelta(days=1), False), (first, True)]
    if not pd.isna(last):
        days += [(pd.Timestamp(last), True), (pd.Timestamp(last) + pd.Timedelta(days=1), False)]
    return [(day.date().isoformat(), inside) for day, inside in days]


def test_every_note_that_names_one_code_is_a_pair() -> None:
    """Of the tabular list of FY2026 every note with one code in brackets at its end, read another way."""
    notes = reference.table("icd10cm_notes").to_pandas().query("note == 'excludes1' and effective_to.isna()")
    pairs = set(zip(notes["code"], notes["other"], strict=True))
    listed = (
        reference.table("icd10cm")
        .to_pandas()
        .query("kind == 'code'")
        .drop_duplicates("code")
        .set_index("code")
    )
    checked = 0
    for code, text in listed.loc[listed["excludes1"] != "", "excludes1"].items():
        for note in text.split("\n"):
            other = note[note.rfind("(") + 1 : note.rfind(")")].replace(".", "").rstrip("-")
            if other not in listed.index or other.startswith(code) or code.startswith(other):
                continue
            checked += 1
            assert (min(code, other), max(code, other)) in pairs, (code, note)
    assert checked > 4000


def test_the_order_of_the_diagnoses_does_not_matter() -> None:
    codes = ["E109", "E119", "R739", "I10", "J069", "J440"]
    cases = pd.DataFrame(
        {"case": str(number), "day": "2024-05-01", "codes": " ".join(order)}
        for number, order in enumerate(permutations(codes))
    )
    found = rules.check(claims(cases), "excludes1").groupby("claim_id")["codes"].agg(list)
    assert len(found) == 720 and set(map(tuple, found)) == {
        ("E109 E119", "E109 R739", "E119 R739", "J069 J440")
    }
