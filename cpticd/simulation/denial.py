"""Which lines are denied: a base chance per stratum, planted effects, violations, one draw per line."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from cpticd.simulation.assembly import Book
from cpticd.simulation.catalogue import Catalogue, rows, weights
from cpticd.simulation.draws import Bools, Draws, Floats, Ints, cumulative, group_starts
from cpticd.simulation.policies import Policies, plant_policies, policy_of_lines, strictness

#: Odds of denial by place of service or bill type, beside each payer's own.
PLACE_ODDS = {
    "10": 1.2,
    "11": 0.9,
    "12": 1.2,
    "19": 1.15,
    "20": 1.1,
    "21": 0.9,
    "22": 1.05,
    "23": 1.1,
    "31": 1.1,
    "32": 1.2,
    "60": 0.7,
    "65": 0.8,
    "81": 0.95,
    "111": 1.2,
    "131": 1.0,
    "851": 0.9,
    "721": 0.7,
}
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


@dataclass
class Effects:
    """One element per planted pair."""

    payer: Ints
    procedure: Ints
    code: Ints
    odds: Floats
    cause: Ints  # into Causes


@dataclass
class Causes:
    """Reasons for denial: those of the catalogue first, then those of rules and pairs."""

    carc: list[str]
    rarc: list[str]
    group: list[str]
    overturn: Floats  # chance that a rework is paid

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


@dataclass
class Chances:
    """Chances and causes of every line."""

    base: Floats
    denial: Floats
    driver: Ints  # into DRIVERS
    special: Ints  # cause of the pair, policy or rule, −1 none

    def take(self, index: Ints) -> Chances:
        return Chances(*(getattr(self, item.name)[index] for item in fields(self)))

    def and_then(self, other: Chances) -> Chances:
        names = [item.name for item in fields(self)]
        return Chances(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


DRIVERS = ("base", "pair", "rule", "policy")
BASE, PAIR, RULE, POLICY = range(4)


@dataclass
class Planted:
    """What moves the chances of denial."""

    effects: Effects
    policies: Policies
    strictness: Floats  # factor on the odds by payer and rule
    rule_causes: Ints  # cause by rule


def causes(catalogue: Catalogue) -> Causes:
    """The reasons of the catalogue."""
    rows = catalogue.cause_rows
    return Causes(
        [row["carc"] for row in rows],
        [row["rarc"] for row in rows],
        [row["group"] for row in rows],
        np.array([float(row["overturn"]) for row in rows]),
    )


def quarters(days: Ints, first_year: int) -> Ints:
    """Quarters since the start of ``first_year``."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (months - (first_year - 1970) * 12) // 3


def base_odds(catalogue: Catalogue, book: Book, first_year: int) -> Floats:
    """Odds of denial given payer, place, procedure and quarter, and nothing else."""
    lines, claims = book.lines, book.claims
    payer, place = claims.payer[lines.claim], claims.place[lines.claim]
    quarter = np.maximum(quarters(lines.start, first_year), 0)
    strict = catalogue.payer_rows
    by_place = np.array([[PLACE_ODDS.get(code, 1.0) for code in book.places]] * len(strict))
    by_family = np.ones((len(strict), len(catalogue.families)))
    by_quarter = np.ones((len(strict), int(quarter.max(initial=0)) + 1))
    for i, row in enumerate(strict):
        for place_code, factor in weights(row["places"]).items():
            by_place[i, book.places.index(place_code)] *= factor
        for name, factor in weights(row["families"]).items():
            by_family[i, catalogue.families.index(name)] = factor
        for start, factor in weights(row["drift"]).items():
            by_quarter[i, int(start) :] *= factor
    own = np.array([float(row["odds"]) for row in strict])[payer]
    code = np.array([float(row["odds"]) for row in catalogue.procedure_rows])[lines.procedure]
    family = by_family[payer, catalogue.family[lines.procedure]]
    odds: Floats = own * by_place[payer, place] * family * code * by_quarter[payer, quarter]
    return odds


def pair_keys(book: Book) -> tuple[Ints, Ints]:
    """(line, diagnosis code) of every pair; on institutional claims each line goes with each diagnosis."""
    lines, rows = book.lines, book.diagnoses
    start = np.searchsorted(rows.claim, np.arange(book.claims.person.size + 1))
    first, count = start[lines.claim], (start[1:] - start[:-1])[lines.claim]
    inside = (lines.pointers > 0) & (lines.pointers <= count[:, None])
    line, column = np.nonzero(inside)
    code = rows.code[first[line] + lines.pointers[line, column] - 1]
    whole = np.flatnonzero(book.claims.institutional[lines.claim])
    repeated = np.repeat(whole, count[whole])
    step = np.arange(repeated.size) - np.repeat(np.cumsum(count[whole]) - count[whole], count[whole])
    every = rows.code[first[repeated] + step]
    line, code = np.concatenate([line, repeated]), np.concatenate([code, every])
    names: dict[str, int] = {}
    same = np.array([names.setdefault(text, i) for i, text in enumerate(book.codes)])
    return line, same[code]


def plant_effects(
    catalogue: Catalogue, draws: Draws, book: Book, pairs: tuple[Ints, Ints], reasons: Causes
) -> Effects:
    """Choose the pairs that each payer treats differently, among frequent candidates of the catalogue."""
    line, code = pairs
    lines, claims = book.lines, book.claims
    width, payers = len(book.codes), len(catalogue.payers)
    procedures = len(catalogue.hcpcs)
    key = (claims.payer[lines.claim[line]] * procedures + lines.procedure[line]) * width + code
    counts = np.bincount(key, minlength=payers * procedures * width).reshape(payers, procedures, width)
    totals = np.bincount(
        claims.payer[lines.claim] * procedures + lines.procedure, minlength=payers * procedures
    ).reshape(payers, procedures)
    candidates = [
        (
            catalogue.procedures[row["hcpcs_code"]],
            book.codes.index(row["diagnosis_code"]),
            reasons.index(row["carc"], row["rarc"]),
        )
        for row in rows("effects")
    ]
    found: list[tuple[int, int, int, float, int]] = []
    for payer in range(payers):
        taken: set[tuple[int, int]] = set()
        for name, wanted, among, share, low, high in EFFECTS:
            fitting = [
                (-int(counts[payer, p, c]), p, c, cause)
                for p, c, cause in candidates
                if 0 < counts[payer, p, c] <= share * totals[payer, p] and (p, c) not in taken
            ]
            uniform = draws("effects", (len(candidates), 2))
            ranked = sorted(fitting)[:among]
            before = len(taken)
            order = sorted(range(len(ranked)), key=lambda i: (float(uniform[i, 0]), i))
            for i in order:
                _, p, c, cause = ranked[i]
                if len(taken) - before == wanted:
                    break
                if sum(other == p for other, _ in taken) >= PER_PROCEDURE and name != "protective":
                    continue
                u = float(uniform[i, 1])
                found.append((payer, p, c, low + (high - low) * (u * u if low > 1 else u), cause))
                taken.add((p, c))
    columns = list(zip(*sorted(found), strict=True)) or [()] * 5
    ints = [np.array(column, dtype=np.int64) for column in (*columns[:3], columns[4])]
    odds = np.round(np.array(columns[3], dtype=np.float64) * 100.0) / 100.0
    return Effects(ints[0], ints[1], ints[2], odds, ints[3])


def plant(
    catalogue: Catalogue,
    draws: Draws,
    book: Book,
    pairs: tuple[Ints, Ints],
    *,
    years: tuple[int, ...],
    reasons: Causes,
) -> Planted:
    """Everything that moves the chances: pair effects, unwritten policies, strictness by rule."""
    effects = plant_effects(catalogue, draws, book, pairs, reasons)

    def causes(table: list[dict[str, str]]) -> Ints:
        return np.array([reasons.index(row["carc"], row["rarc"]) for row in table], dtype=np.int64)

    policies = plant_policies(catalogue, draws, book, pairs, years=years, causes=causes(rows("policies")))
    return Planted(effects, policies, strictness(catalogue), causes(catalogue.rule_rows))


def chances(
    odds: Floats, book: Book, pairs: tuple[Ints, Ints], *, planted: Planted | None, rule: Ints
) -> Chances:
    """Chance of denial of every line.

    A line that breaks a rule (into the rules, −1 none) is judged by the payer's strictness there; another by the
    unwritten policy that it falls under; another by the strongest of its planted pair effects.
    """
    base = odds / (1.0 + odds)
    none = np.full(odds.size, -1)
    if planted is None:
        return Chances(base, base.copy(), none + 1, none)
    effects, policies = planted.effects, planted.policies
    factor, special, driver = np.ones(odds.size), none, none + 1
    target, effect = _strongest(effects, book, pairs)
    factor[target] = effects.odds[effect]
    special[target] = np.where(effects.odds[effect] > 1.0, effects.cause[effect], -1)
    driver[target] = PAIR
    policy = policy_of_lines(policies, book, pairs)
    under = np.flatnonzero(policy >= 0)
    factor[under], special[under] = policies.odds[policy[under]], policies.cause[policy[under]]
    driver[under] = POLICY
    broken = np.flatnonzero(rule >= 0)
    payer = book.claims.payer[book.lines.claim[broken]]
    factor[broken] = planted.strictness[payer, rule[broken]]
    special[broken] = planted.rule_causes[rule[broken]]
    driver[broken] = RULE
    raised = odds * factor
    return Chances(base, raised / (1.0 + raised), driver, special)


def _strongest(effects: Effects, book: Book, pairs: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Lines with a planted pair and the effect that counts.

    The strongest of a line; a protective one only where no other raises the odds.
    """
    line, code = pairs
    lines = book.lines
    width = len(book.codes)
    procedures = int(lines.procedure.max(initial=0)) + 1
    payer = book.claims.payer[lines.claim]
    keys = (effects.payer * procedures + effects.procedure) * width + effects.code
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    wanted = (payer[line] * procedures + lines.procedure[line]) * width + code
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    hit = np.flatnonzero(keys[at] == wanted) if keys.size else at[:0]
    effect = order[at[hit]]
    target = line[hit]
    sort = np.lexsort((effect, -effects.odds[effect], target))
    target, effect = target[sort], effect[sort]
    best = group_starts(target)
    return target[best], effect[best]


def draw_causes(catalogue: Catalogue, draws: Draws, book: Book, chance: Chances, index: Ints) -> Ints:
    """Reason of denial of the denied lines ``index``.

    Where an effect raises the chance, its own reason answers for the part of the chance that it adds.
    """
    family = catalogue.family[book.lines.procedure[index]]
    table = np.array([float(row["weight"]) for row in catalogue.cause_rows])
    uniform = draws("cause", index.size)
    found = np.zeros(index.size, dtype=np.int64)
    for f, name in enumerate(catalogue.families):
        mine = np.flatnonzero(family == f)
        tilt = np.array([weights(row["tilt"]).get(name, 1.0) for row in catalogue.cause_rows])
        found[mine] = np.searchsorted(cumulative(table * tilt)[:-1], uniform[mine], side="right")
    extra = 1.0 - chance.base[index] / chance.denial[index]
    own = (chance.special[index] >= 0) & (draws("own cause", index.size) < extra)
    return np.where(own, chance.special[index], found)


def draw_denials(draws: Draws, chance: Chances, name: str = "denied") -> Bools:
    """One independent draw per line."""
    return draws(name, chance.denial.size) < chance.denial
