"""Behaviour: how payers differ from each other, beyond how often they deny.

Each treats some pairs of procedure and diagnosis in its own way, has a policy that it does not publish, and is strict
with some coding errors and lenient with others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import Catalogue, Row, numbers, rows
from cpticd.simulation.vectors import Floats, Ints, Rows
from cpticd.simulation.world import World

#: Planted pairs per payer: how many, out of how many of the most frequent candidates, with a share of the
#: procedure's lines of at most so much, and the range of their odds ratio.
EFFECTS = (
    ("strong", 9, 16, 0.2, 4.0, 12.0),
    ("moderate", 5, 30, 0.25, 1.6, 3.0),
    ("rare", 4, 90, 0.3, 3.0, 9.0),
    ("protective", 3, 60, 0.1, 0.3, 0.6),
)
#: Planted effects above 1 that a payer may have on one procedure: the others stay for comparison.
PER_PROCEDURE = 2
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
class Reasons:
    """Reasons for denial: those of causes.csv first, then those of rules, pairs and policies."""

    carc: list[str]
    rarc: list[str]
    group: list[str]
    overturn: Floats  # chance that a rework is paid

    @classmethod
    def of(cls, catalogue: Catalogue) -> Reasons:
        table = catalogue.cause_rows
        carc, rarc, group = ([row[name] for row in table] for name in ("carc", "rarc", "group"))
        return cls(carc, rarc, group, numbers(table, "overturn"))

    def index(self, carc: str, rarc: str) -> int:
        """Number of a reason, added where it is new."""
        for i, key in enumerate(zip(self.carc, self.rarc, strict=True)):
            if key == (carc, rarc):
                return i
        self.carc.append(carc)
        self.rarc.append(rarc)
        self.group.append("PR" if carc in ("96", "119", "204") else "CO")
        self.overturn = np.append(self.overturn, 0.3 if carc in ("50", "150", "167", "40") else 0.6)
        return len(self.carc) - 1

    def among(self, table: list[Row]) -> Ints:
        """Number of the reason in each row of a table."""
        return np.array([self.index(row["carc"], row["rarc"]) for row in table], dtype=np.int64)


@dataclass
class Effects(Rows):
    """One element per pair of procedure and diagnosis that a payer treats differently."""

    payer: Ints
    procedure: Ints
    code: Ints
    odds: Floats  # factor on the odds of denial
    reason: Ints


@dataclass
class Policies(Rows):
    """One element per unwritten policy, one at most per payer and procedure."""

    payer: Ints
    procedure: Ints
    family: Ints  # of diagnoses, into the families of the book
    reason: Ints
    start: Ints  # first day of service
    odds: Floats  # factor on the odds of denial


@dataclass
class Behaviour:
    """What moves the chances of denial, by payer; a reason is a number into ``reasons``."""

    reasons: Reasons
    effects: Effects
    policies: Policies
    strictness: Floats  # factor on the odds of denial by payer and rule, 1 at least
    rule_reasons: Ints  # by rule

    @classmethod
    def none(cls, reasons: Reasons) -> Behaviour:
        """Payers that differ by nothing but how often they deny."""
        no, odds = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(reasons, Effects(no, no, no, odds, no), Policies(no, no, no, no, no, odds), odds, no)


def behave(world: World, book: Book, pairs: tuple[Ints, Ints], *, effects: bool) -> Behaviour:
    """Choose the pairs, the unwritten policies and the strictness of each payer; none without ``effects``."""
    catalogue, reasons = world.catalogue, Reasons.of(world.catalogue)
    if not effects:
        return Behaviour.none(reasons)
    moved = _effects(world, book, pairs, reasons.among(rows("effects")))
    policies = _policies(world, book, pairs, reasons.among(rows("policies")))
    odds = np.array([[TIERS[tier] for tier in row] for row in tiers(catalogue)])
    strictness = np.maximum(_relative(odds, catalogue.payer_number("odds")[:, None]), 1.0)
    return Behaviour(reasons, moved, policies, strictness, reasons.among(catalogue.rule_rows))


def tiers(catalogue: Catalogue) -> list[list[str]]:
    """strict, medium or lenient, by payer and rule."""
    return [[row[payer] for row in catalogue.rule_rows] for payer in catalogue.payers]


def _relative(odds: Floats | float, own: Floats) -> Floats:
    """Factor that brings a payer's own odds to ``odds``, to two digits."""
    return np.round(odds / own * 100.0) / 100.0


def _effects(world: World, book: Book, pairs: tuple[Ints, Ints], reasons: Ints) -> Effects:
    """Choose the pairs that each payer treats differently, among frequent candidates (effects.csv)."""
    catalogue, (line, code) = world.catalogue, pairs
    payers, procedures, width = len(catalogue.payers), len(catalogue.hcpcs), len(book.codes)
    cell = book.payer * procedures + book.lines.procedure
    counts = np.bincount(cell[line] * width + code, minlength=payers * procedures * width)
    counts = counts.reshape(payers, procedures, width)
    totals = np.bincount(cell, minlength=payers * procedures).reshape(payers, procedures)
    candidates = [
        (catalogue.procedures[row["hcpcs_code"]], book.codes.index(row["diagnosis_code"]), reason)
        for row, reason in zip(rows("effects"), reasons.tolist(), strict=True)
    ]
    found: list[tuple[int, int, int, float, int]] = []
    for payer in range(payers):
        taken: set[tuple[int, int]] = set()
        for name, wanted, among, share, low, high in EFFECTS:
            fitting = sorted(
                (-int(counts[payer, p, c]), p, c, reason)
                for p, c, reason in candidates
                if 0 < counts[payer, p, c] <= share * totals[payer, p] and (p, c) not in taken
            )[:among]
            uniform = world.draws("effects", (len(candidates), 2)).tolist()
            before = len(taken)
            for (_, p, c, reason), (_, u) in sorted(
                zip(fitting, uniform, strict=False), key=lambda item: item[1][0]
            ):
                if len(taken) - before == wanted:
                    break
                if name == "protective" or sum(other == p for other, _ in taken) < PER_PROCEDURE:
                    found.append((payer, p, c, low + (high - low) * (u * u if low > 1 else u), reason))
                    taken.add((p, c))
    table = sorted(found)
    payer_of, procedure, diagnosis, reason_of = (
        np.array([row[i] for row in table], dtype=np.int64) for i in (0, 1, 2, 4)
    )
    odds = np.round(np.array([row[3] for row in table], dtype=np.float64) * 100.0) / 100.0
    return Effects(payer_of, procedure, diagnosis, odds, reason_of)


def _policies(world: World, book: Book, pairs: tuple[Ints, Ints], reasons: Ints) -> Policies:
    """One unwritten policy for each payer but the smallest, on a combination that is frequent there.

    Candidates are those of policies.csv, whose reasons are ``reasons``: none is a candidate of a pair effect. They
    begin on the first day of a month, spread from the first quarter of the simulated years until five months
    before they end, those of small payers earlier: their lines are fewer. A payer without lines of any candidate
    has none.
    """
    catalogue, draws, years = world.catalogue, world.draws, world.years
    size = len(catalogue.payers)
    share = np.bincount(book.payer, minlength=size)
    large = np.argsort(np.argsort(share, kind="stable"), kind="stable")
    order = np.argsort(draws("policy payers", size) + (large > size // 2) + 2.0 * (large == 0), kind="stable")
    chosen, uniform = draws("policy", size), draws("policy start", size)
    months = 12 * len(years)
    low, high = months // 4, months - MONTHS_LEFT
    first = np.datetime64(f"{years[0]:04d}-01", "M")
    procedures = np.array([catalogue.procedures[row["hcpcs_code"]] for row in rows("policies")])
    names = families(book)[0]
    wanted = np.array([names.index(row["diagnosis_family"]) for row in rows("policies")])
    found = []
    fitting = list(_fitting(book, pairs, procedures, wanted))
    for place, payer in enumerate(order[:-1].tolist()):
        month = low + int((place + uniform[payer]) * (high - low + 1) / (size - 1))
        start = int((first + month).astype("datetime64[D]").astype(np.int64))
        best = fitting[payer][:AMONG]
        if best.size:
            found.append((payer, best[int(chosen[payer] * best.size)], start))
    payers, index, start_of = np.array(sorted(found), dtype=np.int64).reshape(-1, 3).T
    odds = _relative(POLICY_ODDS, catalogue.payer_number("odds")[payers])
    return Policies(payers, procedures[index], wanted[index], reasons[index], start_of, odds)


def _fitting(book: Book, pairs: tuple[Ints, Ints], procedures: Ints, wanted: Ints) -> Iterator[Ints]:
    """For each payer the candidates that have lines there, but not too many, the most frequent first."""
    names, of_code = families(book)
    width, size = len(names), len(book.catalogue.hcpcs)
    # Each family of a line's diagnoses once.
    key = np.unique(pairs[0] * width + of_code[pairs[1]])
    line, family = key // width, key % width
    payer_of, procedure_of = book.payer, book.lines.procedure
    for payer in range(len(book.catalogue.payers)):
        mine = payer_of == payer
        hit = mine[line]
        key = procedure_of[line[hit]] * width + family[hit]
        counts = np.bincount(key, minlength=size * width)[procedures * width + wanted]
        whole = np.bincount(procedure_of[mine], minlength=size)[procedures]
        most = np.minimum(MOST_OF_PAYER * mine.sum(), MOST_OF_PROCEDURE * whole)
        right = np.flatnonzero((counts > 0) & (counts <= most))
        yield right[np.argsort(-counts[right], kind="stable")]


def families(book: Book) -> tuple[list[str], Ints]:
    """Families of diagnoses, and that of every code of the book."""
    found: dict[str, int] = {}
    of_code = np.array([found.setdefault(code[:FAMILY_LENGTH], len(found)) for code in book.codes])
    return list(found), of_code
