"""Synthetic claims with a table of planted truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cpticd.core.errors import ArgumentError
from cpticd.simulation.catalogue import catalogue
from cpticd.simulation.draws import Draws

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cpticd.claims import Claims

DEMO_PERSONS, DEMO_SEED = 2000, 2024
#: More persons would need a wider number in person_id.
MOST_PERSONS = 999_999


@dataclass
class Simulation:
    """Synthetic claims, and the truth that was planted in them.

    ``truth`` holds DataFrames: pair_effects (payer, procedure and diagnosis), policies that payers do not
    publish, rule_strictness (by payer and rule), lines with their chances of denial, rule_violations, downcodes,
    conditions.
    """

    claims: Claims
    truth: dict[str, pd.DataFrame]
    persons: int
    seed: int
    years: tuple[int, ...]

    def __repr__(self) -> str:
        planted = len(self.truth["pair_effects"])
        return (
            f"<Simulation of {self.persons:,} persons, {self.years[0]}–{self.years[-1]}, seed {self.seed}: "
            f"{len(self.truth['lines']):,} lines, {planted} planted pair effects; see .claims and .truth>"
        )


def simulate(
    persons: int = 2000, seed: int = 0, years: Sequence[int] = (2024, 2025), effects: bool = True
) -> Simulation:
    """Simulate claims of ``persons`` persons over ``years``, with planted truth.

    Seven fictitious payers of very different strictness adjudicate professional and institutional claims.
    Every line's chance of denial is a base chance, which depends on payer, place, procedure and quarter
    alone, moved by planted pair effects, by policies that begin on some day and are not published, and by coding
    errors, which each payer takes more or less strictly; each line is drawn independently.

    ``persons`` — how many, 1 to 999,999. ``seed`` — a whole number; the same seed gives the same claims on
    every platform. ``years`` — consecutive calendar years of service. ``effects`` — with False neither pairs,
    policies nor coding errors change the chance of denial (the errors are still there).

    Raises ArgumentError for arguments outside of these.
    """
    tables, truth = simulate_tables(persons, seed, years, effects)
    from cpticd.loaders.intake import Intake

    intake = Intake()
    for name, table in tables.items():
        intake.add(name, table, source="simulation")
    return Simulation(intake.claims(), truth, persons, seed, tuple(years))


def demo() -> Claims:
    """The fixed synthetic data set of about 2,000 persons that examples, notebooks and the report use."""
    return simulate(DEMO_PERSONS, DEMO_SEED).claims


def _check(persons: int, seed: int, years: Sequence[int]) -> tuple[int, ...]:
    if not isinstance(persons, int | np.integer) or not 1 <= persons <= MOST_PERSONS:
        raise ArgumentError(f"persons must be a whole number from 1 to {MOST_PERSONS:,}; found {persons!r}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"seed must be a whole number of at least 0; found {seed!r}")
    found = tuple(years)
    if not found or found != tuple(range(found[0], found[0] + len(found))) or not 1990 <= found[0] <= 2100:
        raise ArgumentError(f"years must be consecutive calendar years such as (2024, 2025); found {years!r}")
    return found


def simulate_tables(
    persons: int, seed: int, years: Sequence[int], effects: bool
) -> tuple[dict[str, pa.Table], dict[str, pd.DataFrame]]:
    """The canonical tables and the truth, as :func:`simulate` puts them together."""
    from cpticd.simulation import (
        arrow,
        assembly,
        denial,
        encounters,
        members,
        people,
        remittance,
        tidy,
        truth,
        violations,
    )
    from cpticd.simulation.services import services

    years = _check(persons, seed, years)
    cat, draws = catalogue(), Draws(int(seed))
    who = people.people(cat, draws, int(persons), years)
    world = people.World(cat, draws, years, who, people.episodes(cat, draws, who, years))
    met, unsupported = encounters.encounters(world)
    noted = encounters.diagnoses(world, met)
    practice, new = assembly.practices(world, met)
    left = (
        people.year_start(years[-1] + 1) - 1 - met.day
    )  # nobody is discharged in a year that is not simulated
    stay = np.minimum(1 + draws.below("stay", met.person.size, 6), np.maximum(left, 1))
    lines = services(world, met, noted, new, stay)
    book = assembly.assemble(world, met, noted, lines, practice=practice, stay=stay)
    tidy.tidy(cat, book)
    rule = violations.plant(cat, draws, who, book)
    book.claims.received = np.minimum(book.claims.received, remittance.data_end(years))

    reasons = denial.causes(cat)
    odds = denial.base_odds(cat, book, years[0])
    pairs = denial.pair_keys(book)
    planted = denial.plant(cat, draws, book, pairs, years=years, reasons=reasons) if effects else None
    chance = denial.chances(odds, book, pairs, planted=planted, rule=rule)
    denied = denial.draw_denials(draws, chance)
    day = remittance.paid_days(cat, draws, book, "paid")
    end = remittance.data_end(years)
    again = remittance.replacements(draws, book, denied, rule, paid_day=day, cutoff=end)
    fresh = chance.take(again)
    denied = np.concatenate([denied, denial.draw_denials(draws, fresh, "denied again")])
    chance = chance.and_then(fresh)
    original = day.size
    day = np.concatenate([day, remittance.paid_days(cat, draws, book, "paid again")[original:]])
    outcome = remittance.adjudicate(world, book, chance, denied, reasons=reasons, paid_day=day)

    version = np.zeros(book.claims.person.size, dtype=np.int64)
    tables = arrow.claim_tables(cat, book, version)
    condition = met.condition[book.claims.encounter]
    tables["procedures"] = arrow.stay_procedures(cat, draws, book, condition)
    tables |= arrow.remittance_tables(cat, book, outcome, reasons)
    tables["provider_adjustments"] = arrow.carried_forward(cat, outcome, book)
    tables["members"] = members.member_table(world)
    answers = {
        "pair_effects": truth.effect_frame(cat, book, planted, reasons),
        "policies": truth.policy_frame(cat, book, chance, outcome, planted=planted, reasons=reasons),
        "rule_strictness": truth.strictness_frame(cat, book, chance, rule, planted),
        "lines": truth.line_frame(book, chance),
        "rule_violations": truth.rule_frame(book, rule),
        "downcodes": truth.downcode_frame(book, outcome),
        "conditions": truth.condition_frame(world, book, unsupported),
    }
    return tables, answers
