"""Protected tables: nothing small follows from what is shown, and what is shown is true."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Linked, leaves
from cpticd.disclosure import Release
from cpticd.disclosure.facts import FLAGS, KEYS, of_claims
from cpticd.disclosure.tables import as_names
from tests.disclosure.exact import Known
from tests.small_claims import small_claims
from tests.spec import frame

MINIMUM = 3


def counted(facts: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One row per group of facts: n, persons, denied, rate."""
    groups = facts.assign(everything=0).groupby(list(by) or ["everything"], dropna=False)
    table = groups.agg(n=("denied", "size"), persons=("person_id", "nunique"), denied=("denied", "sum"))
    table = table.assign(rate=table["denied"] / table["n"]).reset_index()
    return table[[*by, "n", "persons", "denied", "rate"]]


def released(facts: pd.DataFrame, tables: Sequence[Sequence[str]]) -> Release:
    release = Release(facts)
    for by in tables:
        release.add(name(by), counted(facts, by), by=by, numerators={"denied": ("denied", "rate")})
    return release


def name(by: Sequence[str]) -> str:
    return "-".join(by) or "all"


def shown_sets(facts: pd.DataFrame, protected: pd.DataFrame, by: Sequence[str]) -> list[np.ndarray]:
    """The facts that each shown number counts, found again from the table alone."""
    denied = facts["denied"].to_numpy()
    sets = []
    for row in protected.to_dict("records"):
        at = (
            np.all([facts[key].to_numpy() == row[key] for key in by], axis=0)
            if by
            else np.ones(len(facts), bool)
        )
        sets += [at] if not pd.isna(row["n"]) else []
        sets += [at & denied] if not pd.isna(row["denied"]) else []
    return sets


@st.composite
def micro_data(draw: st.DrawFn) -> tuple[pd.DataFrame, list[list[str]]]:
    """Up to 24 facts of up to 10 persons, 2 to 4 keys, and some of their marginal tables."""
    keys = [f"k{place}" for place in range(draw(st.integers(2, 4)))]
    count = draw(st.integers(4, 24))
    columns = {
        key: draw(st.lists(st.integers(0, draw(st.integers(1, 3))), min_size=count, max_size=count))
        for key in keys
    }
    persons = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    denied = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    facts = pd.DataFrame({"person_id": [f"p{n}" for n in persons], **columns, "denied": denied})
    margins = [list(each) for size in range(4) for each in itertools.combinations(keys, size)]
    return facts, draw(st.lists(st.sampled_from(margins), min_size=1, max_size=6, unique_by=name))


def small_sets(facts: pd.DataFrame, tables: list[list[str]]) -> list[np.ndarray]:
    """Cells of all tables with 1 … MINIMUM - 1 persons, their numerators and rests, and unions along keys."""
    denied = facts["denied"].to_numpy()
    found = []
    for by in tables:
        cells = [
            np.array(at) for _, at in facts.assign(at=range(len(facts))).groupby(by or [lambda _: 0])["at"]
        ]
        parts = []
        for at in cells:
            whole = np.isin(np.arange(len(facts)), at)
            parts += [whole, whole & denied, whole & ~denied]
        small = [part for part in parts if 0 < facts["person_id"][part].nunique() < MINIMUM]
        found += small
        found += [a | b for a, b in itertools.combinations(small, 2) if not (a & b).any()]
    return [each for each in found if 0 < facts["person_id"][each].nunique() < MINIMUM]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(micro_data())
def test_no_small_cell_and_no_two_together_follow_from_what_is_shown(
    data: tuple[pd.DataFrame, list[list[str]]],
) -> None:
    """By exact fractions, which share no code with the protector."""
    facts, tables = data
    with disclosure.using(minimum=MINIMUM):
        release = released(facts, tables)
        shown = [part for by in tables for part in shown_sets(facts, release[name(by)], by)]
    known = Known(shown)
    assert not [each for each in small_sets(facts, tables) if known.tells(each)]
    assert all(facts["person_id"][part].nunique() not in range(1, MINIMUM) for part in shown)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(micro_data(), st.randoms(use_true_random=False))
def test_order_of_tables_rows_and_facts_does_not_matter(
    data: tuple[pd.DataFrame, list[list[str]]], random: object
) -> None:
    facts, tables = data
    shuffled = facts.sample(frac=1, random_state=random.randint(0, 99))  # type: ignore[attr-defined]
    with disclosure.using(minimum=MINIMUM):
        one = released(facts, tables)
        other = Release(shuffled)
        for by in reversed(tables):
            rows = counted(facts, by).iloc[::-1]
            other.add(name(by), rows, by=by, numerators={"denied": ("denied", "rate")})
        for by in tables:
            left, right = (
                each[name(by)].sort_values(list(by) or ["n"], ignore_index=True) for each in (one, other)
            )
            pd.testing.assert_frame_equal(left, right)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(micro_data())
def test_what_is_shown_is_true_and_nothing_is_hidden_without_a_reason(
    data: tuple[pd.DataFrame, list[list[str]]],
) -> None:
    facts, tables = data
    with disclosure.using(minimum=MINIMUM):
        release = released(facts, tables)
        for by in tables:
            table, whole = release[name(by)], counted(facts, by)
            merged = (
                table.merge(whole, on=by, suffixes=("", "_true"))
                if by
                else table.join(whole, rsuffix="_true")
            )
            assert len(merged) == len(whole)
            for column in ("n", "persons", "denied", "rate"):
                seen = merged[merged[column].notna()]
                assert (seen[column] == seen[f"{column}_true"]).all()
        anything = any(release[name(by)].isna().to_numpy().any() for by in tables)
    keys = sorted({key for by in tables for key in by})
    parts = [facts[facts["denied"]], facts[~facts["denied"]]]
    if not any(_has_small(part, keys) for part in parts):
        assert not anything
    if any(_has_small(part, by) for part in [facts, parts[0]] for by in tables):
        assert anything


def _has_small(facts: pd.DataFrame, by: list[str]) -> bool:
    return bool(len(facts)) and bool(counted(facts, by)["persons"].between(1, MINIMUM - 1).any())


PEOPLE = frame("""
    payer | month | persons | denied
    North | 1     | 20      | 0
    North | 2     | 20      | 0
    South | 1     | 4       | 0
    South | 2     | 30      | 0
    West  | 1     | 25      | 0
    West  | 2     | 25      | 0
""").astype({"month": int, "persons": int, "denied": int})


def facts_of(cells: pd.DataFrame) -> pd.DataFrame:
    """One fact for each person of each cell, all different."""
    rows = cells.loc[cells.index.repeat(cells["persons"])].drop(columns=["persons", "denied"])
    return rows.assign(person_id=[f"p{n}" for n in range(len(rows))], denied=False).reset_index(drop=True)


def test_a_small_cell_takes_the_smallest_of_its_row_column_and_the_corner_with_it() -> None:
    """By hand: South 1 needs one more in its row, one more in its column, and these two a fourth."""
    facts = facts_of(PEOPLE)
    release = released(facts, [["payer", "month"], ["payer"], ["month"], []])
    table = release["payer-month"].set_index(["payer", "month"])["n"]
    assert table[table.isna()].index.tolist() == [("North", 1), ("North", 2), ("South", 1), ("South", 2)]
    assert release["payer"]["n"].tolist() == [40, 34, 50]
    assert release["payer-month"].attrs["disclosure"]["suppressed"] == 1
    assert "3 more" in release.sentence("payer-month")
    assert release.sentence("payer") == "No cell was suppressed: each has at least 11 persons."


def test_a_table_without_totals_needs_no_more_than_its_small_cells() -> None:
    release = released(facts_of(PEOPLE), [["payer", "month"]])
    assert release["payer-month"]["n"].isna().sum() == 1


def test_a_difference_of_nested_totals_is_a_cell_too() -> None:
    """All lines and the mature ones differ by 4 persons': one of the two totals goes."""
    facts = facts_of(PEOPLE).assign(mature=lambda rows: ~((rows["payer"] == "South") & (rows["month"] == 1)))
    totals = counted(facts, [])
    mature = counted(facts[facts["mature"]], [])
    release = Release(facts).add("all", totals, by=()).add("mature", mature, where="mature")
    assert release["all"]["n"].isna().sum() + release["mature"]["n"].isna().sum() == 1


def test_a_small_numerator_hides_its_measures_alone_and_a_small_rest_too() -> None:
    cells = pd.DataFrame(
        {"payer": ["North", "South", "West"], "persons": [100, 100, 100], "denied": [4, 97, 50]}
    )
    facts = facts_of(cells)
    facts["denied"] = facts.groupby("payer").cumcount() < facts["payer"].map(
        cells.set_index("payer")["denied"]
    )
    table = released(facts, [["payer"]])["payer"].set_index("payer")
    assert table["n"].tolist() == [100, 100, 100]
    assert table["denied"].isna().tolist() == [True, True, False]
    assert table["rate"].isna().tolist() == [True, True, False]


def test_shares_give_their_total_away() -> None:
    cells = pd.DataFrame({"cause": ["a", "b", "c"], "persons": [30, 20, 5], "denied": 0})
    table = cells.assign(n=cells["persons"], share=cells["persons"] / 55, running=[0.55, 0.91, 1.0]).drop(
        columns="denied"
    )
    shown = Release(facts_of(cells)).add("causes", table, by="cause", shares={"share": ()}, mixed="running")[
        "causes"
    ]
    assert shown["n"].isna().tolist() == [False, True, True]
    assert shown["running"].isna().all()
    plain = Release(facts_of(cells)).add("causes", table.drop(columns=["share", "running"]), by="cause")[
        "causes"
    ]
    assert plain["n"].isna().tolist() == [False, False, True]


def test_a_row_whose_place_in_a_ranking_would_tell_goes_last() -> None:
    cells = pd.DataFrame({"code": ["C", "B", "A"], "persons": [30, 5, 20], "denied": 0})
    ranked = Release(facts_of(cells)).add("codes", cells, by="code")["codes"]
    assert ranked["code"].tolist() == ["C", "A", "B"]
    ordered = Release(facts_of(cells)).add("codes", cells.iloc[::-1], by="code")["codes"]
    assert ordered["code"].tolist() == ["A", "B", "C"]


def test_without_facts_the_finest_table_tells_and_the_same_persons_may_stand_in_every_row() -> None:
    release = Release()
    release.add("cells", PEOPLE, by=("payer", "month"), persons="persons", numerators={"denied": ()})
    rows = PEOPLE.groupby("payer", as_index=False)[["persons", "denied"]].sum()
    release.add("payers", rows, by="payer", persons="persons", numerators={"denied": ()})
    hidden = release["cells"].set_index(["payer", "month"])["persons"]
    assert hidden[hidden.isna()].index.tolist() == [("South", 1), ("South", 2)]
    assert release["payers"]["persons"].notna().all()
    with pytest.raises(ArgumentError, match="without facts"):
        Release().add("cells", PEOPLE, by=("payer", "month"))["cells"]


def test_one_table_alone() -> None:
    shown = disclosure.protect(PEOPLE, by=("payer", "month"), persons="persons")
    assert shown["persons"].isna().sum() == 1
    assert shown.attrs["disclosure"]["minimum"] == disclosure.MINIMUM
    json.dumps(shown.attrs)


def test_switched_off_it_shows_everything_and_says_so() -> None:
    with disclosure.using(minimum=1):
        release = released(facts_of(PEOPLE), [["payer", "month"], []])
        assert release["payer-month"]["n"].notna().all()
        assert "switched off" in release.sentence("payer-month")
    assert release["payer-month"]["n"].isna().any()


@pytest.mark.parametrize("minimum", [0, -1, 2.5, True, "11"])
def test_a_minimum_is_a_whole_number_from_one(minimum: object) -> None:
    before = disclosure.settings()
    with pytest.raises(ArgumentError, match="minimum"):
        cx.set_disclosure(minimum=minimum)  # type: ignore[arg-type]
    assert disclosure.settings() == before


def test_settings_say_what_holds_and_come_back() -> None:
    with disclosure.using(minimum=1, pseudonyms=False) as inside:
        assert "OFF" in repr(inside) and disclosure.settings() is inside
    assert disclosure.settings() == disclosure.Settings()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": "nobody"}, "no column"),
        ({"by": "payer"}, "stands twice"),
        ({"by": {"payer": "insurer", "month": "month"}}, "the facts have no column 'insurer'"),
        ({"by": ("payer", "month"), "where": "mature"}, "no column 'mature'"),
        ({"by": ("payer", "month"), "numerators": {"paid": "persons"}}, "no column 'paid'"),
        ({"by": ("payer", "month"), "shares": {"persons": "age"}}, "no column"),
    ],
)
def test_slips_are_told(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Release(facts_of(PEOPLE)).add("cells", PEOPLE, **changes)["cells"]  # type: ignore[arg-type]


def test_a_row_that_no_fact_supports_is_a_slip_unless_it_is_empty() -> None:
    facts = facts_of(PEOPLE)
    strange = pd.concat(
        [PEOPLE, pd.DataFrame({"payer": ["Nord"], "month": [1], "persons": [12], "denied": [0]})]
    )
    with pytest.raises(ArgumentError, match="Nord"):
        Release(facts).add("cells", strange, by=("payer", "month"))["cells"]
    empty = strange.assign(persons=strange["persons"].where(strange["payer"] != "Nord", 0))
    assert Release(facts).add("cells", empty, by=("payer", "month"))["cells"]["persons"].isna().sum() == 1


def test_empty_tables_and_persons_without_a_name() -> None:
    nothing = facts_of(PEOPLE.head(0))
    empty = PEOPLE.head(0).assign(share=0.0)
    assert Release(nothing).add("cells", empty, by=("payer", "month"), shares={"share": ()})["cells"].empty
    assert (
        Release(nothing).add("cells", PEOPLE.head(1).assign(persons=0), by=("payer", "month"))["cells"][
            "persons"
        ][0]
        == 0
    )
    unknown = pd.DataFrame({"person_id": [None] * 20, "payer": "North"})
    table = pd.DataFrame({"payer": ["North"], "n": [20]})
    assert Release(unknown).add("cells", table, by="payer").marked("cells")["n"].tolist() == ["suppressed"]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return small_claims()


def test_claims_as_facts_have_the_dimensions_of_the_analyses(claims: Claims) -> None:
    release = Release(claims)
    names = claims.dimensions()["name"].tolist()
    tables = {name: cx.denials.rates(claims, by=name) for name in names}
    for name, table in tables.items():
        release.add(name, table)
    # A week is of few persons, a month of enough; eight persons have a duplicate.
    few = ("week", "denial_category")
    whole = {name: table for name, table in tables.items() if not name.endswith(few)}
    assert all(release[name]["n"].sum() == table["n"].sum() for name, table in whole.items())
    facts = of_claims(claims, [*names, *KEYS, *FLAGS])
    pairs = cx.denials.by_pair(claims, min_lines=1)
    counts = facts[facts["adjudicated"]].groupby(["hcpcs_code", "diagnosis_code"])["person_id"].nunique()
    assert [counts[row.hcpcs_code, row.diagnosis_code] for row in pairs.itertuples()] == pairs[
        "persons"
    ].tolist()
    with pytest.raises(ArgumentError, match="weekday"):
        of_claims(claims, ["weekday"])


def test_declarations_fit_the_analyses(claims: Claims) -> None:
    """Every column of our own tables is of someone, and every cell is counted over the lines that it counts."""
    denials = cx.denials
    tables = {
        f"{unit} {decision}": denials.rates(claims, "payer", unit=unit, decision=decision)
        for unit, decision in itertools.product(("lines", "claims", "charge"), ("initial", "final"))
    }
    tables["causes"] = denials.causes(claims)
    tables["payer causes"] = denials.causes(claims, "payer")
    tables["trend"] = denials.trend(claims, period="month")
    tables["paid"] = denials.trend(claims, "payer", date="adjudication")
    for grain, pointer in itertools.product(("code", "family"), ("all", "primary")):
        tables[f"{grain} {pointer}"] = denials.by_pair(claims, grain=grain, pointer=pointer, min_lines=1)
    tables["payer pairs"] = denials.by_pair(claims, by="payer", min_lines=1)
    release = Release(claims)
    for label, table in tables.items():
        release.add(label, table)
    for label, table in tables.items():
        assert len(release[label]) == len(table), label
    with disclosure.using(minimum=400):
        for label, table in tables.items():
            shape = leaves(table)
            if isinstance(shape, Linked):
                ((_, shape),) = shape.tables(table, release.__getitem__).values()
            keys = [shape.by] if isinstance(shape.by, str) else [*shape.by]
            kept = [*keys, *as_names(shape.labels)]
            assert release[label].drop(columns=kept).isna().to_numpy().all(), label


def test_rows_of_claims_become_facts(claims: Claims) -> None:
    rows = claims.table("claims")[["claim_id"]].head(30).assign(kind=["paid"] * 25 + ["changed"] * 5)
    facts = disclosure.with_persons(claims, rows)
    assert facts["person_id"].tolist() == claims.table("claims")["person_id"].head(30).tolist()
    table = rows.groupby("kind", as_index=False).size()
    release = Release(claims).add("rows", table, by="kind", facts=facts)
    assert release["rows"].set_index("kind")["size"].isna().to_dict() == {"changed": True, "paid": False}
    with pytest.raises(ArgumentError, match="no column 'claim_id'"):
        disclosure.with_persons(claims, table)
    with pytest.raises(ArgumentError, match="1 rows name no claim"):
        disclosure.with_persons(claims, pd.DataFrame({"claim_id": ["C0000", "X"]}))
