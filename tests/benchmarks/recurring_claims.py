"""Claims whose lines depend on one another, with known effects; by another hand than ``cpticd.simulation``.

    from tests.benchmarks.recurring_claims import make

    tables, truth = make("therapy", seed=1, lines=150_000, effects=True)
    claims = cx.read_tables(**tables, progress=False)

Plain numpy and pandas; no code, table or assumption is shared with the package. A line's chance of a denial is a base
(payer, procedure, place, drift of the payer; in "habits" and "mixed" the provider), on the logit, plus the logarithms
of the odds ratios of the planted effects that apply to it. A part of that chance falls on all lines of a cluster at
once (the course, the claim, the claim-month, the person's benefit year, the spell, the provider's gap); the rest is
drawn line by line, correlated within the person and the claim. No cluster knows the diagnosis: **a pair is false where
no effect of level "pair" is planted on its own payer x procedure x diagnosis**, whatever its clusters did to it. What
a line's other pointers bring to it is a fact of those pairs (``World.pairs``: ``own`` and ``others``, in log odds).

``draw`` gives the same with what a benchmark needs besides: each line's chance, and outcomes drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from tests.benchmarks import recurring_services as services
from tests.benchmarks.recurring_effects import PAYERS, plant, truth_of
from tests.benchmarks.recurring_services import DAYS, Services

FIRST_DAY: Final = np.datetime64("2024-01-01")
#: Share of a scenario's lines by kind of service; the rest are single visits ("ordinary").
KINDS: Final[dict[str, dict[str, float]]] = {
    "independent": {},
    "therapy": {"therapy": 0.7},
    "dialysis": {"dialysis": 0.7},
    "behavioral": {"behavioral": 0.7},
    "eligibility": {},
    "credentialing": {},
    "habits": {},
    "mixed": {"therapy": 0.2, "dialysis": 0.12, "behavioral": 0.18},
}
SCENARIOS: Final = tuple(KINDS)
#: What part of a payer's usual denials a cluster takes, by scenario, or by kind of service in all that have it.
SPELLS: Final = {"eligibility": 0.75, "mixed": 0.15}
GAPS: Final = {"credentialing": 0.75, "mixed": 0.15}
#: Standard deviation of the providers' habits, on the logit.
HABITS: Final = {"habits": 0.8, "mixed": 0.35}
#: Correlation of what is drawn line by line, within the person and within the claim.
LOOSE: Final = {
    "ordinary": (0.0, 0.15),
    "therapy": (0.2, 0.2),
    "dialysis": (0.1, 0.4),
    "behavioral": (0.3, 0.1),
}
SPELL_DAYS, GAP_MONTHS = 70, 5


@dataclass
class Shock:
    """A cause that denies all lines of a cluster: each cluster's chance, or its lines' beyond a limit."""

    cluster: np.ndarray  # of each line; -1: none
    chance: np.ndarray  # of each line, over all that the cluster could have met
    carcs: tuple[str, ...]
    hits: Any  # rng -> which lines are hit
    is_gap: bool = False


@dataclass
class World:
    """Everything of a run: tables to read, what is planted, and what a benchmark asks besides."""

    scenario: str
    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    #: One row per line: keys, denied, chance (over clusters, providers as they are), chance_in_gaps (gaps as they were
    #: too), base (chance without planted effects).
    lines: pd.DataFrame
    #: One row per line and diagnosis: line (row of ``lines``), diagnosis_code, own, others (log odds of planted pairs).
    pairs: pd.DataFrame
    #: Whether providers differ in any case, by habit or by gaps at a payer.
    habits: bool
    _again: Any = field(repr=False)

    def redraw(self, seed: int) -> np.ndarray:
        """Outcomes of the same services and providers with other luck: whether each line is denied."""
        return np.asarray(self._again(np.random.default_rng([seed, 99]))[0])


def make(
    scenario: str, seed: int, lines: int = 150_000, effects: bool = False
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Tables for ``cx.read_tables`` and one row per planted effect: level, keys, odds_ratio, since, carc, lines, persons."""
    world = draw(scenario, seed, lines, effects)
    return world.tables, world.truth


def draw(scenario: str, seed: int, lines: int = 150_000, effects: bool = False) -> World:
    """The world of a scenario, of which services and providers are the same with and without effects."""
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    key = [seed, SCENARIOS.index(scenario)]
    s = services.draw(np.random.default_rng([*key, 1]), scenario, KINDS[scenario], lines)
    rng = np.random.default_rng([*key, 2])
    payer = _payers(rng, s)
    eta, habit = _base(rng, s, payer, HABITS.get(scenario, 0.0))
    planted = plant(np.random.default_rng([*key, 3]), s, payer, effects)
    shocks = _shocks(s, payer, expit(eta), scenario)
    base, taken = expit(eta + habit), 1 - _none(s, [_usual(x, payer, s) for x in shocks])
    loose = np.clip(1 - (1 - expit(logit(base) + planted.log_odds)) / (1 - taken), 0, 0.98)
    loose_base = np.clip(1 - (1 - base) / (1 - taken), 0, 0.98)
    free = _none(s, [x.chance for x in shocks])

    def outcomes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        hits = [x.hits(rng) for x in shocks]
        own = _normal(rng, s, scenario) < ndtri(loose)
        return np.any([own, *hits], axis=0), own, hits

    denied, _, hits = outcomes(np.random.default_rng([*key, 4]))
    in_gap = np.any(
        [h for x, h in zip(shocks, hits, strict=True) if x.is_gap] or [np.zeros(len(s), bool)], axis=0
    )
    outside = _none(s, [x.chance for x in shocks if not x.is_gap])
    rng = np.random.default_rng([*key, 5])
    carc = _carcs(rng, shocks, hits, planted, loose_base / np.maximum(loose, 1e-9))
    names = _names(s, payer)
    frame = names.assign(
        denied=denied,
        chance=1 - free * (1 - loose),
        chance_in_gaps=np.where(in_gap, 1.0, 1 - outside * (1 - loose)),
        base=1 - free * (1 - loose_base),
    )
    tables = _tables(rng, s, names, denied, carc)
    return World(
        scenario,
        tables,
        truth_of(planted, s, payer, FIRST_DAY),
        frame,
        planted.pairs,
        scenario in {*HABITS, *GAPS},
        outcomes,
    )


def _none(s: Services, chances: list[np.ndarray]) -> np.ndarray:
    """The chance that none of independent causes hits a line."""
    return np.asarray(np.prod([np.ones(len(s)), *(1 - chance for chance in chances)], axis=0))


def _payers(rng: np.random.Generator, s: Services) -> np.ndarray:
    """Each line's payer: that of its person."""
    shares = np.array([0.27, 0.21, 0.16, 0.13, 0.1, 0.08, 0.05])
    return rng.choice(len(PAYERS), s.persons, p=shares)[s.person]


def _base(
    rng: np.random.Generator, s: Services, payer: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds by payer, procedure, place and drift of the payer, none of which interact; and of the provider."""
    of_payer = logit(rng.permutation([0.05, 0.065, 0.08, 0.09, 0.105, 0.12, 0.14]))
    of_procedure = rng.normal(0, 0.25, len(services.PROCEDURES))
    of_place = {place: rng.normal(0, 0.15) for place in ("10", "11", "22", "65")}
    drift = rng.normal(0, 0.15, len(PAYERS))
    eta = of_payer[payer] + of_procedure[s.procedure] + drift[payer] * (s.day / DAYS - 0.5)
    eta = eta + pd.Series(s.place).map(of_place).to_numpy(float)
    return eta, rng.normal(0, 1, len(services.PROVIDERS))[s.provider] * spread


def _shocks(s: Services, payer: np.ndarray, base: np.ndarray, scenario: str) -> list[Shock]:
    """The causes that deny whole clusters in this scenario."""
    month, year = s.person * 24 + s.day * 24 // DAYS, s.person * 2 + s.day * 2 // DAYS
    provider = s.provider * len(PAYERS) + payer

    def level(kind: str | None, share: float) -> np.ndarray:
        """The chance of a payer's cluster: a share of what its least denied lines of the kind have."""
        mask = (s.kind == kind).to_numpy() if kind else np.ones(len(s), bool)
        low = pd.Series(base[mask]).groupby(payer[mask]).quantile(0.1).reindex(range(len(PAYERS))).fillna(0)
        return np.where(mask, share * low.to_numpy()[payer], 0.0)

    found = []
    if (s.kind == "therapy").any():
        found.append(_whole(s.course, level("therapy", 0.45), ("197",)))
        found.append(_limit(s.course, level("therapy", 0.3), s.ordinal, (4, 22)))
    if (s.kind == "dialysis").any():
        found.append(_whole(s.claim, level("dialysis", 0.4), ("29", "197")))
        found.append(_whole(month, level("dialysis", 0.35), ("31",)))
    if (s.kind == "behavioral").any():
        found.append(_limit(year, level("behavioral", 0.55), s.ordinal, (10, 40)))
    if share := SPELLS.get(scenario):
        found.append(_interval(s.person, level(None, share), s.day, SPELL_DAYS, ("27",)))
    if share := GAPS.get(scenario):
        found.append(_interval(provider, level(None, share), s.day, GAP_MONTHS * 30, ("B7", "185")))
        found[-1].is_gap = True
    return found


def _whole(cluster: np.ndarray, chance: np.ndarray, carcs: tuple[str, ...]) -> Shock:
    """All lines of a cluster."""
    return Shock(cluster, chance, carcs, lambda rng: rng.random(cluster.max() + 1)[cluster] < chance)


def _limit(cluster: np.ndarray, level: np.ndarray, ordinal: np.ndarray, between: tuple[int, int]) -> Shock:
    """All lines of a cluster beyond a number of visits, drawn evenly between two; on average as often as ``level``."""
    low, high = between
    beyond = np.clip((ordinal - low) / (high - low + 1), 0, 1)
    limited = np.minimum(level / beyond[level > 0].mean(), 0.9)

    def hits(rng: np.random.Generator) -> np.ndarray:
        n = cluster.max() + 1
        return np.asarray(
            (rng.random(n)[cluster] < limited) & (ordinal > rng.integers(low, high + 1, n)[cluster])
        )

    return Shock(cluster, limited * beyond, ("119",), hits)


def _interval(
    cluster: np.ndarray, level: np.ndarray, day: np.ndarray, days: int, carcs: tuple[str, ...]
) -> Shock:
    """All lines of a cluster within some days, of which each day of the two years is equally likely."""
    ever = np.minimum(level * (DAYS + days) / days, 0.95)

    def hits(rng: np.random.Generator) -> np.ndarray:
        n = cluster.max() + 1
        start = rng.uniform(-days, DAYS, n)[cluster]
        return np.asarray((rng.random(n)[cluster] < ever) & (day >= start) & (day < start + days))

    return Shock(cluster, ever * days / (DAYS + days), carcs, hits)


def _usual(shock: Shock, payer: np.ndarray, s: Services) -> np.ndarray:
    """A shock's chance as an average over the payer's lines of the kind, without regard to how late a visit is."""
    return pd.Series(shock.chance).groupby([s.kind, payer]).transform("mean").to_numpy()


def _normal(rng: np.random.Generator, s: Services, scenario: str) -> np.ndarray:
    """One standard normal number a line, correlated within the person and the claim."""
    person = s.kind.map({k: v[0] for k, v in LOOSE.items()}).to_numpy(float)
    claim = s.kind.map({k: v[1] for k, v in LOOSE.items()}).to_numpy(float)
    if scenario == "independent":
        person, claim = np.zeros(len(s)), np.zeros(len(s))
    of_person, of_claim = rng.normal(size=s.persons)[s.person], rng.normal(size=s.claim.max() + 1)[s.claim]
    own = rng.normal(size=len(s))
    return np.sqrt(person) * of_person + np.sqrt(claim) * of_claim + np.sqrt(1 - person - claim) * own


#: Reasons of denials that nothing planted causes; about one in seven concerns the diagnosis.
_REASONS: Final = {
    "197": 0.2, "22": 0.14, "29": 0.1, "18": 0.1, "97": 0.12, "151": 0.08, "4": 0.06, "204": 0.06, "50": 0.08, "11": 0.06,
}  # fmt: skip


def _carcs(rng: np.random.Generator, shocks, hits, planted, usual: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """The reason of each line, were it denied: its cluster's, that of a planted effect, or any."""
    total = sum(_REASONS.values())
    carc = rng.choice(list(_REASONS), len(usual), p=[share / total for share in _REASONS.values()]).astype(
        object
    )
    by_effect = (planted.log_odds > 0) & (rng.random(len(usual)) > usual)
    carc[by_effect] = planted.carc[by_effect]
    for shock, hit in zip(shocks, hits, strict=True):
        which = rng.integers(0, len(shock.carcs), shock.cluster.max() + 1)[shock.cluster]
        carc[hit] = np.array(shock.carcs, object)[which[hit]]
    return np.asarray(carc)


def _named(prefix: str, numbers: np.ndarray, width: int) -> np.ndarray:
    return np.array([f"{prefix}{i:0{width}d}" for i in range(int(numbers.max()) + 1)], object)[numbers]


def _names(s: Services, payer: np.ndarray) -> pd.DataFrame:
    """One row per line: its keys as the tables have them."""
    return pd.DataFrame(
        {
            "claim_id": _named("R", s.claim, 7),
            "claim_line_number": pd.Series(s.claim).groupby(s.claim).cumcount().to_numpy() + 1,
            "person_id": _named("P", s.person, 6),
            "payer": np.array(PAYERS, object)[payer],
            "billing_npi": np.array(services.PROVIDERS, object)[s.provider],
            "place": s.place,
            "hcpcs_code": np.array(services.PROCEDURES, object)[s.procedure],
            "day": FIRST_DAY + s.day.astype("timedelta64[D]"),
        }
    )


def _tables(
    rng: np.random.Generator, s: Services, names: pd.DataFrame, denied: np.ndarray, carc: np.ndarray
) -> dict[str, pd.DataFrame]:
    """The tables as ``cx.read_tables`` takes them, each claim with the one answer that it got."""
    price = rng.lognormal(4.6, 0.5, len(services.PROCEDURES))[s.procedure]
    cents = np.round(price * rng.uniform(0.9, 1.1, s.claim.max() + 1)[s.claim] * 100).astype("int64")
    allowed = np.where(denied, 0, (cents * 0.6).astype("int64"))
    share = np.where(denied, 0, allowed // 10)
    institutional = (s.kind == "dialysis").to_numpy()
    line = names[["claim_id", "claim_line_number", "hcpcs_code"]].assign(charge_amount=cents / 100)
    day = names["day"]
    first = pd.Series(s.claim).drop_duplicates().index
    ends = pd.DataFrame(
        {"claim": s.claim, "day": day, "cents": cents, "paid": allowed - share, "share": share}
    )
    ends = ends.groupby("claim").agg(
        start=("day", "min"),
        end=("day", "max"),
        cents=("cents", "sum"),
        paid=("paid", "sum"),
        share=("share", "sum"),
    )
    received = ends["end"].to_numpy() + rng.integers(1, 8, len(ends)).astype("timedelta64[D]")
    claims = names.loc[first, ["claim_id", "person_id", "payer", "billing_npi"]].assign(
        claim_type=np.where(institutional[first], "institutional", "professional"),
        place_of_service_code=np.where(institutional[first], None, names.loc[first, "place"]),
        bill_type_code=np.where(institutional[first], "721", None),
        claim_start_date=ends["start"].to_numpy(), claim_end_date=ends["end"].to_numpy(), received_date=received,
        charge_amount=ends["cents"].to_numpy() / 100,
    )  # fmt: skip
    adjudications = claims[["claim_id", "payer", "charge_amount"]].assign(
        adjudication_number=1, claim_status_code="1",
        paid_date=received + rng.integers(9, 40, len(ends)).astype("timedelta64[D]"),
        paid_amount=ends["paid"].to_numpy() / 100, patient_responsibility_amount=ends["share"].to_numpy() / 100,
    )  # fmt: skip
    payments = line.assign(
        adjudication_number=1, allowed_amount=allowed / 100, paid_amount=(allowed - share) / 100
    )
    return {
        "claims": claims,
        "lines": line.assign(claim_line_start_date=day, claim_line_end_date=day, service_unit_quantity=1,
                             rendering_npi=names["billing_npi"]),
        "diagnoses": services.diagnosis_table(s, names["claim_id"].to_numpy()),
        "pointers": services.pointer_table(s, names),
        "adjudications": adjudications,
        "line_payments": payments,
        "adjustments": _adjustments(line, carc, pd.DataFrame({"cents": cents, "allowed": allowed, "share": share})),
    }  # fmt: skip


def _adjustments(line: pd.DataFrame, carc: np.ndarray, money: pd.DataFrame) -> pd.DataFrame:
    """Denied lines: all of the charge by the reason; others: contractual write-off and patient's coinsurance."""
    key = line[["claim_id", "claim_line_number"]].assign(adjudication_number=1)
    denied = (money["allowed"] == 0).to_numpy()
    rows = (
        (denied, 1, "CO", carc[denied], money["cents"]),
        (~denied, 1, "CO", "45", money["cents"] - money["allowed"]),
        (~denied, 2, "PR", "2", money["share"]),
    )
    return pd.concat(
        [
            key[of].assign(adjustment_position=n, group_code=group, carc=code, amount=cents[of] / 100)
            for of, n, group, code, cents in rows
        ],
        ignore_index=True,
    )
