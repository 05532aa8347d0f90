"""What was planted: the answers that an analysis of the simulated claims should come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cpticd.simulation.arrow import claim_ids, date, person_ids, text
from cpticd.simulation.assembly import Book
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.denial import DRIVERS, POLICY, Causes, Chances, Effects, Planted
from cpticd.simulation.draws import Ints
from cpticd.simulation.encounters import Unsupported
from cpticd.simulation.people import IMPLIED, JOINED, KINDS, World
from cpticd.simulation.policies import Policies, tiers
from cpticd.simulation.recodes import RULES
from cpticd.simulation.remittance import FIRST, Outcome

if TYPE_CHECKING:
    import pandas as pd


def _frame(columns: dict[str, object]) -> pd.DataFrame:
    return pa.table(columns).to_pandas()


def effect_frame(catalogue: Catalogue, book: Book, planted: Planted | None, reasons: Causes) -> pd.DataFrame:
    """One row per payer, procedure and diagnosis with a planted odds ratio."""
    none = np.zeros(0, dtype=np.int64)
    e = planted.effects if planted else Effects(none, none, none, np.zeros(0), none)
    return _frame(
        {
            "payer": text(catalogue.payers, e.payer),
            "hcpcs_code": text(book.hcpcs, e.procedure),
            "diagnosis_code": text(book.codes, e.code),
            "carc": text(reasons.carc, e.cause),
            "odds_ratio": e.odds,
        }
    )


def policy_frame(
    catalogue: Catalogue,
    book: Book,
    chance: Chances,
    outcome: Outcome,
    *,
    planted: Planted | None,
    reasons: Causes,
) -> pd.DataFrame:
    """One row per policy that a payer does not publish, in force for dates of service from start_date on.

    diagnosis_family   first three characters of a diagnosis that the line points to (institutional: of any of
                       the claim's)
    odds               factor on the odds of denial of its lines; those that break a rule are not under it
    lines_after        lines under it that were adjudicated, replacements among them
    denied_after       those of them that were denied at first
    """
    none = np.zeros(0, dtype=np.int64)
    p = planted.policies if planted else Policies(none, none, [], none, none, np.zeros(0))
    records, payments, lines = outcome.records, outcome.payments, book.lines
    first = np.flatnonzero(records.kind[payments.record] == FIRST)
    line = payments.line[first]
    under = chance.driver[line] == POLICY
    denied = under & (payments.allowed[first] == 0) & (payments.cause[first] >= 0)
    payer = book.claims.payer[lines.claim[line]]
    same = (payer == p.payer[:, None]) & (lines.procedure[line] == p.procedure[:, None])
    return _frame(
        {
            "payer": text(catalogue.payers, p.payer),
            "hcpcs_code": text(book.hcpcs, p.procedure),
            "diagnosis_family": pa.array(p.family, pa.string()),
            "carc": text(reasons.carc, p.cause),
            "rarc": text(reasons.rarc, p.cause),
            "start_date": date(p.start),
            "odds": p.odds,
            "lines_after": (same & under).sum(axis=1),
            "denied_after": (same & denied).sum(axis=1),
        }
    )


def strictness_frame(
    catalogue: Catalogue, book: Book, chance: Chances, rule: Ints, planted: Planted | None
) -> pd.DataFrame:
    """One row per payer and rule: how strictly the payer denies lines that break the rule.

    tier                   strict, medium or lenient: about 0.93, 0.55 and 0.1 of the lines are denied
    odds                   factor on the odds of denial
    lines                  lines of the payer that break the rule
    expected_denial_rate   mean chance of denial of these; missing where there are none
    """
    columns = ["payer", "rule", "tier", "odds", "lines", "expected_denial_rate"]
    if planted is None:
        return _frame(
            {name: pa.array([], pa.string() if i < 3 else pa.float64()) for i, name in enumerate(columns)}
        )
    width = len(RULES)
    cell = (
        np.repeat(np.arange(len(catalogue.payers)), width),
        np.tile(np.arange(width), len(catalogue.payers)),
    )
    broken = np.flatnonzero(rule >= 0)
    key = book.claims.payer[book.lines.claim[broken]] * width + rule[broken]
    count = np.bincount(key, minlength=cell[0].size)
    # Added up in the order of lines, so that the last digit is the same everywhere.
    total = np.bincount(key, weights=chance.denial[broken], minlength=cell[0].size)
    return _frame(
        {
            "payer": text(catalogue.payers, cell[0]),
            "rule": text(RULES, cell[1]),
            "tier": pa.array([tier for row in tiers(catalogue) for tier in row]),
            "odds": planted.strictness.ravel(),
            "lines": count,
            "expected_denial_rate": pa.array(total / np.maximum(count, 1), mask=count == 0),
        }
    )


def line_frame(book: Book, chance: Chances) -> pd.DataFrame:
    """One row per service line with its chance of denial, without and with what was planted."""
    return _frame(
        {
            "claim_id": claim_ids(book.lines.claim),
            "claim_line_number": book.lines.number,
            "base_probability": chance.base,
            "denial_probability": chance.denial,
            "driver": text(DRIVERS, chance.driver),
        }
    )


def rule_frame(book: Book, rule: Ints) -> pd.DataFrame:
    """One row per line that breaks a rule."""
    index = np.flatnonzero(rule >= 0)
    return _frame(
        {
            "claim_id": claim_ids(book.lines.claim[index]),
            "claim_line_number": book.lines.number[index],
            "rule": text(RULES, rule[index]),
        }
    )


def downcode_frame(book: Book, outcome: Outcome) -> pd.DataFrame:
    """One row per line that was paid as a lower service."""
    index = outcome.downcoded
    row = np.full(book.lines.claim.size, -1)
    paid = outcome.payments
    changed = paid.adjudicated != book.lines.procedure[paid.line]
    row[paid.line[changed]] = paid.adjudicated[changed]
    return _frame(
        {
            "claim_id": claim_ids(book.lines.claim[index]),
            "claim_line_number": book.lines.number[index],
            "submitted_hcpcs_code": text(book.hcpcs, book.lines.procedure[index]),
            "hcpcs_code": text(book.hcpcs, row[index]),
        }
    )


def condition_frame(world: World, book: Book, unsupported: Unsupported) -> pd.DataFrame:
    """One row per person, year, HCC and state: coded, under_coded (with its kind) or unsupported.

    hcc is a payment HCC of CMS-HCC V28 as text; a code with two has two rows. evidence says what claims
    hold: prior year, sibling code and service, codes apart, service, or the kind of claim.
    """
    import pandas as pd

    years = world.years
    rows = [*_under_coded(world), *_unsupported(world.catalogue, unsupported)]
    planted = {(row[0], row[1], row[2], row[3]) for row in rows if row[4] == "unsupported"}
    seen = {(person, year, hcc, code) for person, year, hcc, code in _coded(world.catalogue, book, years)}
    rows += [(*key, "coded", "", "") for key in sorted(seen - planted)]
    frame = pd.DataFrame(
        rows, columns=["person", "year", "hcc", "diagnosis_code", "state", "kind", "evidence"]
    )
    frame = _one_per_hcc(frame)
    frame["person_id"] = person_ids(frame.pop("person").to_numpy(dtype=np.int64)).to_pylist()
    frame["year"] = np.array(years)[frame["year"].to_numpy(dtype=np.int64)]
    return frame[["person_id", "year", "hcc", "diagnosis_code", "state", "kind", "evidence"]]


Found = tuple[int, int, str, str, str, str, str]


def _under_coded(world: World) -> Iterator[Found]:
    """(person, year, HCC, code, state, kind, evidence) that no claim of the year tells in full."""
    catalogue, episode, years = world.catalogue, world.episode, world.years
    implied = {catalogue.conditions[name]: code for name, code in IMPLIED.items()}
    partners = [catalogue.conditions[name] for name, _ in JOINED]
    apart = np.flatnonzero(episode.sure & (episode.listed >= 0) & np.isin(episode.condition, partners))
    beside = {
        (int(episode.person[i]), int(episode.year[i])): catalogue.codes[int(episode.listed[i])] for i in apart
    }
    for i in np.flatnonzero(episode.under).tolist():
        person, year, truth = int(episode.person[i]), int(episode.year[i]), int(episode.truth[i])
        kind = KINDS[int(episode.kind[i])]
        evidence = ""
        if kind == "lapsed":
            evidence = f"coded in {years[year - 1]}"
        elif kind == "unspecified":
            service = catalogue.hcpcs[int(catalogue.signal[truth])]
            evidence = f"code {catalogue.codes[int(episode.listed[i])]} and service {service}"
        elif kind == "combination":
            evidence = f"codes E119 and {beside[person, year]}"
        elif kind == "implied":
            evidence = f"service {implied[int(episode.condition[i])]}"
        for hcc in catalogue.diagnosis_rows[truth]["hcc"].split():
            yield person, year, hcc, catalogue.codes[truth], "under_coded", kind, evidence


def _unsupported(catalogue: Catalogue, unsupported: Unsupported) -> Iterator[Found]:
    """The same of codes that stand on one claim and that no condition bears out."""
    for i, code in enumerate(unsupported.diagnosis.tolist()):
        row = catalogue.diagnosis_rows[code]
        acute = catalogue.condition_rows[catalogue.conditions[row["condition"]]]["kind"] == "event"
        evidence = "acute code in an office" if acute else "single claim"
        if unsupported.laboratory[i]:
            evidence = "laboratory claim only"
        for hcc in row["hcc"].split():
            person, year = int(unsupported.person[i]), int(unsupported.year[i])
            yield person, year, hcc, row["code"], "unsupported", "", evidence


def _coded(catalogue: Catalogue, book: Book, years: Sequence[int]) -> list[tuple[int, int, str, str]]:
    """(person, year, HCC, code) on claims."""
    rows, claims = book.diagnoses, book.claims
    inside = rows.code < len(catalogue.codes)
    hcc = [row["hcc"] for row in catalogue.diagnosis_rows]
    rated = np.array([bool(item) for item in hcc])
    index = np.flatnonzero(inside)
    index = index[rated[rows.code[index]]]
    claim = rows.claim[index]
    year = (
        claims.start[claim].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970 - years[0]
    )
    width = len(catalogue.codes)
    key = (claims.person[claim] * len(years) + year) * width + catalogue.code_id[rows.code[index]]
    found = []
    for item in np.unique(key).tolist():
        who, code = divmod(item, width)
        person, y = divmod(who, len(years))
        found += [(person, y, one, catalogue.codes[code]) for one in hcc[code].split()]
    return found


def _one_per_hcc(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, year, HCC and state; what is coded is neither under-coded nor unsupported."""
    order = {"coded": 0, "under_coded": 1, "unsupported": 2}
    rank = {"lapsed": 0, "implied": 1, "unspecified": 2, "combination": 3, "": 4}
    frame = frame.assign(order=frame["state"].map(order), rank=frame["kind"].map(rank))
    keys = ["person", "year", "hcc"]
    frame = frame.sort_values([*keys, "order", "rank", "diagnosis_code"], kind="stable")
    frame = frame.drop_duplicates(keys).drop(columns=["order", "rank"])
    return frame.reset_index(drop=True)
