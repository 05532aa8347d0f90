"""Membership: from when on each person is covered, and what risk adjustment needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cpticd.simulation.columns import date, person_ids, text, typed_table
from cpticd.simulation.dates import NEVER
from cpticd.simulation.population import STATES, People
from cpticd.simulation.streams import pick
from cpticd.simulation.vectors import Bools, Ints, Rows, flags
from cpticd.simulation.world import World


@dataclass
class Membership(Rows):
    """One element per person, whose coverage lasts from its first year until death or the end of the data."""

    first_year: Ints  # number of the year, from 0
    dual: Ints  # Medicaid beside Medicare: 0 none, 1 partial, 2 full
    disabled_first: Bools  # entitled by disability at first
    needs_plan: Bools  # in a special needs plan


def enroll(world: World, people: People) -> Membership:
    """A few persons join in the last year; some of Medicare's are poor, or were disabled first."""
    draws, size = world.draws, people.size
    kind = world.catalogue.payer_kinds[people.payer]
    medicare = np.isin(kind, ["ffs", "ma"])
    dual = np.where(medicare, pick(draws("dual", size), [0.8, 0.06, 0.14]), 0)
    return Membership(
        first_year=np.where(draws("joined", size) < 0.05, len(world.years) - 1, 0),
        dual=dual,
        disabled_first=medicare & ((people.age[:, 0] < 65) | (draws("disabled", size) < 0.07)),
        needs_plan=(dual == 2) & (kind == "ma") & (draws("needs", size) < 0.6),
    )


def member_table(world: World, people: People, membership: Membership, dialysis: Ints) -> pa.Table:
    """The table members: one row per person and year of coverage; ``dialysis`` are persons with ESRD."""
    size, years = people.size, len(world.years)
    person, year = np.divmod(np.arange(size * years), years)
    covered = (year >= membership.first_year[person]) & (people.death[person] > world.starts[year])
    person, year = person[covered], year[covered]
    death, start = people.death[person], world.starts[year]
    medicare = np.isin(world.catalogue.payer_kinds, ["ffs", "ma"])[people.payer[person]]
    fresh = (membership.first_year[person] > 0) & (membership.first_year[person] == year) & medicare
    months = np.where(medicare, np.where(fresh, 6, 12), 0)
    dies_now = (death != NEVER) & (death < start + 365)
    months = np.where(dies_now & medicare, np.minimum(months, 1 + (death - start) // 31), months)
    reason = (membership.disabled_first[person] & medicare).astype(np.int64)
    return typed_table(
        "members",
        person.size,
        {
            "person_id": person_ids(person),
            "year": np.array(world.years)[year],
            "birth_date": date(people.birth[person]),
            "death_date": date(death, dies_now),
            "sex": text(["female", "male"], people.male[person].astype(np.int64)),
            "state": text(STATES, people.state[person]),
            "dual_status_code": text(["NA", "01", "02"], membership.dual[person]),
            "original_reason_entitlement_code": text(["0", "1"], reason),
            "long_term_institutional": people.facility[person],
            "new_enrollee": fresh,
            "special_needs_plan": membership.needs_plan[person],
            "esrd": flags(size, dialysis)[person],
            "part_b_months": months,
        },
    )
