"""Simulated persons: who they are, what they have, and how their conditions are coded each year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.draws import Bools, Draws, Floats, Ints, pick, small_count

#: Lower age of the bands of the catalogue, and years that each spans.
BANDS = ((0, 18), (18, 27), (45, 20), (65, 10), (75, 18))
STATES = ("AZ", "CO", "FL", "GA", "IL", "MI", "NC", "OH", "PA", "TX")
NEVER = 32_000_000  # a day that never comes


def year_start(year: int) -> int:
    """Days from 1970-01-01 to the first day of ``year``."""
    return int(np.datetime64(f"{year:04d}-01-01", "D").astype(int))


@dataclass
class World:
    """What every step of a simulation needs: the catalogue, the draws, the persons and what they have."""

    catalogue: Catalogue
    draws: Draws
    years: tuple[int, ...]
    people: People
    episode: Episodes


@dataclass
class People:
    """One element per person; days count from 1970-01-01."""

    payer: Ints
    male: Bools
    birth: Ints
    death: Ints
    first_year: Ints  # index of the first year of coverage
    band: Ints  # age band by person and year
    age: Ints  # age on January 1 by person and year
    rural: Bools
    facility: Bools  # lives in a nursing facility
    risk: Floats
    state: Ints
    dual: Ints  # 0 none, 1 partial, 2 full
    disabled_first: Bools
    needs_plan: Bools

    @property
    def size(self) -> int:
        return self.payer.size


def people(catalogue: Catalogue, draws: Draws, size: int, years: Sequence[int]) -> People:
    """Persons with payer, age, sex and enrolment; each payer has ages of its own."""
    payer = pick(draws("payer", size), [float(row["share"]) for row in catalogue.payer_rows])
    band = np.zeros(size, dtype=np.int64)
    uniform = draws("band", size)
    for i, row in enumerate(catalogue.payer_rows):
        mine = payer == i
        band[mine] = pick(uniform[mine], [float(row[f"b{b}"]) for b in range(5)])
    low, span = np.array(BANDS).T
    within_band = draws("age", size)
    age = low[band] + (within_band * span[band]).astype(np.int64)
    birth = year_start(years[0]) - age * 365 - age // 4 - 1 - draws.below("birthday", size, 364)
    ages = np.stack([(year_start(year) - birth) * 4 // 1461 for year in years], axis=1)
    bands = np.searchsorted([item[0] for item in BANDS], ages, side="right") - 1
    kind = np.array([row["kind"] for row in catalogue.payer_rows])[payer]
    senior = np.isin(kind, ["ffs", "ma"])
    first_year = np.where(draws("joined", size) < 0.05, len(years) - 1, 0)
    dies = draws("dies", size) < np.array([0.0005, 0.001, 0.006, 0.025, 0.07])[band]
    last = year_start(years[-1] + 1)
    begin = year_start(years[-1])
    death = np.where(dies, begin + draws.below("death", size, last - begin), NEVER)
    dual = np.where(senior, pick(draws("dual", size), [0.8, 0.06, 0.14]), 0)
    return People(
        payer=payer,
        male=draws("sex", size) < 0.47,
        birth=birth,
        death=death,
        first_year=first_year,
        band=bands,
        age=ages,
        rural=draws("rural", size) < 0.14,
        facility=(draws("facility", size) < np.array([0, 0, 0.002, 0.012, 0.06])[band]),
        risk=0.45 + 1.1 * draws("risk", size),
        state=draws.below("state", size, len(STATES)),
        dual=dual,
        disabled_first=senior & ((ages[:, 0] < 65) | (draws("disabled", size) < 0.07)),
        needs_plan=(dual == 2) & (kind == "ma") & (draws("needs", size) < 0.6),
    )


# -- conditions

#: How the coding of a condition is planned for a person.
CODED, SIBLING, NEVER_CODED, APART = range(4)
#: Conditions that a diabetes code takes in (ICD-10-CM "with"), and the joined code.
JOINED = (("ckd", "E1122"), ("pvd", "E1151"), ("neuropathy", "E1142"))
#: Service that hardly exists without the condition: a claim for it is sent even when nobody codes it.
IMPLIED = {
    "respiratory_failure": "E1390",
    "esrd": "90999",
    "ostomy": "A4407",
    "amputation": "L5301",
    "liver_transplant": "80197",
    "ulcer": "97597",
    "breast_cancer": "J9355",
    "colorectal_cancer": "J9035",
    "lung_cancer": "J9271",
    "lymphoma": "J9041",
    "hiv": "87536",
}
KINDS = ("", "lapsed", "unspecified", "combination", "implied")


@dataclass
class Episodes:
    """One element per person, chronic condition and year in which the person has it and is covered."""

    person: Ints
    year: Ints
    condition: Ints
    truth: Ints  # diagnosis row of the code that fits
    listed: Ints  # diagnosis row of the code that claims carry, −1: none
    kind: Ints  # of under-coding, into KINDS; 0 where coded or where there is no evidence
    under: Bools
    history: Bools  # the condition is over, and a history code is listed
    sure: Bools  # never replaced by an unspecified sibling on single claims


def chronic_conditions(catalogue: Catalogue, draws: Draws, people: People) -> Bools:
    """Whether each person has each condition of the catalogue (events: never)."""
    has = np.zeros((people.size, len(catalogue.condition_rows)), dtype=bool)
    uniform = draws("conditions", (len(catalogue.chronic), people.size))
    for u, c in zip(uniform, catalogue.chronic, strict=True):
        row = catalogue.condition_rows[c]
        chance = catalogue.prevalence[c][people.band[:, 0]] * people.risk
        if row["given"]:
            cause, factor = row["given"].split(":")
            chance = np.where(has[:, catalogue.conditions[cause]], chance * float(factor), chance * 0.7)
        if row["sex"]:
            chance = np.where(people.male == (row["sex"] == "male"), chance, 0.0)
        has[:, c] = u < np.minimum(chance, 0.95)
    return has


def _joined(catalogue: Catalogue, has: Bools, truth: Ints, style: Ints, apart: Floats) -> Ints:
    """Give diabetics with a complication the joined code, and some of them the two codes apart.

    Returns for each person the condition that stands apart, −1 where none does.
    """
    diabetes = catalogue.conditions["diabetes"]
    partner = np.full(has.shape[0], -1)
    for name, code in JOINED:
        other = catalogue.conditions[name]
        both = has[:, diabetes] & has[:, other] & (partner < 0)
        truth[both, diabetes] = catalogue.diagnosis("diabetes", code)
        partner[both] = other
    # Everybody else's diabetes has no complication that would need another code beside it.
    split = (partner >= 0) & (apart < 0.25)
    style[partner >= 0, diabetes] = CODED
    style[split, diabetes] = APART
    rows = np.flatnonzero(split)
    style[rows, partner[rows]] = CODED
    return np.where(split, partner, -1)


def episodes(catalogue: Catalogue, draws: Draws, people: People, years: Sequence[int]) -> Episodes:
    """What each person has in each year, and how it is coded."""
    has = chronic_conditions(catalogue, draws, people)
    size, width = has.shape
    person, condition = np.nonzero(has)
    truth = np.zeros(has.shape, dtype=np.int64)
    truth[person, condition] = catalogue.diagnosis_menu.choose(condition, draws("variant", person.size))
    implied = np.zeros(width, dtype=bool)
    implied[[catalogue.conditions[name] for name in IMPLIED]] = True
    rated = catalogue.has_hcc[truth] > 0
    u = draws("style", (size, width))
    never = np.where(implied, 0.14, 0.04)
    style = np.where(rated & (u < never), NEVER_CODED, CODED)
    style = np.where(rated & (catalogue.sibling[truth] >= 0) & (u > 0.75), SIBLING, style)
    partner = _joined(catalogue, has, truth, style, draws("apart", size))
    certain = np.zeros(has.shape, dtype=bool)
    rows = np.flatnonzero(partner >= 0)
    certain[rows, partner[rows]] = True
    certain[rows, catalogue.conditions["diabetes"]] = True
    recapture = catalogue.number("recapture")[condition]
    resolves = catalogue.number("resolves")[condition]
    e119 = catalogue.diagnosis("diabetes", "E119")
    truth_of, style_of = truth[person, condition], style[person, condition]
    certain_of = certain[person, condition]
    rated_of = catalogue.has_hcc[truth_of] > 0
    coded_before = np.zeros(person.size, dtype=bool)
    over = np.zeros(person.size, dtype=bool)
    parts = []
    for y, year in enumerate(years):
        over_before = over
        if y:
            over = over | (draws("resolves", person.size) < resolves)
        covered = (people.first_year[person] <= y) & (people.death[person] > year_start(year) + 60)
        recaptured = draws("recapture", person.size) < np.where(coded_before | (y == 0), recapture, 0.5)
        recaptured |= (y == 0) & (draws("first year", person.size) < 0.8)
        coded = ~over & ((style_of != NEVER_CODED) & (recaptured | certain_of | ~rated_of))
        listed = np.where(style_of == SIBLING, catalogue.sibling[truth_of], truth_of)
        listed = np.where(style_of == APART, e119, listed)
        kind = np.select(
            [
                coded & (style_of == SIBLING),
                coded & (style_of == APART),
                ~coded & coded_before & (style_of != SIBLING),
                ~coded & (style_of == NEVER_CODED) & implied[condition],
            ],
            [2, 3, 1, 4],
            0,
        )
        under = rated_of & ~over & (~coded | (style_of == SIBLING) | (style_of == APART))
        keep = covered & ~over
        history = _history(catalogue)[condition]
        past = covered & over & ~over_before & (history >= 0)
        for rows_of, gone in ((keep, False), (past, True)):
            i = np.flatnonzero(rows_of)
            parts.append(
                (
                    person[i],
                    np.full(i.size, y),
                    condition[i],
                    truth_of[i],
                    history[i] if gone else np.where(coded, listed, -1)[i],
                    np.zeros(i.size, dtype=np.int64) if gone else kind[i],
                    np.zeros(i.size, dtype=bool) if gone else under[i],
                    np.full(i.size, gone),
                    certain_of[i],
                )
            )
        coded_before = coded & covered & rated_of
    return Episodes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _history(catalogue: Catalogue) -> Ints:
    """Diagnosis row of the history code of each condition, −1 where it has none."""
    found = np.full(len(catalogue.condition_rows), -1)
    for i, row in enumerate(catalogue.diagnosis_rows):
        if row["role"] == "h":
            found[catalogue.conditions[row["condition"]]] = i
    return found


def visits(catalogue: Catalogue, draws: Draws, people: People, episode: Episodes) -> Ints:
    """Visits for the sake of each episode in its year; a coded one has at least one."""
    mean = catalogue.number("visits")[episode.condition] * (0.3 + 0.2 * people.risk[episode.person])
    count = small_count(draws("visits", episode.person.size), mean)
    told = (episode.listed >= 0) & ((catalogue.has_hcc[episode.truth] > 0) | episode.sure)
    count = np.where(told | (episode.kind > 0), np.maximum(count, 1), count)
    return np.where(episode.history, 0, count)
