"""Denials that no rule explains: what a payer denies since some day, of which procedure and diagnosis, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import CLOCKS, attach, carry
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, Protected, measure
from cpticd.core.rounding import rounded
from cpticd.rules import outcomes, recurrence, scan
from cpticd.rules.residual_inputs import ANY, DAYS, KEYS, Day, cells, elsewhere, prepare, services
from cpticd.stats.exact import at_least

#: Log-likelihood by which a cluster of a procedure with any diagnosis must beat those of a diagnosis family: the
#: narrower of two that explain as much is the policy.
ANY_MARGIN: Final = 2.0
#: Persons of a cluster's denials, at least.
MIN_PERSONS: Final = 3
#: Chance under which other payers' lower rate is taken for lower.
ELSEWHERE_CHANCE: Final = 0.05
_COLUMNS: Final = (
    *KEYS, "category", "start_date", "start_from", "start_to", "last_date",
    "services_before", "denied_before", "rate_before", "before_low", "before_high",
    "services_after", "denied_after", "rate_after", "after_low", "after_high",
    "services_elsewhere", "denied_elsewhere", "rate_elsewhere", "elsewhere_low", "elsewhere_high",
    "elsewhere_p_value", "payer_specific", "denied_persons", "denied_lines", "denied_amount", "excess_amount",
    "design_effect", "log_likelihood_ratio", "p_value", "q_value",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """What a cluster must have: denials, persons of them, rate since the start, at most this chance of its rise."""

    denied: int
    persons: int
    rate: float
    p_value: float = 1.0


@dataclass(frozen=True, eq=False)
class Entry:
    """One cluster with the services that it is judged by (columns of ``residual_inputs.services``)."""

    key: tuple[Any, ...]
    services: pd.DataFrame
    start: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp
    ratio: float
    p_value: float
    design_effect: float = 1.0
    freedom: float = np.inf
    q_value: float = 1.0

    @property
    def group(self) -> tuple[Any, ...]:
        """Payer, procedure and CARC: clusters of one group may share denials."""
        payer, procedure, _, carc = self.key
        return payer, procedure, carc

    @property
    def chance(self) -> float:
        """The p-value of its rise, of as many services as it rests on."""
        weaker = outcomes.weaker(
            *(np.array([each]) for each in (self.p_value, self.design_effect, self.freedom))
        )
        return float(weaker[0])

    @property
    def denied(self) -> pd.DataFrame:
        """Its denied services since the start."""
        return self.services[(self.services["day"] >= self.start) & (self.services["denied"] == 1)]


def _protected(found: pd.DataFrame, _: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Clusters of enough persons, counts and rates rounded: a difference from other counts tells nothing of few.

    A rate of which few services were denied, or few were not, is missing; so is what rates could be computed from.
    """
    shown = found[found["denied_persons"] >= minimum].reset_index(drop=True)
    hidden = ["elsewhere_p_value", "p_value", "log_likelihood_ratio", "design_effect"]
    counts = ("denied_persons", "denied_lines")
    values: dict[str, Any] = {name: [rounded(value) for value in shown[name]] for name in counts}
    for name in ("denied_amount", "excess_amount"):
        # Of lines of one price the dollars would tell how many there are.
        each = shown[name] / shown["denied_lines"].where(shown["denied_lines"] > 0)
        values[name] = [rounded(value) for value in each * values["denied_lines"]]
    for side in ("before", "after", "elsewhere"):
        n, k = shown[f"services_{side}"], shown[f"denied_{side}"]
        few = k.between(1, minimum - 1) | (n - k).between(1, minimum - 1)
        values[f"rate_{side}"] = shown[f"rate_{side}"].round(2).mask(few)
        hidden += [f"services_{side}", f"denied_{side}", f"{side}_low", f"{side}_high"]
    values["q_value"] = [float(f"{value:.1g}") for value in shown["q_value"]]
    shown = shown.assign(**values, **dict.fromkeys(hidden, np.nan))
    # Among equal rounded dollars the order would tell which are more.
    order = ["denied_amount", "denied_lines", *KEYS]
    shown = shown.sort_values(order, ascending=[False, False, *[True] * len(KEYS)], ignore_index=True)
    return carry(found, shown), len(found) - len(shown)


def _asked(given: Any) -> dict[str, Any]:
    """Clusters of as many persons as may be shown, at least, so that none takes services from those that are."""
    return {"findings": given.part("rules"), "min_persons": max(MIN_PERSONS, given["minimum"])}


@measure(
    heading="Denials that no rule explains",
    leaves=Protected(_protected),
    report=[Part("residual", "rules", "Denials that no rule explains", _asked)],
)
def residual(
    claims: Claims,
    findings: pd.DataFrame,
    *,
    date: Day = "service",
    diagnosis_characters: int = 3,
    min_denied: int = 5,
    min_persons: int = MIN_PERSONS,
    min_rate: float = 0.1,
    q_threshold: float = 0.05,
    categories: str | Path | pd.DataFrame | pa.Table | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per cluster of unexplained denials that begins on some day: payer, procedure, diagnosis family, CARC.

    Parameters
    ----------
    findings: of ``rules.check(claims)``. A denied line is explained by an error or warning on it whose rule has the
        denial's root cause (table ``rule_categories``; a rule that the table does not know explains any).
    date: the day that counts: of ``service``, or of the first ``adjudication``, where a payer begins by that.
    diagnosis_characters: how many characters make a family; 3 is the ICD-10 category, 7 the whole code. A cluster
        of ``(any)`` diagnosis stands for the procedure as a whole.
    min_denied: denials that a cluster has, in all and since its start, at least; min_persons: persons of them.
    min_rate: denied since the start, at least: what is denied less often is hardly a policy.
    q_threshold: clusters up to this false discovery rate are returned.
    categories: a table in the columns of ``rule_categories`` instead of the built-in one; confidence: of the intervals.

    Columns
    -------
    payer, hcpcs_code, diagnosis_family, carc, category (the most frequent root cause); start_date, the first denial
    of the rise, and start_from to start_to, between which it began (log-likelihood within 1.92 of the best);
    last_date, the last denial; services_before, denied_before, rate_before with its interval, the same after,
    and elsewhere: other payers' since the start. A service is a claim's lines of the procedure on one day; denied means
    unexplained and for this CARC. elsewhere_p_value (Fisher, one-sided) compares with the other payers;
    payer_specific: it is at most 0.05; missing where others have no such service. denied_persons, denied_lines,
    denied_amount (US dollars) since the start; excess_amount, the part above the rate before.
    log_likelihood_ratio, p_value and q_value of the rise. design_effect: how many times the variance of the rates is
    that of independent services, since those of one person are denied together (Kish 1965); it divides services in the
    intervals (Wilson's), and the deviates of both p-values.

    The p-value is that of the whole scan over days (``cpticd.rules.scan``: exact given the number of denials, no
    permutation), in which the odds of denial move from quarter to quarter as those of the payer's other procedures
    do. Benjamini–Hochberg over all clusters with enough denials, those explained by a better one being none of the
    discoveries. Clusters that share services are attributed
    greedily: the one that best parts the procedure's denied from its other services (likelihood ratio of a spatial
    scan, Kulldorff, Commun. Stat. 26 (1997) 1481) takes its services since its start, and the others are judged by
    what is left, so that no dollar stands in two rows.
    Policies that were there before the data begin have no start and are not found here: ``denials.by_pair`` shows them.

    >>> import cpticd as cx
    >>> simulated = cx.simulate(persons=300, seed=1)
    >>> clusters = cx.rules.residual(simulated.claims, simulated.truth["rule_violations"])
    >>> bool((clusters["start_from"] <= clusters["start_date"]).all())
    True
    """
    _check(
        date,
        diagnosis_characters,
        min_denied,
        min_persons,
        {"min_rate": min_rate, "q_threshold": q_threshold},
    )
    table = outcomes.categories(categories)
    with claims.session() as s:
        given = outcomes.load(s, findings, "residual")
        counts = prepare(s, table, date=date, characters=diagnosis_characters)
        series = cells(s, min_denied)
        scanned = _scanned(series, min_denied)
        promising = scanned[scanned["q_value"] <= q_threshold]
        rows = services(s, promising[list(KEYS)])
        limits = Limits(min_denied, min_persons, min_rate)
        chosen = _significant(_attributed(promising, rows, series, limits), len(scanned), q_threshold)
        others = elsewhere(s, [(entry.key, entry.start) for entry in chosen])
    result = _measure(chosen, others, confidence)
    return attach(
        result,
        measure="clusters of denials that no rule explains, and the day on which they begin",
        numerator="services denied at first adjudication for the CARC, without an error or warning for that cause",
        denominator="services adjudicated (a claim's lines of one procedure on one day) of payer, procedure and family",
        clock=f"{CLOCKS['initial']}; days are of "
        + ("service" if date == "service" else "that adjudication"),
        exclusions="lines without procedure or date; clusters under "
        f"{min_denied} denials, {min_persons} persons or {min_rate:.0%} denied",
        rows_left_out=counts["left_out"],
        expected="the cluster's own services before, odds moving as the payer's of other procedures by quarter",
        test="binomial change-point scan over days, exact given the denials, its deviate over the root of the "
        "design effect by person; Benjamini-Hochberg",
        interval=f"{confidence:.0%} Wilson of effective services (design effect by person)",
        family_size=len(scanned),
        unexplained_denied_lines=counts["unexplained"],
        explained_denied_lines=counts["explained"],
        attributed_denied_lines=int(result["denied_lines"].sum()),
        **given.contract(),
    )


def _check(date: str, characters: int, denied: int, persons: int, rates: dict[str, float]) -> None:
    one_of("date", date, DAYS)
    whole("diagnosis_characters", characters)
    whole("min_denied", denied, 2)
    whole("min_persons", persons)
    for name, rate in rates.items():
        if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 <= rate <= 1:
            raise ArgumentError(f"{name}={rate!r}: expected a rate between 0 and 1")


def _scanned(series: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """One row per cluster with enough denials: its start, likelihood ratio, p and q."""
    found = scan.steepest(
        series["cluster"].to_numpy(int),
        series["services"].to_numpy(float),
        series["denied"].to_numpy(float),
        series["odds"].to_numpy(float),
        minimum=minimum,
    )
    keys = (
        series[list(KEYS)].iloc[np.searchsorted(series["cluster"], found["cluster"])].reset_index(drop=True)
    )
    result = pd.concat([keys, found.drop(columns="cluster")], axis=1)
    result["q_value"] = stats.benjamini_hochberg(result["p_value"])
    return result


def _attributed(found: pd.DataFrame, rows: pd.DataFrame, series: pd.DataFrame, limits: Limits) -> list[Entry]:
    """Clusters in the order in which they take their services, each with the services that it is judged by.

    A cluster must stay as unlikely, by what better ones leave to it, as the least likely that was accepted.
    """
    limits = replace(limits, p_value=float(found["p_value"].max()) if len(found) else 0.0)
    whole = series[series["diagnosis_family"] == ANY].groupby(["payer", "hcpcs_code", "carc"])
    totals = {group: (float(n), float(d)) for group, n, d in whole[["services", "denied"]].sum().itertuples()}
    parts = dict(list(rows.groupby(list(KEYS), sort=True)))
    waiting: dict[tuple[Any, ...], tuple[Any, Entry]] = {}  # by key, with the rank

    def enter(key: tuple[Any, ...], services: pd.DataFrame) -> None:
        if entry := _judged(key, services, limits):
            waiting[key] = (_rank(entry, totals), entry)

    for row in found.to_dict("records"):
        key = tuple(row[name] for name in KEYS)
        enter(key, parts[key])
    chosen = []
    while waiting:
        _, best = waiting.pop(min(waiting, key=lambda key: waiting[key][0]))
        chosen.append(best)
        since = best.services[best.services["day"] >= best.start]
        n, d = totals[best.group]
        totals[best.group] = (n - len(since), d - float(since["denied"].sum()))
        for key in [key for key, (_, entry) in waiting.items() if entry.group == best.group]:
            _, old = waiting.pop(key)
            enter(key, old.services[~old.services["service"].isin(since["service"])])
    return chosen


def _rank(entry: Entry, totals: dict[Any, tuple[float, float]]) -> tuple[Any, ...]:
    """What parts denied services best comes first; of equals the narrower cluster, then by name."""
    since = entry.services[entry.services["day"] >= entry.start]
    n, d = totals[entry.group]
    k, m = float(since["denied"].sum()), float(len(since))
    inside, outside = (np.array([value]) for value in ((k, m), (d - k, n - m)))
    rate = d / n
    ratio = sum(scan.deviance(part[:, 0], part[:, 1], part[:, 1] * rate)[0] for part in (inside, outside))
    margin = ANY_MARGIN if entry.key[2] == ANY else 0.0
    return (-round(ratio - margin, 9), len(since), entry.key)


def _judged(key: tuple[Any, ...], services: pd.DataFrame, limits: Limits) -> Entry | None:
    """A cluster judged by these services; None where they no longer show a rise that counts."""
    if services["denied"].sum() < limits.denied:
        return None
    by_day = services.groupby("day", sort=True)
    days = by_day.agg(
        services=("service", "size"), denied=("denied", "sum"), odds=("odds", "first")
    ).reset_index()
    counts = (days[name].to_numpy(float) for name in ("services", "denied", "odds"))
    found = scan.steepest(np.zeros(len(days), int), *counts, minimum=limits.denied).iloc[0]
    if found["row"] < 0 or found["p_value"] > limits.p_value:
        return None
    first, day = int(found["first"]), days["day"]
    entry = Entry(
        key=key,
        services=services,
        start=day.iloc[int(found["row"])],
        # It may have begun on any day after the service before.
        earliest=day.iloc[first - 1] + pd.Timedelta(days=1) if first else day.iloc[0],
        latest=day.iloc[int(found["last"])],
        ratio=float(found["log_likelihood_ratio"]),
        p_value=float(found["p_value"]),
    )
    effect, freedom = recurrence.dependence(services, entry.start)
    entry = replace(entry, design_effect=effect, freedom=freedom)
    denied = entry.denied
    often = len(denied) >= limits.rate * (services["day"] >= entry.start).sum()
    return entry if often and denied["person_id"].nunique() >= limits.persons else None


def _significant(chosen: list[Entry], family: int, q_threshold: float) -> list[Entry]:
    """Those that remain at the false discovery rate, with their q: what a better cluster explains is no discovery."""
    p_values = np.ones(max(family, len(chosen)))
    p_values[: len(chosen)] = [entry.chance for entry in chosen]
    q_values = stats.benjamini_hochberg(p_values)
    found = [replace(entry, q_value=float(q)) for entry, q in zip(chosen, q_values, strict=False)]
    return [entry for entry in found if entry.q_value <= q_threshold]


def _measure(chosen: list[Entry], others: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Counts, rates and dollars of the chosen clusters."""
    rows = []
    for entry, other in zip(chosen, others.itertuples(), strict=True):
        earlier = entry.services[entry.services["day"] < entry.start]
        since = entry.denied
        causes = since["category"].value_counts().reset_index()
        causes = causes.sort_values(["count", "category"], ascending=[False, True])
        rows.append(
            {
                **dict(zip(KEYS, entry.key, strict=True)),
                "category": causes["category"].iloc[0],
                "start_date": entry.start,
                "start_from": entry.earliest,
                "start_to": entry.latest,
                "last_date": since["day"].max(),
                "services_before": len(earlier),
                "denied_before": int(earlier["denied"].sum()),
                "services_after": len(entry.services) - len(earlier),
                "denied_after": len(since),
                "services_elsewhere": other.services,
                "denied_elsewhere": other.denied,
                "denied_persons": since["person_id"].nunique(),
                "denied_lines": int(since["lines"].sum()),
                "denied_amount": round(float(since["amount"].sum()), 2),
                "log_likelihood_ratio": round(entry.ratio, 6),
                "design_effect": entry.design_effect,
                "freedom": entry.freedom,
                "p_value": entry.chance,
                "q_value": entry.q_value,
            }
        )
    if not rows:
        return pd.DataFrame(columns=list(_COLUMNS)).astype(_EMPTY)
    return _rates(pd.DataFrame(rows).astype(dict.fromkeys(_DATES, "datetime64[s]")), confidence)


_DATES: Final = ("start_date", "start_from", "start_to", "last_date")
_EMPTY: Final = (
    {name: "int64" for name in _COLUMNS if name.startswith(("services_", "denied_"))}
    | {
        name: "float64"
        for name in _COLUMNS
        if name.endswith(("_low", "_high", "_value", "_amount", "_ratio", "_effect"))
        or name.startswith("rate_")
    }
    | dict.fromkeys(_DATES, "datetime64[s]")
    | {"payer_specific": "boolean"}
)


def _rates(frame: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rates with their intervals, the comparison with other payers, and what lies above the rate before."""
    effect, freedom = (frame[name].to_numpy(float) for name in ("design_effect", "freedom"))
    for part in ("before", "after", "elsewhere"):
        n, k = frame[f"services_{part}"].to_numpy(float), frame[f"denied_{part}"].to_numpy(float)
        with np.errstate(invalid="ignore"):
            frame[f"rate_{part}"] = np.where(n > 0, k / n, np.nan)
        frame[f"{part}_low"], frame[f"{part}_high"] = stats.wilson(
            k, n, confidence, design_effect=effect, freedom=freedom
        )
    later, found = frame["services_after"], frame["denied_after"]
    other, denied = frame["services_elsewhere"], frame["denied_elsewhere"]
    p_value = at_least(found, later + other, found + denied, later)
    p_value = outcomes.weaker(p_value, effect, freedom)
    frame["elsewhere_p_value"] = np.where(other > 0, p_value, np.nan)
    specific = (frame["elsewhere_p_value"] <= ELSEWHERE_CHANCE).astype("boolean")
    frame["payer_specific"] = specific.where(other > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.clip(1 - frame["rate_before"].fillna(0) / frame["rate_after"], 0, 1)
    frame["excess_amount"] = (frame["denied_amount"] * beyond).round(2)
    order = ["denied_amount", "log_likelihood_ratio", *KEYS]
    return frame[list(_COLUMNS)].sort_values(
        order, ascending=[False, False, *[True] * len(KEYS)], ignore_index=True
    )
