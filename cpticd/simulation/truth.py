"""Truth: what was planted, the answers that an analysis of the simulated claims should come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cpticd.simulation.behaviour import Behaviour, families, tiers
from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.chances import DRIVERS, POLICY, Chances
from cpticd.simulation.columns import claim_ids, date, person_ids, text
from cpticd.simulation.dates import calendar_years
from cpticd.simulation.episodes import JOINED, KINDS, Episodes
from cpticd.simulation.schedule import Unsupported
from cpticd.simulation.settlement import FIRST, Outcome
from cpticd.simulation.vectors import Ints
from cpticd.simulation.world import World

if TYPE_CHECKING:
    import pandas as pd


def answers(
    world: World,
    book: Book,
    behaviour: Behaviour,
    chances: Chances,
    outcome: Outcome,
    *,
    episodes: Episodes,
    unsupported: Unsupported,
) -> dict[str, pd.DataFrame]:
    """Every table of the truth by its name."""
    return {
        "pair_effects": effect_frame(book, behaviour),
        "policies": policy_frame(book, behaviour, chances, outcome),
        "rule_strictness": strictness_frame(book, behaviour, chances),
        "lines": line_frame(book, chances),
        "rule_violations": rule_frame(book),
        "downcodes": downcode_frame(book, outcome),
        "conditions": condition_frame(world, book, episodes, unsupported),
    }


def _frame(columns: dict[str, object]) -> pd.DataFrame:
    return pa.table(columns).to_pandas()


def _of_lines(book: Book, index: Ints) -> dict[str, object]:
    """The key of lines."""
    return {
        "claim_id": claim_ids(book.lines.claim[index]),
        "claim_line_number": book.lines.number[index],
    }


def effect_frame(book: Book, behaviour: Behaviour) -> pd.DataFrame:
    """One row per payer, procedure and diagnosis with a planted odds ratio."""
    e, reasons = behaviour.effects, behaviour.reasons
    return _frame(
        {
            "payer": text(book.catalogue.payers, e.payer),
            "hcpcs_code": text(book.catalogue.hcpcs, e.procedure),
            "diagnosis_code": text(book.codes, e.code),
            "carc": text(reasons.carc, e.reason),
            "odds_ratio": e.odds,
        }
    )


def policy_frame(book: Book, behaviour: Behaviour, chances: Chances, outcome: Outcome) -> pd.DataFrame:
    """One row per policy that a payer does not publish, in force for dates of service from start_date on.

    diagnosis_family   first three characters of a diagnosis that the line points to (institutional: of any of
                       the claim's)
    odds               factor on the odds of denial of its lines; those that break a rule are not under it
    lines_after        lines under it that were adjudicated, replacements among them
    denied_after       those of them that were denied at first
    """
    p, reasons = behaviour.policies, behaviour.reasons
    first = outcome.payments.take(outcome.records.kind[outcome.payments.record] == FIRST)
    under = chances.driver[first.line] == POLICY
    denied = under & (first.allowed == 0) & (first.reason >= 0)
    same = (book.payer[first.line] == p.payer[:, None]) & (
        book.lines.procedure[first.line] == p.procedure[:, None]
    )
    return _frame(
        {
            "payer": text(book.catalogue.payers, p.payer),
            "hcpcs_code": text(book.catalogue.hcpcs, p.procedure),
            "diagnosis_family": text(families(book)[0], p.family),
            "carc": text(reasons.carc, p.reason),
            "rarc": text(reasons.rarc, p.reason),
            "start_date": date(p.start),
            "odds": p.odds,
            "lines_after": (same & under).sum(axis=1),
            "denied_after": (same & denied).sum(axis=1),
        }
    )


def strictness_frame(book: Book, behaviour: Behaviour, chances: Chances) -> pd.DataFrame:
    """One row per payer and rule that holds for it: how strictly the payer denies lines that break the rule.

    tier                   strict, medium or lenient: about 0.93, 0.55 and 0.1 of the lines are denied
    odds                   factor on the odds of denial
    lines                  lines of the payer that break the rule
    expected_denial_rate   mean chance of denial of these; missing where there are none
    """
    columns = ["payer", "rule", "tier", "odds", "lines", "expected_denial_rate"]
    if not behaviour.strictness.size:
        return _frame(
            {name: pa.array([], pa.string() if i < 3 else pa.float64()) for i, name in enumerate(columns)}
        )
    catalogue = book.catalogue
    shape = (len(catalogue.payers), len(catalogue.rules))
    payer, rule = (index.ravel() for index in np.indices(shape))
    broken = np.flatnonzero(book.lines.rule >= 0)
    key = book.payer[broken] * shape[1] + book.lines.rule[broken]
    count = np.bincount(key, minlength=payer.size)
    # Added up in the order of lines, so that the last digit is the same everywhere.
    total = np.bincount(key, weights=chances.denial[broken], minlength=payer.size)
    found = _frame(
        {
            "payer": text(catalogue.payers, payer),
            "rule": text(catalogue.rules, rule),
            "tier": pa.array([tier for row in tiers(catalogue) for tier in row]),
            "odds": behaviour.strictness.ravel(),
            "lines": count,
            "expected_denial_rate": pa.array(total / np.maximum(count, 1), mask=count == 0),
        }
    )
    return found[catalogue.governed.ravel()].reset_index(drop=True)


def line_frame(book: Book, chances: Chances) -> pd.DataFrame:
    """One row per service line with its chance of denial, without and with what was planted."""
    return _frame(
        {
            **_of_lines(book, np.arange(book.lines.size)),
            "base_probability": chances.base,
            "denial_probability": chances.denial,
            "driver": text(DRIVERS, chances.driver),
        }
    )


def rule_frame(book: Book) -> pd.DataFrame:
    """One row per line that breaks a rule."""
    index = np.flatnonzero(book.lines.rule >= 0)
    return _frame({**_of_lines(book, index), "rule": text(book.catalogue.rules, book.lines.rule[index])})


def downcode_frame(book: Book, outcome: Outcome) -> pd.DataFrame:
    """One row per line that was paid as a lower service at first."""
    paid, submitted = outcome.payments, book.lines.procedure[outcome.payments.line]
    first = outcome.records.kind[paid.record] == FIRST
    row = np.flatnonzero(first & (paid.adjudicated != submitted))
    return _frame(
        {
            **_of_lines(book, paid.line[row]),
            "submitted_hcpcs_code": text(book.catalogue.hcpcs, submitted[row]),
            "hcpcs_code": text(book.catalogue.hcpcs, paid.adjudicated[row]),
        }
    )


Found = tuple[int, int, str, str, str, str, str]


def condition_frame(world: World, book: Book, episodes: Episodes, unsupported: Unsupported) -> pd.DataFrame:
    """One row per person, year, HCC and state: coded, under_coded (with its kind) or unsupported.

    hcc is a payment HCC of CMS-HCC V28 as text; a code with two has two rows. evidence is what claims
    hold: prior year, sibling code and service, codes apart, service, or the kind of claim.
    """
    import pandas as pd

    planted = list(_unsupported(world.catalogue, unsupported))
    known = {row[:4] for row in planted}
    found = [*_under_coded(world, episodes), *planted]
    found += [(*key, "coded", "", "") for key in sorted(set(_coded(world, book)) - known)]
    columns = ["person", "year", "hcc", "diagnosis_code", "state", "kind", "evidence"]
    frame = _one_per_hcc(pd.DataFrame(found, columns=columns))
    person = person_ids(frame.pop("person").to_numpy(dtype=np.int64)).to_pylist()
    frame["year"] = np.array(world.years)[frame["year"].to_numpy(dtype=np.int64)]
    return frame.assign(person_id=person)[["person_id", *columns[1:]]]


def _under_coded(world: World, episodes: Episodes) -> Iterator[Found]:
    """(person, year, HCC, code, state, kind, evidence) that no claim of the year gives in full."""
    catalogue, codes = world.catalogue, world.catalogue.codes
    partners = [catalogue.conditions[name] for name, _ in JOINED]
    apart = episodes.take(episodes.sure & (episodes.listed >= 0) & np.isin(episodes.condition, partners))
    beside = {
        (person, year): codes[listed]
        for person, year, listed in zip(
            apart.person.tolist(), apart.year.tolist(), apart.listed.tolist(), strict=True
        )
    }
    under = episodes.take(episodes.under)
    for person, year, condition, truth, listed, number in zip(
        *(
            getattr(under, name).tolist()
            for name in ("person", "year", "condition", "truth", "listed", "kind")
        ),
        strict=True,
    ):
        kind, evidence = KINDS[number], ""
        if kind == "lapsed":
            evidence = f"coded in {world.years[year - 1]}"
        elif kind == "unspecified":
            evidence = f"code {codes[listed]} and service {catalogue.hcpcs[catalogue.signal[truth]]}"
        elif kind == "combination":
            evidence = f"codes E119 and {beside[person, year]}"
        elif kind == "implied":
            evidence = f"service {catalogue.hcpcs[catalogue.implied[condition]]}"
        for hcc in catalogue.diagnosis_rows[truth]["hcc"].split():
            yield person, year, hcc, codes[truth], "under_coded", kind, evidence


def _unsupported(catalogue: Catalogue, unsupported: Unsupported) -> Iterator[Found]:
    """The same of codes that stand on one claim and that no condition bears out."""
    for person, year, code, laboratory in zip(
        unsupported.person.tolist(),
        unsupported.year.tolist(),
        unsupported.diagnosis.tolist(),
        unsupported.laboratory.tolist(),
        strict=True,
    ):
        row = catalogue.diagnosis_rows[code]
        acute = catalogue.condition_rows[catalogue.conditions[row["condition"]]]["kind"] == "event"
        evidence = "acute code in an office" if acute else "single claim"
        if laboratory:
            evidence = "laboratory claim only"
        for hcc in row["hcc"].split():
            yield person, year, hcc, row["code"], "unsupported", "", evidence


def _coded(world: World, book: Book) -> Iterator[tuple[int, int, str, str]]:
    """(person, year, HCC, code) on claims."""
    catalogue, claims = world.catalogue, book.claims
    width, years = len(catalogue.codes), len(world.years)
    rated = book.diagnoses.take(book.diagnoses.code < width)
    rated = rated.take(catalogue.has_hcc[rated.code])
    year = calendar_years(claims.start[rated.claim]) - world.years[0]
    key = (claims.person[rated.claim] * years + year) * width + catalogue.code_id[rated.code]
    for item in np.unique(key).tolist():
        who, code = divmod(item, width)
        for hcc in catalogue.diagnosis_rows[code]["hcc"].split():
            yield who // years, who % years, hcc, catalogue.codes[code]


def _one_per_hcc(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, year, HCC and state; what is coded is neither under-coded nor unsupported."""
    order = {"coded": 0, "under_coded": 1, "unsupported": 2}
    rank = {"lapsed": 0, "implied": 1, "unspecified": 2, "combination": 3, "": 4}
    frame = frame.assign(order=frame["state"].map(order), rank=frame["kind"].map(rank))
    keys = ["person", "year", "hcc"]
    frame = frame.sort_values([*keys, "order", "rank", "diagnosis_code"], kind="stable")
    frame = frame.drop_duplicates(keys).drop(columns=["order", "rank"])
    return frame.reset_index(drop=True)
