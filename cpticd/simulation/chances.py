"""Chances: how likely each line is to be denied, and the one draw that denies it.

The chance depends on payer, place, procedure and quarter; what the payer's behaviour says of the line moves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cpticd.simulation.behaviour import Behaviour, Effects, families
from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import numbers, rows, weights
from cpticd.simulation.dates import months
from cpticd.simulation.insurers import packages
from cpticd.simulation.streams import cumulative
from cpticd.simulation.vectors import Bools, Floats, Ints, Rows, group_starts
from cpticd.simulation.world import World

LEVELS = ("payer x procedure", "procedure", "provider")
DRIVERS = ("base", "pair", "rule", "policy", "habit", *LEVELS, "course", "spell", "gap")
BASE, PAIR, RULE, POLICY, HABIT = range(5)
COURSE, SPELL, GAP = range(HABIT + 1 + len(LEVELS), len(DRIVERS))
#: Chance of denial of a line that is refused with all of its course, spell or gap.
REFUSED = 0.97


@dataclass
class Chances(Rows):
    """One element per line."""

    base: Floats  # of denial, by payer, place, procedure and quarter alone
    denial: Floats  # of denial
    driver: Ints  # what moved it, into DRIVERS
    special: Ints  # reason of the pair, policy or rule, −1 none
    denied: Bools  # one independent draw with that chance

    def drawn(self, world: World, stream: str) -> Chances:
        """These lines with a draw of their own."""
        return replace(self, denied=world.draws(stream, self.denial.size) < self.denial)


@dataclass
class Moved(Rows):
    """One element per line: what circumstances make of its chance, whatever its diagnosis is."""

    odds: Floats  # factor on the odds of denial
    driver: Ints  # what moved it most, into DRIVERS
    special: Ints  # reason of that, −1 none

    def raise_odds(self, which: Bools, odds: float, level: int, reason: int) -> None:
        """Lines of which more is denied; of two drivers the later one is named."""
        self.odds[which] *= odds
        self.driver[which], self.special[which] = HABIT + 1 + level, reason

    def refuse(self, which: Bools, driver: int, reason: Ints) -> None:
        """Lines that are refused together."""
        self.driver[which], self.special[which] = driver, reason[which]


def weigh(
    world: World, book: Book, pairs: tuple[Ints, Ints], behaviour: Behaviour, moved: Moved | None = None
) -> Chances:
    """Chance of denial of every line, and whether it is denied.

    A line that breaks a rule is judged by the payer's strictness there; another by the unwritten policy that it
    falls under; another by the strongest of its planted pair effects. ``moved`` multiplies the odds that come of it,
    and what is refused with its cluster is refused, whatever else is planted on it.
    """
    odds = _base_odds(world, book)
    base = odds / (1.0 + odds)
    found = Chances(base, base, *(np.full(odds.size, item) for item in (BASE, -1, False)))
    if behaviour.strictness.size:
        _move(found, odds, book, pairs, behaviour)
    if moved is not None:
        _befall(found, moved)
    return found.drawn(world, "denied")


def _befall(chances: Chances, moved: Moved) -> None:
    """What circumstances make of the chances."""
    odds = chances.denial / (1.0 - chances.denial) * moved.odds
    together = moved.driver >= COURSE
    chances.denial = np.where(together, REFUSED, odds / (1.0 + odds))
    named = together | (chances.driver == BASE)
    chances.driver = np.where(named, moved.driver, chances.driver)
    chances.special = np.where(named, moved.special, chances.special)


def _move(chances: Chances, odds: Floats, book: Book, pairs: tuple[Ints, Ints], behaviour: Behaviour) -> None:
    """What the payers' behaviour makes of the chances."""
    effects, policies, rule = behaviour.effects, behaviour.policies, book.lines.rule
    factor, special, driver = np.ones(odds.size), chances.special, chances.driver
    target, effect = _strongest(effects, book, pairs)
    factor[target], driver[target] = effects.odds[effect], PAIR
    special[target] = np.where(effects.odds[effect] > 1.0, effects.reason[effect], -1)
    policy = _policy(behaviour, book, pairs)
    under = np.flatnonzero(policy >= 0)
    factor[under], driver[under] = policies.odds[policy[under]], POLICY
    special[under] = policies.reason[policy[under]]
    broken = np.flatnonzero(rule >= 0)
    factor[broken], driver[broken] = behaviour.strictness[book.payer[broken], rule[broken]], RULE
    special[broken] = behaviour.rule_reasons[rule[broken]]
    raised = odds * factor
    chances.denial = raised / (1.0 + raised)


def draw_reasons(world: World, book: Book, chances: Chances, index: Ints) -> Ints:
    """Reason of denial of the denied lines ``index``.

    Where an effect raises the chance, its own reason answers for the part of the chance that it adds; the others
    follow causes.csv, which leans towards some reasons by family of procedures.
    """
    catalogue, draws = world.catalogue, world.draws
    family = catalogue.family[book.lines.procedure[index]]
    weight = numbers(catalogue.cause_rows, "weight")
    leanings = [weights(row["tilt"]) for row in catalogue.cause_rows]
    uniform = draws("cause", index.size)
    found = np.zeros(index.size, dtype=np.int64)
    for f, name in enumerate(catalogue.families):
        mine = np.flatnonzero(family == f)
        lean = np.array([leaning.get(name, 1.0) for leaning in leanings])
        found[mine] = np.searchsorted(cumulative(weight * lean)[:-1], uniform[mine], side="right")
    extra = 1.0 - chances.base[index] / chances.denial[index]
    extra[chances.driver[index] >= COURSE] = 1.0
    special = chances.special[index]
    found = np.where((special >= 0) & (draws("own cause", index.size) < extra), special, found)
    return _denying(book, index, found)


def _denying(book: Book, index: Ints, reason: Ints) -> Ints:
    """Reasons that deny: others where CARC 97 would say that a service is packaged, 24 that it is paid by the month."""
    carcs = [row["carc"] for row in book.catalogue.cause_rows]
    medicare = (book.catalogue.payer_kinds == "ffs")[book.payer[index]]
    for carc, instead, other in (("97", "234", packages(book)[index]), ("24", "27", ~medicare)):
        reason = np.where((reason == carcs.index(carc)) & other, carcs.index(instead), reason)
    return reason


def _base_odds(world: World, book: Book) -> Floats:
    """Odds of denial given payer, place, procedure and quarter of service, and nothing else."""
    catalogue, lines = world.catalogue, book.lines
    payer, place = book.payer, book.claims.place[lines.claim]
    quarter = np.maximum((months(lines.start) - (world.years[0] - 1970) * 12) // 3, 0)
    size = len(catalogue.payers)
    by_place = np.tile(numbers(rows("places"), "odds"), (size, 1))
    by_family = np.ones((size, len(catalogue.families)))
    by_quarter = np.ones((size, int(quarter.max(initial=0)) + 1))
    for i, row in enumerate(catalogue.payer_rows):
        for code, factor in weights(row["places"]).items():
            by_place[i, catalogue.places.index(code)] *= factor
        for name, factor in weights(row["families"]).items():
            by_family[i, catalogue.families.index(name)] = factor
        for start, factor in weights(row["drift"]).items():
            by_quarter[i, int(start) :] *= factor
    own = catalogue.payer_number("odds")[payer]
    code_odds = numbers(catalogue.procedure_rows, "odds")[lines.procedure]
    family = by_family[payer, catalogue.family[lines.procedure]]
    return own * by_place[payer, place] * family * code_odds * by_quarter[payer, quarter]


def _strongest(effects: Effects, book: Book, pairs: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Lines with a planted pair and the effect that counts.

    The strongest of a line; a protective one only where no other raises the odds.
    """
    line, code = pairs
    width, procedures = len(book.codes), len(book.catalogue.hcpcs)
    keys = (effects.payer * procedures + effects.procedure) * width + effects.code
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    wanted = (book.payer[line] * procedures + book.lines.procedure[line]) * width + code
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    hit = np.flatnonzero(keys[at] == wanted) if keys.size else at[:0]
    effect, target = order[at[hit]], line[hit]
    sort = np.lexsort((effect, -effects.odds[effect], target))
    target, effect = target[sort], effect[sort]
    best = group_starts(target)
    return target[best], effect[best]


def _policy(behaviour: Behaviour, book: Book, pairs: tuple[Ints, Ints]) -> Ints:
    """Policy that each line falls under, −1 none: its payer, procedure, date and any diagnosis of its pairs."""
    lines, payer = book.lines, book.payer
    found = np.full(lines.size, -1)
    line, family = pairs[0], families(book)[1][pairs[1]]
    policies = behaviour.policies
    for i, wanted in enumerate(policies.family.tolist()):
        hit = line[family == wanted]
        hit = hit[(payer[hit] == policies.payer[i]) & (lines.procedure[hit] == policies.procedure[i])]
        found[hit[lines.start[hit] >= policies.start[i]]] = i
    return found
