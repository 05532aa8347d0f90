"""How claims are simulated: in stages, one after the other, each a module with one entry function.

A stage takes the world (catalogue, random streams, years) and what earlier stages gave. It gives small dataclasses of
arrays, one element per row, or changes the book of claims: claims, lines and diagnoses.

    stage            entry function            gives                          from
    population       populate                  People                         how many
    membership       enroll                    Membership                     people
    episodes         fall_ill                  Episodes                       people, membership
    schedule         encounters                Encounters, Unsupported        people, membership, episodes
    documentation    document                  Documented                     people, episodes, encounters
    practices        attribute                 Seen                           people, encounters
    services         order, complete           Services                       encounters, seen, documented
    necessity        limit                     Services (between the two)     encounters, services
    billing          bill                      Book                           people to services
    scrubber         scrub                     changes the book               book
    violations       plant                     changes the book               people, book
    mistakes         plant                     changes the book               people, book (where asked for)
    behaviour        behave                    Behaviour, Reasons in it       book
    tidying          tidy                      changes the book               people, book
    chances          weigh                     Chances                        book, behaviour
    resubmission     resubmit                  changes the book; Chances      book, chances
    adjudication     decide                    Decisions                      book, chances
    reconsideration  reconsider                Reconsidered                   book, decisions
    settlement       settle                    Outcome                        book, decisions, reconsidered
    submission       submit                    tables of claims               book, encounters
    remittance       remit                     tables of adjudications        book, outcome
    truth            answers                   DataFrames of what is planted  all that plant

With recurring services, these stand after schedule, services and behaviour:

    recurrence       recur                     Encounters, Courses            people, episodes, encounters
    recurrence       sessions                  Services                       encounters, courses, services
    circumstances    befall                    Circumstances                  book, encounters, courses, behaviour
    clusters         cluster_frames            DataFrames of what befalls     book, courses, circumstances

With clinical data, this stands at the end:

    clinical         follow, tables            Clinical, Measured; drugs,     people, membership, episodes
                                               observations

With stories, these stand between adjudication and submission, in the place of resubmission, reconsideration and
remittance, and claims may be sent more than once and to several payers:

    chargemaster     mark_up                   changes charges of the book    book
    insurers         insure                    Insurers                       book
    contracts        agree                     Decisions (changed)            book, insurers, decisions
    stories          tell                      Tales                          a Desk, of all before
    dispatch         dispatch                  Sent; changes the book         book, tales
    advice           advise                    tables of adjudications        book, insurers, tales
    fates            fate_frame                a DataFrame of services        tales

A new stage draws from streams of names of its own, so that everything drawn before stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cpticd.core.errors import ArgumentError
from cpticd.simulation import (
    adjudication,
    advice,
    behaviour,
    billing,
    chances,
    chargemaster,
    circumstances,
    clinical,
    clusters,
    contracts,
    dispatch,
    documentation,
    episodes,
    fates,
    insurers,
    membership,
    mistakes,
    necessity,
    population,
    practices,
    reconsideration,
    recurrence,
    remittance,
    resubmission,
    schedule,
    scrubber,
    services,
    settlement,
    stories,
    submission,
    tidying,
    truth,
    violations,
)
from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import catalogue
from cpticd.simulation.chances import Chances
from cpticd.simulation.desk import Desk
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.streams import Streams
from cpticd.simulation.world import World

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cpticd.claims import Claims

#: More persons would need a wider number in person_id.
MOST_PERSONS = 999_999


@dataclass
class Simulation:
    """Simulated claims, and one table per kind of what was planted in them.

    ``claims`` are Claims as any other. ``truth`` holds DataFrames by name, each with the columns of its key, and
    of what the simulation knows of it:

    pair_effects      one row per payer, procedure and diagnosis with a planted odds ratio of denial
    policies          one row per policy that a payer does not publish, with the day on which it begins
    rule_strictness   one row per payer and coding rule: how strictly its violations are denied
    lines             one row per service line: its chance of denial, without and with what was planted
    rule_violations   one row per line that breaks a coding rule
    downcodes         one row per line that was paid as a lower service
    conditions        one row per person, year and HCC: coded, under-coded or unsupported
    services          one row per service, with stories: what was decided at first and at last, over all payers and
                      all claims that bill it; by whom, when and why; what an appeal would have won, and how likely

    With recurring services there are also

    drivers           one row per payer x procedure, procedure or billing provider of which more is denied, whatever
                      the diagnosis, with the day on which it begins
    habits            one row per billing provider: the odds ratio of all of its lines
    spells            one row per person and spell without coverage
    gaps              one row per billing provider, payer and gap in the payer's directory
    courses           one row per course of therapy, month of dialysis or year of weekly visits, and what is refused

    With clinical data there is also

    clinical          one row per person, year and series of results or fills: of which code and HCC, blank where the
                      person does not have the condition

    ``lines`` and ``rule_violations`` speak of claims as they are sent first, with stories.
    ``persons``, ``seed`` and ``years`` are those that :func:`simulate` was given.

    >>> import cpticd as cx
    >>> simulation = cx.simulate(persons=100, seed=1)
    >>> simulation.truth["rule_violations"].columns.tolist()
    ['claim_id', 'claim_line_number', 'rule']
    >>> len(simulation.truth["lines"]) == len(simulation.claims.table("lines"))
    True
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
    persons: int = 2000,
    seed: int = 0,
    years: Sequence[int] = (2024, 2025),
    effects: bool = True,
    stories: bool = False,
    *,
    recurring: bool = False,
    standard_errors: bool = False,
    clinical_data: bool = False,
) -> Simulation:
    """One data set of claims of simulated persons, and one table per kind of what was planted in them.

    Seven fictitious payers of very different strictness adjudicate professional and institutional claims.
    Every line's chance of denial is a base chance, which depends on payer, place, procedure and quarter
    alone, moved by planted pair effects, by policies that begin on some day and are not published, and by coding
    errors, which each payer takes more or less strictly; each line is drawn independently.

    ``persons`` — how many, 1 to 999,999. ``seed`` — a whole number of at least 0; the same seed gives the same
    claims on every platform. ``years`` — consecutive calendar years of service. ``effects`` — with False neither
    pairs, policies nor coding errors change the chance of denial (the errors are still there). ``stories`` — with
    True claims live on after their first answer as they do in the field: second payers, replacements, voids,
    resubmissions and appeals, reversals in any order, split, pended, returned, forwarded and duplicate claims,
    capitation and packages; and ``truth["services"]`` says what became of every service. ``recurring`` — with True
    services recur, and lines depend on one another: courses of therapy, monthly claims of dialysis with a row a
    session and weekly visits of behavioral health, some refused as a whole or beyond a limit; persons have spells
    without coverage, providers have habits and gaps at a payer, whether or not there are ``effects``; with these,
    some payers deny a procedure more, all payers one, or all payers a provider (``truth["drivers"]``).
    ``standard_errors`` — with True a small share of lines also breaks the rules that fee schedules, modifiers, places,
    ages and plain repetition are judged by (duplicates, components, telehealth, therapy, drugs, vaccines, …).
    ``clinical_data`` — with True there are results of laboratories, measurements and fills of drugs (tables
    ``observations`` and ``drugs``), of persons with conditions and, good, by chance or for another reason, of others
    (``truth["clinical"]``); claims are the same with and without.

    Raises ArgumentError for arguments outside of these.

    >>> import cpticd as cx
    >>> simulation = cx.simulate(persons=100, seed=1)
    >>> simulation
    <Simulation of 100 persons, 2024–2025, seed 1: 2,361 lines, 133 planted pair effects; see .claims and .truth>
    >>> simulation.truth["policies"][["payer", "hcpcs_code", "diagnosis_family"]].head(2)
                 payer hcpcs_code diagnosis_family
    0   Aspen Medicare      80061              I10
    1  Birch Advantage      80061              I10
    """
    years = _checked(persons, seed, years)
    tables, planted = run(
        int(persons),
        int(seed),
        years,
        effects,
        stories,
        recurring=recurring,
        standard=standard_errors,
        clinical_data=clinical_data,
    )
    from cpticd.loaders.intake import Intake

    intake = Intake()
    for name, table in tables.items():
        intake.add(name, table, source="simulation")
    return Simulation(intake.claims(), planted, persons, seed, years)


def demo(persons: int = 2000, seed: int = 2024) -> Claims:
    """One data set: the claims of 2,000 simulated persons that examples, notebooks and the report use.

    ``persons`` and ``seed`` as in :func:`simulate`, for a smaller data set or another one.

    >>> import cpticd as cx
    >>> claims = cx.demo(persons=100)
    >>> claims.table("claims")["payer"].nunique()
    7
    """
    return simulate(persons, seed).claims


def _checked(persons: int, seed: int, years: Sequence[int]) -> tuple[int, ...]:
    if not isinstance(persons, int | np.integer) or not 1 <= persons <= MOST_PERSONS:
        raise ArgumentError(f"persons must be a whole number from 1 to {MOST_PERSONS:,}; found {persons!r}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"seed must be a whole number of at least 0; found {seed!r}")
    found = tuple(years)
    if not found or found != tuple(range(found[0], found[0] + len(found))) or not 1990 <= found[0] <= 2100:
        raise ArgumentError(f"years must be consecutive calendar years such as (2024, 2025); found {years!r}")
    return found


def run(
    persons: int,
    seed: int,
    years: tuple[int, ...],
    effects: bool = True,
    stories: bool = False,
    *,
    recurring: bool = False,
    standard: bool = False,
    clinical_data: bool = False,
) -> tuple[dict[str, pa.Table], dict[str, pd.DataFrame]]:
    """The canonical tables and the truth, by name: all stages in their order."""
    world = World(catalogue(), Streams(seed), years)

    # Persons, what they have, and how they are cared for.
    people = population.populate(world, persons)
    covered = membership.enroll(world, people)
    ill = episodes.fall_ill(world, people, covered)
    met, unsupported = schedule.encounters(world, people, covered, ill, courses=recurring)
    if recurring:
        met, courses = recurrence.recur(world, people, ill, met)
    noted = documentation.document(world, people, ill, met)
    seen = practices.attribute(world, people, met)
    lines = services.order(world, met, seen, noted)
    lines = necessity.limit(world, met, lines)
    lines = services.complete(world, met, lines)
    if recurring:
        lines = recurrence.sessions(world, people, met, courses, lines)

    # Claims: right ones, then errors planted.
    book = billing.bill(world, people, met, seen, noted=noted, lines=lines)
    scrubber.scrub(book)
    violations.plant(world, people, book)
    if standard:
        mistakes.plant(world, people, book)

    # What payers decide, at first and later.
    pairs = book.pairs()
    habits = behaviour.behave(world, book, pairs, effects=effects)
    befallen = circumstances.befall(world, book, met, courses, habits, effects=effects) if recurring else None
    tidying.tidy(people, book)
    chance = chances.weigh(world, book, book.pairs(), habits, befallen.moved if befallen else None)
    if stories:
        tables, outcome, services_of = _tell(world, book, met, habits.reasons, chance)
    else:
        tables, outcome, chance = _answer(world, book, met, habits.reasons, chance)

    # The answers.
    dialysis = ill.person[ill.condition == world.catalogue.conditions["esrd"]]
    tables["members"] = membership.member_table(world, people, covered, dialysis)
    first_sent = book.before(chance.base.size)
    planted = truth.answers(world, first_sent, habits, chance, outcome, episodes=ill, unsupported=unsupported)
    if befallen:
        planted |= clusters.cluster_frames(first_sent, courses, befallen, habits.reasons)
    if clinical_data:
        series, measured = clinical.follow(world, people, covered, ill)
        tables |= clinical.tables(measured)
        planted["clinical"] = clinical.clinical_frame(world, series)
    return tables, planted | ({"services": services_of} if stories else {})


def _answer(
    world: World, book: Book, met: Encounters, reasons: Reasons, chance: Chances
) -> tuple[dict[str, pa.Table], settlement.Outcome, Chances]:
    """Tables of claims without stories, their decisions, and the chances of all lines, replacements among them."""
    chance = resubmission.resubmit(world, book, chance)
    first = adjudication.decide(world, book, chance, reasons)
    later = reconsideration.reconsider(world, book, first, reasons)
    outcome = settlement.settle(world, book, reasons, first, later)
    return submission.submit(world, book, met) | remittance.remit(book, outcome, reasons), outcome, chance


def _tell(
    world: World, book: Book, met: Encounters, reasons: Reasons, chance: Chances
) -> tuple[dict[str, pa.Table], settlement.Outcome, pd.DataFrame]:
    """Tables of claims with stories, their first decisions, and what became of every service."""
    chargemaster.mark_up(world, book)
    book.claims.decided = resubmission.decision_days(world, book, "paid")
    insured = insurers.insure(world, book)
    first = adjudication.decide(world, book, chance, reasons)
    first = contracts.agree(world, book, first, reasons)
    desk = Desk(world, book, insured, first, reasons)
    tales = stories.tell(world, desk)
    book.claims.decided = stories.first_days(book, tales)
    outcome = settlement.settle(world, book, reasons, first, reconsideration.leave(book, first))
    known = [found for tale in tales if (found := fates.cut(tale, world.end)) is not None]
    sent = dispatch.dispatch(book, known)
    tables = submission.submit(world, book, met, sent) | advice.advise(book, insured, known)
    return tables, outcome, fates.fate_frame(desk, known, tales, world.end)
