"""A selection of random small claims: every table has the rows that a filter of the whole in pandas has."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpticd.claims import Claims
from cpticd.core.schema import TABLES
from tests.spec import claims_of

DAYS = ["2024-01-15", "2024-02-15", "2024-03-15"]
CODES = ["E119", "E1165", "I10"]
NONE = "(none)"
HEADS = {
    "claims": "claim_id claim_type person_id payer place_of_service_code billing_npi claim_start_date "
    "frequency_code original_payer_claim_id data_source",
    "lines": "claim_id claim_line_number hcpcs_code charge_amount place_of_service_code rendering_npi "
    "claim_line_start_date",
    "diagnoses": "claim_id diagnosis_position diagnosis_code",
    "pointers": "claim_id claim_line_number pointer_position diagnosis_position",
    "adjudications": "claim_id adjudication_number payer paid_date claim_status_code charge_amount paid_amount",
    "line_payments": "claim_id adjudication_number claim_line_number charge_amount paid_amount",
    "adjustments": "claim_id adjudication_number claim_line_number adjustment_position group_code carc amount",
    "attributes": "claim_id claim_line_number name value",
    "members": "person_id year birth_date sex",
}
LINE = st.fixed_dictionaries(
    {
        "hcpcs": st.sampled_from(["99213", "80053", ""]),
        "place": st.sampled_from(["", "", "21"]),
        "npi": st.sampled_from(["", "991", "111"]),
        "day": st.sampled_from(["", "", *DAYS]),
        "region": st.sampled_from(["", "", "east"]),
        "points": st.lists(st.integers(1, 3), max_size=2, unique=True),
        "paid": st.sampled_from(["10.00", "0.00"]),
    }
)
CLAIM = st.fixed_dictionaries(
    {
        "person": st.sampled_from(["p1", "p2", "p3", ""]),
        "payer": st.sampled_from(["North", "South", ""]),
        "place": st.sampled_from(["11", "22", ""]),
        "npi": st.sampled_from(["111", "222", ""]),
        "day": st.sampled_from([*DAYS, ""]),
        "region": st.sampled_from(["", "west"]),
        "replaces": st.booleans(),
        "adjudicated": st.booleans(),
        "codes": st.lists(st.sampled_from(CODES), max_size=3, unique=True),
        "lines": st.lists(LINE, max_size=3),
    }
)
#: The first claim has a pointer, so that its source is one that carries them.
FIRST: dict[str, Any] = {
    "person": "p1", "payer": "North", "place": "11", "npi": "111", "day": DAYS[0], "region": "", "replaces": False,
    "adjudicated": True, "codes": ["E119", "I10"],
    "lines": [
        {"hcpcs": "99213", "place": "", "npi": "", "day": "", "region": "", "points": [1], "paid": "10.00"},
        {"hcpcs": "80053", "place": "21", "npi": "991", "day": DAYS[1], "region": "east", "points": [2], "paid": "0.00"},
    ],
}  # fmt: skip
PICKS = st.dictionaries(
    st.sampled_from(
        [
            "payer",
            "place",
            "hcpcs",
            "diagnosis",
            "provider",
            "billing_npi",
            "persons",
            "dates",
            "region",
            "month",
        ]
    ),
    st.integers(0, 5),
    max_size=3,
)


def made(drawn: list[dict[str, Any]]) -> Claims:
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in HEADS}
    rows["members"] = [(person, 2024, "1950-01-01", "male") for person in ("p1", "p2", "p9")]
    for number, claim in enumerate([FIRST, *drawn]):
        key = f"C{number}"
        kind = ("7", "C0") if claim["replaces"] else ("1", "")
        rows["claims"].append(
            (
                key,
                "professional",
                claim["person"],
                claim["payer"],
                claim["place"],
                claim["npi"],
                claim["day"],
                *kind,
                "a",
            )
        )
        rows["diagnoses"] += [(key, place + 1, code) for place, code in enumerate(claim["codes"])]
        if claim["region"]:
            rows["attributes"].append((key, "", "region", claim["region"]))
        if claim["adjudicated"]:
            total = f"{10 * len(claim['lines'])}.00"
            rows["adjudications"].append((key, 1, claim["payer"], "2024-06-01", "1", total, total))
            rows["adjustments"].append((key, 1, "", 1, "CO", "45", "0.50"))
        for n, line in enumerate(claim["lines"], start=1):
            rows["lines"].append((key, n, line["hcpcs"], "10.00", line["place"], line["npi"], line["day"]))
            points = [place for place in line["points"] if place <= len(claim["codes"])]
            rows["pointers"] += [(key, n, first + 1, place) for first, place in enumerate(points)]
            if line["region"]:
                rows["attributes"].append((key, n, "region", line["region"]))
            if claim["adjudicated"]:
                rows["line_payments"].append((key, 1, n, "10.00", line["paid"]))
    text = {
        name: "\n".join([" | ".join(HEADS[name].split()), *(" | ".join(map(str, row)) for row in of)])
        for name, of in rows.items()
    }
    return claims_of(**text)


class Oracle:
    """The whole as DataFrames, and which of its rows a selection has."""

    def __init__(self, claims: Claims) -> None:
        names = [*TABLES, "line_outcomes", "claim_outcomes", "pairs", "superseded"]
        self.tables = {name: claims.table(name) for name in names}
        every = self.tables["claims"]
        self.claims = pd.DataFrame(
            {
                "claim_id": every["claim_id"],
                "payer": every["payer"].fillna("(unknown)"),
                "billing_npi": every["billing_npi"].fillna("(unknown)"),
                "persons": every["person_id"],
                "day": pd.to_datetime(every["claim_start_date"]),
            }
        )
        lines = self.tables["lines"].merge(every, on="claim_id", suffixes=("", "_of_claim"))
        own = self.tables["attributes"]
        brought = {(row.claim_id, None if pd.isna(row.claim_line_number) else int(row.claim_line_number)): row.value
                   for row in own.itertuples()}  # fmt: skip
        keys = list(zip(lines["claim_id"], lines["claim_line_number"].astype(int), strict=True))
        billing = lines["billing_npi"].fillna("(unknown)")
        day = pd.to_datetime(lines["claim_line_start_date"]).fillna(pd.to_datetime(lines["claim_start_date"]))
        pointed = self.tables["pointers"].merge(
            self.tables["diagnoses"], on=["claim_id", "diagnosis_position"]
        )
        codes: dict[tuple[str, int], set[str]] = {}
        for claim, line, code in zip(
            pointed["claim_id"],
            pointed["claim_line_number"].astype(int),
            pointed["diagnosis_code"],
            strict=True,
        ):
            codes.setdefault((claim, line), set()).add(code)
        self.lines = pd.DataFrame(
            {
                "key": keys,
                "claim_id": lines["claim_id"],
                "payer": lines["payer"].fillna("(unknown)"),
                "place": lines["place_of_service_code"]
                .fillna(lines["place_of_service_code_of_claim"])
                .fillna("(unknown)"),
                "hcpcs": lines["hcpcs_code"].fillna(NONE),
                "billing_npi": billing,
                "provider": [
                    {a, b} for a, b in zip(lines["rendering_npi"].fillna(billing), billing, strict=True)
                ],
                "diagnosis": [codes.get(key) or {NONE} for key in keys],
                "persons": lines["person_id"],
                "day": day,
                "month": day.dt.strftime("%Y-%m-01"),
                "region": [brought.get(key) or brought.get((key[0], None)) or NONE for key in keys],
            }
        )

    def value(self, name: str, pick: int) -> Any:
        """A value that a line has, or a value above it; None where there is none."""
        if name == "dates":
            return [(DAYS[0], DAYS[1]), (DAYS[1], None), (None, DAYS[1]), (DAYS[2], DAYS[2])][pick % 4]
        if name == "persons":
            asked = [each for each in ("p1", "p2", "p3") if each in {*self.claims["persons"]}]
            return [asked[pick % len(asked)], "p9"] if pick % 2 else asked[pick % len(asked)]
        found = self.lines[name].explode().dropna()
        there = sorted({*found.astype(str)} | ({"E11"} if name == "diagnosis" else set()))
        return there[pick % len(there)]

    def keeps(self, rows: pd.DataFrame, name: str, value: Any) -> pd.Series:
        if name == "dates":
            first, last = (pd.Timestamp(day) if day else None for day in value)
            day = rows["day"]
            return day.notna() & (first is None or day >= first) & (last is None or day <= last)
        wanted = {value} if isinstance(value, str) else {*value}
        if name == "diagnosis":
            return rows[name].map(lambda has: any(code.startswith(value) for code in has))
        return rows[name].map(lambda has: bool(wanted & (has if isinstance(has, set) else {has})))

    def chosen(self, criteria: dict[str, Any]) -> dict[str, pd.DataFrame]:
        """Every table as a selection by these criteria has it."""
        right = pd.Series(True, index=self.lines.index)
        bare = ~self.claims["claim_id"].isin(self.lines["claim_id"])
        for name, value in criteria.items():
            right &= self.keeps(self.lines, name, value)
            if name in ("dates", "persons", "payer", "billing_npi"):
                bare &= self.keeps(self.claims, name, value)
            else:
                bare &= False
        claims = {*self.lines.loc[right, "claim_id"], *self.claims.loc[bare, "claim_id"]}
        others = {key for key in self.lines.loc[~right, "key"] if key[0] in claims}
        return {
            name: table[self.rows(name, table, claims, others, criteria)]
            for name, table in self.tables.items()
        }

    def rows(
        self,
        name: str,
        table: pd.DataFrame,
        claims: set[str],
        others: set[tuple[str, int]],
        criteria: dict[str, Any],
    ) -> pd.Series:
        if name == "members":
            named = criteria.get("persons", [])
            persons = {*self.claims.loc[self.claims["claim_id"].isin(claims), "persons"]}
            return table["person_id"].isin(persons | ({named} if isinstance(named, str) else {*named}))
        if "claim_id" not in table:
            return pd.Series(True, index=table.index)
        kept = table["claim_id"].isin(claims)
        if "claim_line_number" in table:
            numbers = table["claim_line_number"].fillna(0).astype(int)
            kept &= np.array(
                [key not in others for key in zip(table["claim_id"], numbers, strict=True)], bool
            )
        if name == "diagnoses":
            pointers = self.tables["pointers"]
            lines = zip(pointers["claim_id"], pointers["claim_line_number"].astype(int), strict=True)
            places = zip(pointers["claim_id"], pointers["diagnosis_position"], strict=True)
            by = [(place, line in others) for place, line in zip(places, lines, strict=True)]
            theirs = {place for place, other in by if other} - {place for place, other in by if not other}
            keys = zip(table["claim_id"], table["diagnosis_position"], strict=True)
            kept &= np.array([key not in theirs for key in keys], bool)
        return kept


@pytest.mark.thorough
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(drawn=st.lists(CLAIM, max_size=5), picks=st.lists(PICKS, min_size=3, max_size=3))
def test_every_table_of_a_selection_is_the_filter_of_the_whole(
    drawn: list[dict[str, Any]], picks: list[dict[str, int]]
) -> None:
    claims = made(drawn)
    oracle = Oracle(claims)
    for wanted in picks:
        criteria = {name: oracle.value(name, pick) for name, pick in wanted.items()}
        view = claims.where(**criteria)
        for name, expected in oracle.chosen(criteria).items():
            pd.testing.assert_frame_equal(
                view.table(name),
                expected.reset_index(drop=True),
                check_dtype=False,
                obj=f"{name} by {criteria}",
            )


def test_the_oracle_tells_lines_apart() -> None:
    """What the property compares with is itself right of one case by hand."""
    found = Oracle(made([])).chosen({"place": "21"})
    assert found["lines"]["claim_line_number"].tolist() == [2]
    assert found["diagnoses"]["diagnosis_code"].tolist() == ["I10"]
    assert (
        Oracle(made([])).chosen({"dates": (date(2024, 1, 1).isoformat(), "2024-01-31")})["lines"].shape[0]
        == 1
    )
