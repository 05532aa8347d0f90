"""Persons by number: text, whole numbers, categories, in any order, known or not; and HCCs held by way of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd import risk
from cpticd.risk.numbering import numbered, unique

IDS = {
    "of one width": ["A07", "B13", "A13", "C00"],
    "of several widths": ["A", "long id", "é", "B2"],
    "whole numbers as text": ["7", "13", "-2", "100000000000"],
    "with zeros before": ["007", "013", "7", "13"],
}


@pytest.mark.parametrize("name", IDS)
def test_each_is_found_where_it_stands(name: str) -> None:
    ids = IDS[name]
    asked = [ids[2], ids[2], "??", ids[0], ids[3], ids[1], None, ids[0], f" {ids[1]} "]
    expected = [2, 2, -1, 0, 3, 1, -1, 0, 1]
    for kind in (pa.string(), pa.large_string()):
        assert numbered(pa.array(asked, kind), pa.array(ids)).tolist() == expected
    assert numbered(pa.array(asked[:6]), pa.array(ids)).tolist() == expected[:6]
    assert numbered(pa.array([], pa.string()), pa.array(ids)).tolist() == []


@pytest.mark.parametrize(
    ("ids", "asked", "expected"),
    [
        (["7", "13", "-2"], [13, -2, 8, None, 7, 10**12], [1, 2, -1, -1, 0, -1]),
        (["7", "900000000000"], [900000000000, 7, 1], [1, 0, -1]),
        (["007", "7", "x"], [7, 13, None], [1, -1, -1]),
    ],
)
def test_whole_numbers_mean_what_is_written(ids: list[str], asked: list[Any], expected: list[int]) -> None:
    assert numbered(pa.array(asked, pa.int64()), pa.array(ids)).tolist() == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text("AB01é", min_size=1, max_size=3), unique=True, min_size=1, max_size=30),
    st.lists(st.text("AB01é", min_size=1, max_size=3), max_size=60),
)
def test_as_a_dictionary_finds_them(ids: list[str], asked: list[str]) -> None:
    where = {one: place for place, one in enumerate(ids)}
    assert numbered(pa.array(asked, pa.string()), pa.array(ids)).tolist() == [
        where.get(one, -1) for one in asked
    ]
    assert unique(pa.array(ids))
    assert unique(pa.array(ids + ids[:1])) is False


def frames(kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(3)
    number = rng.permutation(200)
    members = pd.DataFrame(
        {"person_id": number, "age": rng.integers(20, 99, 200), "sex": rng.choice(["F", "M"], 200)}
    )
    codes: list[Any] = [
        "E11.22",
        "I50.9",
        "D66",
        "C50.911",
        "f3 20",
        "P07.00",
        "Z99",
        "no code",
        None,
        "C9100",
        "I5A",
    ]
    diagnoses = pd.DataFrame(
        {
            "person_id": rng.integers(0, 210, 900),
            "diagnosis_code": [codes[i] for i in rng.integers(0, len(codes), 900)],
        }
    )
    if kind == "text":
        return members.astype({"person_id": str}), diagnoses.astype({"person_id": str})
    if kind == "one width":
        wide = [
            frame.assign(person_id=frame["person_id"].map("M{:05d}".format)) for frame in (members, diagnoses)
        ]
        return wide[0], wide[1]
    if kind == "by person":
        return members.sort_values("person_id"), diagnoses.sort_values("person_id")
    if kind == "category":
        return members, diagnoses.astype({"diagnosis_code": "category"})
    return members, diagnoses.astype({"person_id": float}) if kind == "float" else diagnoses


@pytest.mark.parametrize("kind", ["text", "one width", "by person", "category", "float"])
def test_scores_do_not_depend_on_how_persons_are_named(kind: str) -> None:
    def scores(kind: str) -> pd.DataFrame:
        found = risk.score(*frames(kind), payment_year=2026)
        out = risk.rejects(found)
        assert {"not among the members: diagnoses not scored", "diagnosis_code: not an ICD-10-CM code"} < set(
            out["reason"]
        )
        number = found["person_id"].str.extract(r"(\d+)")[0].astype(int)
        return found.assign(person_id=number, hccs=found["hccs"].map(list)).sort_values(
            "person_id", ignore_index=True
        )

    as_numbers = scores("numbers")
    pd.testing.assert_frame_equal(scores(kind), as_numbers, check_dtype=False)
    assert as_numbers["payment_hcc_count"].max() > 2
