"""Enrolment of simulated persons as the canonical Arrow table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cpticd.simulation.arrow import date, person_ids, text, typed_table
from cpticd.simulation.people import NEVER, STATES, World, year_start


def member_table(world: World) -> pa.Table:
    """One row per person and year of coverage."""
    catalogue, people, episode, years = world.catalogue, world.people, world.episode, world.years
    size = people.size
    person, year = np.divmod(np.arange(size * len(years)), len(years))
    start = np.array([year_start(item) for item in years])
    covered = (year >= people.first_year[person]) & (people.death[person] > start[year])
    person, year = person[covered], year[covered]
    dead = people.death[person] != NEVER
    failing = np.zeros(size, dtype=bool)
    failing[episode.person[episode.condition == catalogue.conditions["esrd"]]] = True
    rows = catalogue.payer_rows
    medicare = np.array([row["kind"] in ("ffs", "ma") for row in rows])[people.payer[person]]
    fresh = (people.first_year[person] > 0) & (people.first_year[person] == year) & medicare
    months = np.where(medicare, np.where(fresh, 6, 12), 0)
    dies_now = dead & (people.death[person] < start[year] + 365)
    months = np.where(
        dies_now & medicare, np.minimum(months, 1 + (people.death[person] - start[year]) // 31), months
    )
    dual = np.where(people.dual[person] == 2, 2, np.where(people.dual[person] == 1, 1, 0))
    return typed_table(
        "members",
        person.size,
        {
            "person_id": person_ids(person),
            "year": np.array(years)[year],
            "birth_date": date(people.birth[person]),
            "death_date": date(people.death[person], dead & dies_now),
            "sex": text(["female", "male"], people.male[person].astype(np.int64)),
            "state": text(STATES, people.state[person]),
            "dual_status_code": text(["NA", "01", "02"], dual),
            "original_reason_entitlement_code": text(
                ["0", "1"], (people.disabled_first[person] & medicare).astype(np.int64)
            ),
            "long_term_institutional": people.facility[person],
            "new_enrollee": fresh,
            "special_needs_plan": people.needs_plan[person],
            "esrd": failing[person],
            "part_b_months": months,
        },
    )
