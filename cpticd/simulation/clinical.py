"""Clinical: results of laboratories, measurements and fills of drugs, of persons who have a condition and of others.

Each row of ``clinical.csv`` is a series: so many results or fills a year, of a share of the persons with a condition
(whether it is coded or not), or of a share of those without, whose results are mostly good, at times low by chance, and
whose drugs are given for something else. All are drawn from streams of their own, so that claims stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cpticd.simulation.catalogue import Catalogue, Row, rows
from cpticd.simulation.columns import SOURCE, date, named, person_ids, text, thousandths, typed_table
from cpticd.simulation.episodes import Episodes
from cpticd.simulation.membership import Membership
from cpticd.simulation.population import People
from cpticd.simulation.vectors import Bools, Ints, Rows, expand
from cpticd.simulation.world import World

if TYPE_CHECKING:
    import pandas as pd

#: Of a year of 365 days: the first result stands within so many days, the others follow after so many.
FIRST_WITHIN, SPAN = 60, 340
DAYS_SUPPLY = 30
#: Thousandths in the one decimal that results have.
TENTH = 100


@dataclass
class Clinical(Rows):
    """One element per person, year and series."""

    person: Ints
    year: Ints  # number of the year, from 0
    series: Ints  # into clinical.csv
    truth: Ints  # diagnosis row of the condition that it is of, −1: of none


@dataclass
class Measured(Rows):
    """One element per result or fill."""

    person: Ints
    series: Ints
    day: Ints
    value: Ints  # thousandths


@dataclass
class _Others(Rows):
    """One element per person and year without a condition."""

    person: Ints
    year: Ints

    def of(self, number: int) -> Clinical:
        """Them in the series of this number."""
        return Clinical(
            self.person, self.year, np.full(self.person.size, number), np.full(self.person.size, -1)
        )


def follow(
    world: World, people: People, membership: Membership, episodes: Episodes
) -> tuple[Clinical, Measured]:
    """The series of each person and year, and their results and fills, up to death."""
    table = rows("clinical")
    has = np.zeros((people.size, len(world.catalogue.condition_rows)), dtype=bool)
    has[episodes.person, episodes.condition] = True
    parts = []
    for number, row in enumerate(table):
        if row["role"] == "with":
            parts.append(_with(world, episodes, row, number))
        else:
            parts.append(_without(world, people, membership, row, has).of(number))
    chosen = Clinical.stack(*parts)
    times = np.array([int(row["times"]) for row in table])[chosen.series]
    series, nth = expand(times)
    found = chosen.take(series)
    step = SPAN // times[series]
    day = 5 + world.draws.below("clinical day", series.size, FIRST_WITHIN) + nth * step
    day = world.starts[found.year] + np.minimum(day, 359)
    low, high = (
        np.array([round(float(each[name]) * 10) for each in table])[found.series] for name in ("low", "high")
    )
    tenths = low + world.draws.below("clinical value", series.size, high - low + 1)
    done = Measured(found.person, found.series, day, tenths * TENTH)
    return chosen, done.take(np.flatnonzero(day < people.death[found.person]))


def _with(world: World, episodes: Episodes, row: Row, number: int) -> Clinical:
    """Persons and years with the condition of one row, those whom its share falls on."""
    condition, share = world.catalogue.conditions[row["condition"]], float(row["percent"]) / 100.0
    mine = (
        (episodes.condition == condition)
        & ~episodes.history
        & _of_codes(world.catalogue, episodes.truth, row)
    )
    kept = episodes.take(np.flatnonzero(mine & (world.draws(f"clinical {row['series']}", mine.size) < share)))
    return Clinical(kept.person, kept.year, np.full(kept.person.size, number), kept.truth)


def _without(world: World, people: People, membership: Membership, row: Row, has: Bools) -> _Others:
    """Adults and years without the condition of one row, who have the one beside it where it names one."""
    conditions, share = world.catalogue.conditions, float(row["percent"]) / 100.0
    person, year = np.divmod(np.arange(people.size * len(world.years)), len(world.years))
    covered = (year >= membership.first_year[person]) & (people.death[person] > world.starts[year])
    others = covered & ~has[person, conditions[row["condition"]]] & (people.age[person, year] >= 18)
    if row["beside"]:
        others &= has[person, conditions[row["beside"]]]
    index = np.flatnonzero(others & (world.draws(f"clinical {row['series']}", others.size) < share))
    return _Others(person[index], year[index])


def _of_codes(catalogue: Catalogue, truth: Ints, row: Row) -> Bools:
    """Where the code that fits is one of those of the series; all where it names none."""
    wanted = row["truth"].split()
    if not wanted:
        return np.ones(truth.size, dtype=bool)
    return np.array([code in wanted for code in catalogue.codes])[truth]


def tables(measured: Measured) -> dict[str, pa.Table]:
    """The tables drugs and observations."""
    table = rows("clinical")
    is_drug = np.array([row["system"] == "ndc" for row in table])[measured.series]
    order = np.lexsort((measured.series, measured.day, measured.person))
    measured, is_drug = measured.take(order), is_drug[order]
    fills, results = measured.take(is_drug), measured.take(~is_drug)
    codes = [row["code"] for row in table]
    return {
        "drugs": typed_table(
            "drugs",
            fills.person.size,
            {
                "fill_id": named("F", np.arange(fills.person.size) + 1, 8),
                "person_id": person_ids(fills.person),
                "fill_date": date(fills.day),
                "ndc_code": text(codes, fills.series),
                "days_supply": np.full(fills.person.size, DAYS_SUPPLY),
                "data_source": SOURCE,
            },
        ),
        "observations": typed_table(
            "observations",
            results.person.size,
            {
                "person_id": person_ids(results.person),
                "observation_date": date(results.day),
                "code_system": "loinc",
                "code": text(codes, results.series),
                "value": thousandths(results.value),
                "unit": text([row["unit"] for row in table], results.series),
                "data_source": SOURCE,
            },
        ),
    }


def clinical_frame(world: World, clinical: Clinical) -> pd.DataFrame:
    """One row per person, year and series, with code and HCC of the condition; blank where the person has it not."""
    import pandas as pd

    table = rows("clinical")
    codes, hccs = [*world.catalogue.codes, ""], [row["hcc"] for row in world.catalogue.diagnosis_rows] + [""]
    return pd.DataFrame(
        {
            "person_id": person_ids(clinical.person).to_pylist(),
            "year": np.array(world.years)[clinical.year],
            "series": [table[number]["series"] for number in clinical.series.tolist()],
            "system": [table[number]["system"] for number in clinical.series.tolist()],
            "diagnosis_code": [codes[number] for number in clinical.truth.tolist()],
            "hcc": [hccs[number] for number in clinical.truth.tolist()],
        }
    )
