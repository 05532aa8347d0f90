"""Which few diagnoses together tell claims with a service from claims without it that are alike: a small tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.arguments import whole
from cpticd.core.contract import attach, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By
from cpticd.core.session import Session
from cpticd.patterns import code_pairs
from cpticd.patterns.matched import EXCLUSIONS, MATCH, Grain, matched, service_codes

MOST_DEPTH: Final = 3
#: Diagnoses that a split may take: the commonest of claims with the service and of those without.
CANDIDATES: Final = 100
#: A split that takes less of what is left unexplained is not made.
LEAST_GAIN: Final = 0.005
COLUMNS: Final = (
    "rule", "claims", "persons", "without", "share_with", "share_with_low", "share_with_high", "share_without",
    "share_without_low", "share_without_high", "times",
)  # fmt: skip
#: Diagnoses that a claim has, and has not, of one leaf.
Rule = tuple[tuple[str, bool], ...]


def _facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person and leaf, and whether the person has a claim with the service in it."""
    given = records_of(frame)["arguments"]
    with claims.session() as s:
        matched(s, claims, service_codes(given["service"]), given["match"], given["grain"])
        rows, names, has = _matrix(s)
    rules = [tuple(map(tuple, rule)) for rule in records_of(frame)["rules"]]
    parts = [
        rows.loc[_inside(rule, names, has) & ~rows["fitted"], ["person_id", "is_case"]].assign(
            rule=written(rule)
        )
        for rule in rules
    ]
    found = pd.concat(parts, ignore_index=True)
    found = found.assign(case=found["is_case"] == 1, other=found["is_case"] == 0)
    return found[["person_id", "rule", "case", "other"]].drop_duplicates()


def _in_order(shown: pd.DataFrame) -> pd.DataFrame:
    return shown.sort_values(["claims", "rule"], ascending=[False, True], na_position="last")


@measure(
    heading="Claims with a service, told by few diagnoses",
    leaves=Cells(
        by="rule",
        numerators={"case": ("claims", "persons"), "other": ("without",)},
        facts=_facts,
        withheld=COLUMNS[4:],
        anew=_in_order,
    ),
    chart="definition",
)
def definition(
    claims: Claims,
    service: str | Sequence[str],
    *,
    match: By = MATCH,
    grain: Grain = "category",
    depth: int = 3,
    min_claims: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per leaf of a small tree of diagnoses that tells claims with a service from claims without it.

    Parameters
    ----------
    service, match, grain: as in :func:`associated`.
    depth: questions in a row, 1 to 3: whether a claim has a diagnosis.
    min_claims: claims of the half that the tree is made from, with the service or without, that each leaf has at least.
    confidence: of the intervals.

    Columns
    -------
    rule, such as "E11, not Z00"; claims with the service and persons of these, and claims without it, that are of the
    leaf; share_with, of all claims with the service, and share_without, of all claims without it weighted to the same
    strata, with their intervals (normal, clustered by person); times = share_with / share_without: how many times more
    of the claims with the service are of the leaf than of those without.

    Persons are divided into two halves (every second one in the order of identifiers): the tree is made from one, by
    the split that takes most of Gini's impurity at each step, and counted on the other, so that its figures are not
    flattered by the choice. Claims without the service weigh as much as those with it in each stratum. The leaves
    divide all matched claims of the second half. Ordered by times. Raises ArgumentError as :func:`associated`.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> found = cx.patterns.definition(claims, "83036", match="payer", depth=1)
    >>> [rule.removeprefix("not ") for rule in found["rule"]]
    ['E11', 'E11']
    """
    whole("min_claims", min_claims)
    whole("depth", depth)
    if depth > MOST_DEPTH:
        raise ArgumentError(f"depth={depth!r}: expected 1 to {MOST_DEPTH}, so that the tree can be read")
    with claims.session() as s:
        terms = matched(s, claims, service_codes(service), match, grain)
        rows, names, has = _matrix(s)
    fitted = rows["fitted"].to_numpy(bool)
    weight = rows["weight"].to_numpy(float)
    case = rows["is_case"].to_numpy(float)
    rules = list(_leaves((has[fitted], case[fitted], weight[fitted]), names, depth, min_claims))
    result = _measured(rows, names, has, rules, confidence)
    return attach(
        result,
        records={"rules": [[list(each) for each in rule] for rule in rules]},
        measure=f"claims with {terms['service']}, told by few diagnoses",
        numerator="claims of the second half of persons that the rule holds for",
        denominator="all matched claims of that half, with the service and without",
        clock=code_pairs.SERVICE_CLOCK,
        exclusions=EXCLUSIONS,
        rows_left_out=terms["claims_with_left_out"],
        tree=f"depth {depth}, Gini, at least {min_claims} claims a leaf, {len(names)} candidate diagnoses, made from "
        "every second person and counted on the others",
        interval=f"{confidence:.0%} normal, clustered by person",
        **terms,
    )


def _matrix(s: Session) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    """One row per matched claim, the candidate diagnoses, and which claim has which (claims × diagnoses)."""
    rows = s.frame(
        "SELECT m.claim_id, m.person_id, m.who, m.is_case, m.weight, p.number % 2 = 1 AS fitted FROM matched m "
        "JOIN (SELECT who, row_number() OVER (ORDER BY who) AS number FROM (SELECT DISTINCT who FROM matched) d) p "
        "ON p.who = m.who ORDER BY m.claim_id"
    )
    names = s.frame(
        "SELECT c.diagnosis FROM matched_codes c JOIN matched m ON m.claim_id = c.claim_id GROUP BY c.diagnosis "
        f"ORDER BY round(sum(m.weight), 6) DESC, c.diagnosis LIMIT {CANDIDATES}"
    )["diagnosis"].tolist()
    s.load(
        "candidates",
        pd.DataFrame({"diagnosis": pd.Series(names, dtype="object"), "place": range(len(names))}),
    )
    cells = s.frame(
        "SELECT c.claim_id, k.place FROM matched_codes c JOIN candidates k ON k.diagnosis = c.diagnosis"
    )
    has = np.zeros((len(rows), len(names)), dtype=bool)
    has[pd.Index(rows["claim_id"]).get_indexer(cells["claim_id"]), cells["place"].to_numpy(int)] = True
    return rows, names, has


def _leaves(
    made_from: tuple[np.ndarray, np.ndarray, np.ndarray], names: list[str], depth: int, min_claims: int
) -> Iterator[Rule]:
    """The rules of the leaves: at each step the split that takes most impurity, as long as one takes enough.

    made_from: which claim has which diagnosis, whether it has the service, and its weight.
    """
    has, case, weight = made_from
    whole_ = _impurity(weight @ case, weight @ (1 - case))
    pending: list[tuple[Rule, np.ndarray]] = [((), np.arange(len(case)))]
    while pending:
        rule, inside = pending.pop()
        place = (
            _split(has[inside], case[inside], weight[inside], min_claims, whole_)
            if len(rule) < depth
            else None
        )
        if place is None:
            yield rule
            continue
        there = has[inside, place]
        pending += [((*rule, (names[place], flag)), inside[there == flag]) for flag in (False, True)]


def _split(
    has: np.ndarray, case: np.ndarray, weight: np.ndarray, min_claims: int, whole_: float
) -> int | None:
    """The diagnosis that tells claims with the service from those without best; None where none tells enough."""
    with_, without = weight * case, weight * (1 - case)
    a, b = with_ @ has, without @ has
    count = has.sum(axis=0)
    gain = (
        _impurity(with_.sum(), without.sum())
        - _impurity(a, b)
        - _impurity(with_.sum() - a, without.sum() - b)
    )
    gain = np.where((count >= min_claims) & (len(case) - count >= min_claims), gain, 0.0).round(9)
    if not gain.size or whole_ <= 0 or gain.max() < LEAST_GAIN * whole_:
        return None
    return int(gain.argmax())


def _impurity(with_: Any, without: Any) -> Any:
    """Gini's impurity times the weight of what it is of."""
    total = with_ + without
    return 2 * with_ * without / np.where(total > 0, total, 1.0)


def _inside(rule: Rule, names: list[str], has: np.ndarray) -> np.ndarray:
    """Which claims a rule holds for."""
    found = np.ones(len(has), dtype=bool)
    for name, flag in rule:
        found &= has[:, names.index(name)] == flag
    return found


def written(rule: Rule) -> str:
    """A rule in words: "E11, not Z00"."""
    ordered = sorted(rule, key=lambda each: not each[1])
    return ", ".join(name if flag else f"not {name}" for name, flag in ordered) or "all"


def _measured(
    rows: pd.DataFrame, names: list[str], has: np.ndarray, rules: list[Rule], confidence: float
) -> pd.DataFrame:
    """What each leaf holds of the claims of the second half, those with the service and those without."""
    kept = ~rows["fitted"].to_numpy(bool)
    case = rows["is_case"].to_numpy(bool)
    who = pd.factorize(rows["who"])[0]
    weight = rows["weight"].to_numpy(float)
    found = []
    for rule in rules:
        inside = _inside(rule, names, has)
        with_ = _share(inside[kept & case], np.ones((kept & case).sum()), who[kept & case], confidence)
        without = _share(inside[kept & ~case], weight[kept & ~case], who[kept & ~case], confidence)
        mine = rows[kept & case & inside]
        count = (len(mine), mine["person_id"].nunique(), int((kept & ~case & inside).sum()))
        times = with_[0] / without[0] if without[0] > 0 else np.nan
        found.append((written(rule), *count, *with_, *without, times))
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    order = frame["times"].fillna(np.inf).round(8)
    return (
        frame.assign(_first=order)
        .sort_values(["_first", "rule"], ascending=[False, True], ignore_index=True)
        .drop(columns="_first")
    )


def _share(
    inside: np.ndarray, weight: np.ndarray, who: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    """A weighted share of claims with its interval, normal, by persons."""
    total = weight.sum()
    if not total:
        return (float("nan"),) * 3
    share = float(weight @ inside / total)
    persons = np.bincount(who, weight * (inside - share))
    number = np.unique(who).size
    if number == 1:
        return share, float("nan"), float("nan")
    half = stats.normal_quantile(confidence) * np.sqrt((persons**2).sum() * number / (number - 1)) / total
    return share, float(max(share - half, 0.0)), float(min(share + half, 1.0))
