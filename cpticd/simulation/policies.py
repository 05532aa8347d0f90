"""How payers differ: how strictly each denies what breaks a rule, and policies that they do not publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.assembly import Book
from cpticd.simulation.catalogue import Catalogue, rows
from cpticd.simulation.draws import Draws, Floats, Ints

#: Odds of denial of a line that breaks a rule, at an average procedure and place; a payer that is less lenient
#: by itself stays as it is. Chances are about 0.93, 0.55 and 0.1.
TIERS = {"strict": 14.0, "medium": 1.2, "lenient": 0.11}
#: Odds of denial of a line under an unwritten policy: a chance of about 0.92.
POLICY_ODDS = 12.0
#: An unwritten policy takes in at most so much of a payer's lines, and of the procedure's.
MOST_OF_PAYER, MOST_OF_PROCEDURE = 0.022, 0.45
#: The most frequent combinations of a payer of which one is drawn.
AMONG = 4
#: Months of service that are left, at least, once a policy has begun.
MONTHS_LEFT = 5
FAMILY_LENGTH = 3  # a diagnosis family is a category: the first three characters


@dataclass
class Policies:
    """One element per unwritten policy, one at most per payer and procedure."""

    payer: Ints
    procedure: Ints
    family: list[str]
    cause: Ints  # into Causes
    start: Ints  # first day of service
    odds: Floats  # factor on the odds of denial


def tiers(catalogue: Catalogue) -> list[list[str]]:
    """Tier by payer and rule."""
    return [[row[payer] for row in catalogue.rule_rows] for payer in catalogue.payers]


def strictness(catalogue: Catalogue) -> Floats:
    """Factor on the odds of denial by payer and rule, 1 at least."""
    own = np.array([float(row["odds"]) for row in catalogue.payer_rows])
    odds = np.array([[TIERS[tier] for tier in row] for row in tiers(catalogue)])
    factors: Floats = np.maximum(np.round(odds / own[:, None] * 100.0) / 100.0, 1.0)
    return factors


def families(book: Book) -> tuple[list[str], Ints]:
    """Families of diagnoses, and that of every code of the book."""
    numbers: dict[str, int] = {}
    found = np.array([numbers.setdefault(code[:FAMILY_LENGTH], len(numbers)) for code in book.codes])
    return list(numbers), found


def lines_by_family(book: Book, pairs: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """(line, family) of the pairs, each once."""
    names, family = families(book)
    key = np.unique(pairs[0] * len(names) + family[pairs[1]])
    return key // len(names), key % len(names)


def plant_policies(
    catalogue: Catalogue,
    draws: Draws,
    book: Book,
    pairs: tuple[Ints, Ints],
    *,
    years: tuple[int, ...],
    causes: Ints,
) -> Policies:
    """One unwritten policy for each payer but the smallest, on a combination that is frequent there.

    Candidates are those of policies.csv, whose reasons are ``causes``: none is a candidate of a pair effect. They
    begin on the first day of a month, spread from the first quarter of the simulated years until five months
    before they end, those of small payers earlier: their lines are fewer. A payer without lines of any candidate
    has none.
    """
    candidates = rows("policies")
    procedures = np.array([catalogue.procedures[row["hcpcs_code"]] for row in candidates])
    fitting = _fitting(book, pairs, procedures, [row["diagnosis_family"] for row in candidates])
    size = len(catalogue.payers)
    share = np.bincount(book.claims.payer[book.lines.claim], minlength=size)
    large = np.argsort(np.argsort(share, kind="stable"), kind="stable")
    order = np.argsort(draws("policy payers", size) + (large > size // 2) + 2.0 * (large == 0), kind="stable")
    chosen, uniform = draws("policy", size), draws("policy start", size)
    months = 12 * len(years)
    low, high = months // 4, months - MONTHS_LEFT
    first = np.datetime64(f"{years[0]:04d}-01", "M")
    found = []
    for place, payer in enumerate(order[:-1].tolist()):
        month = low + int((place + uniform[payer]) * (high - low + 1) / (size - 1))
        start = int((first + month).astype("datetime64[D]").astype(np.int64))
        best = fitting(payer)[:AMONG]
        if best:
            found.append((payer, best[int(chosen[payer] * len(best))], start))
    table = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
    payers, index = table[:, 0], table[:, 1]
    own = np.array([float(row["odds"]) for row in catalogue.payer_rows])[payers]
    return Policies(
        payers,
        procedures[index],
        [candidates[i]["diagnosis_family"] for i in index.tolist()],
        causes[index],
        table[:, 2],
        np.round(POLICY_ODDS / own * 100.0) / 100.0,
    )


def _fitting(
    book: Book, pairs: tuple[Ints, Ints], procedures: Ints, candidates: list[str]
) -> Callable[[int], list[int]]:
    """A function of the payer: candidates that have lines there, but not too many, the most frequent first."""
    names, _ = families(book)
    line, family = lines_by_family(book, pairs)
    payer_of, procedure_of = book.claims.payer[book.lines.claim], book.lines.procedure
    known = np.array([name in names for name in candidates])
    wanted = np.array([names.index(name) if name in names else 0 for name in candidates])

    def fitting(payer: int) -> list[int]:
        mine = payer_of == payer
        hit = mine[line]
        width = len(names)
        key = procedure_of[line[hit]] * width + family[hit]
        size = (max(int(procedure_of.max(initial=0)), int(procedures.max())) + 1) * width
        counts = np.bincount(key, minlength=size)[procedures * width + wanted] * known
        whole = np.bincount(procedure_of[mine], minlength=size)[procedures]
        most = np.minimum(MOST_OF_PAYER * mine.sum(), MOST_OF_PROCEDURE * whole)
        right = np.flatnonzero((counts > 0) & (counts <= most))
        best: list[int] = right[np.argsort(-counts[right], kind="stable")].tolist()
        return best

    return fitting


def policy_of_lines(policies: Policies, book: Book, pairs: tuple[Ints, Ints]) -> Ints:
    """Policy that each line falls under, −1 none: its payer, procedure, date and any diagnosis of its pairs."""
    lines, claims = book.lines, book.claims
    found = np.full(lines.claim.size, -1)
    names = families(book)[0]
    line, family = lines_by_family(book, pairs)
    for i, name in enumerate(policies.family):
        hit = line[family == (names.index(name) if name in names else -1)]
        hit = hit[(claims.payer[lines.claim[hit]] == policies.payer[i])]
        hit = hit[(lines.procedure[hit] == policies.procedure[i]) & (lines.start[hit] >= policies.start[i])]
        found[hit] = i
    return found
