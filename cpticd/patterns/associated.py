"""Which diagnoses stand behind a service, beside claims without it that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import whole
from cpticd.core.contract import attach, records_of
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By
from cpticd.core.session import Session
from cpticd.patterns import code_pairs, recurring, shrinker
from cpticd.patterns.independence import Margins
from cpticd.patterns.matched import EXCLUSIONS, MATCH, Grain, matched, service_codes

COLUMNS: Final = (
    "diagnosis", "observed", "pointed", "persons", "expected", "lift", "ebgm", "eb05", "eb95", "share_with",
    "share_without", "odds_ratio", "odds_low", "odds_high", "p_value", "q_value", "design_effect", "effective_claims",
)  # fmt: skip
#: What compares claims with the service and without.
_WITHHELD: Final = tuple(
    name for name in COLUMNS if name not in ("diagnosis", "observed", "pointed", "persons")
)


def _facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person with the service and diagnosis of the frame, and whether the person has both on a claim."""
    given = records_of(frame)["arguments"]
    with claims.session() as s:
        matched(s, claims, service_codes(given["service"]), given["match"], given["grain"])
        s.load("shown", pd.DataFrame({"diagnosis": frame["diagnosis"].astype("object")}))
        return s.frame(
            "SELECT p.person_id, d.diagnosis, x.person_id IS NOT NULL AS has "
            "FROM (SELECT DISTINCT person_id FROM matched WHERE is_case = 1) p CROSS JOIN shown d "
            "LEFT JOIN (SELECT DISTINCT person_id, diagnosis FROM matched_codes WHERE is_case = 1) x "
            "ON x.person_id = p.person_id AND x.diagnosis = d.diagnosis"
        )


def _in_order(shown: pd.DataFrame) -> pd.DataFrame:
    """Diagnoses by claims, as far as these are shown."""
    return shown.sort_values(["observed", "diagnosis"], ascending=[False, True], na_position="last")


@measure(
    heading="Diagnoses behind a service",
    leaves=Cells(
        by="diagnosis",
        numerators={"has": ("observed", "pointed", "persons")},
        facts=_facts,
        withheld=_WITHHELD,
        anew=_in_order,
    ),
    chart="associated",
)
def associated(
    claims: Claims,
    service: str | Sequence[str],
    *,
    match: By = MATCH,
    grain: Grain = "code",
    min_observed: int = 3,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per diagnosis on at least ``min_observed`` claims with a service: how much oftener than on others.

    Parameters
    ----------
    service: a procedure code or several.
    match: what a claim without the service has to have in common with one that has it: dimensions
        (``claims.dimensions()``, but for those of diagnoses and the procedure itself), ``age_band`` and ``sex`` of the
        person. Claims with the service that have none to be compared with are left out, and counted in the contract.
    grain: what diagnoses are put together by: ``code``, ``category`` (three characters), ``ccsr``, ``family``.
    min_observed: diagnoses on fewer claims with the service are fitted, and not shown.
    confidence: of the interval of the odds ratio.

    Columns
    -------
    diagnosis; observed, claims with both; pointed, those of them where a line of the service points to it; persons of
    these; expected, claims with both if service and diagnosis had nothing to do with each other within a stratum; lift
    = observed / expected; ebgm, eb05, eb95 (Gamma–Poisson shrinker, DuMouchel 1999, over all diagnoses of the
    service); share_with, of claims with the service, and share_without, of claims without it, weighted to the same
    strata; odds_ratio (Mantel and Haenszel) with odds_low, odds_high (Robins, Breslow and Greenland 1986); p_value
    (one-sided, stratified hypergeometric of effective claims), q_value (Benjamini–Hochberg over the rows);
    design_effect, the mean number of claims with both that a claim's person has (Kish 1965), and effective_claims,
    observed over it.

    A diagnosis that is oftener with a service is a question for a coder or researcher: it may be the reason for the
    service, what it found, or what such persons have anyhow. Ordered by eb05. Raises ArgumentError for a service that
    no claim has, and dimensions that are not known. :func:`definition` tells claims apart by diagnoses together.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> found = cx.patterns.associated(claims, "83036", match="payer", grain="category")
    >>> bool((found["eb05"] <= found["ebgm"]).all()), "E11" in set(found["diagnosis"])
    (True, True)
    """
    whole("min_observed", min_observed)
    codes = service_codes(service)
    with claims.session() as s:
        terms = matched(s, claims, codes, match, grain)
        found = _counted(s, min_observed)
    result, prior = _measured(found, terms["claims_with"], min_observed, confidence)
    return attach(
        result,
        measure=f"diagnoses behind {terms['service']}",
        numerator="claims with the service whose lines point to the diagnosis",
        denominator="expected: in each stratum claims with the service × claims with the diagnosis / claims, summed",
        clock=code_pairs.SERVICE_CLOCK,
        exclusions=EXCLUSIONS
        + f"; diagnoses on fewer than {min_observed} claims with the service are not shown",
        rows_left_out=terms["claims_with_left_out"],
        prior=None if prior is None else prior.terms(),
        prior_method=shrinker.METHOD,
        interval=f"{confidence:.0%} Mantel–Haenszel odds ratio, its variance times the design effect by person",
        test="stratified hypergeometric of effective claims, one-sided (excess), Benjamini–Hochberg",
        family_size=len(result),
        small_diagnoses_left_out=len(found) - len(result),
        **terms,
    )


def _counted(s: Session, min_observed: int) -> pd.DataFrame:
    """Every diagnosis of claims with the service, with its sums and cumulants."""
    found = s.frame(sql.text("patterns/associated"))
    of_service = s.frame(
        "SELECT 1 - is_case AS code, stratum, count(*) AS n FROM matched GROUP BY is_case, stratum"
    )
    s.load("numbers", found[["number", "diagnosis"]])
    of_diagnoses = s.frame(
        "SELECT n.number AS code, c.stratum, count(*) AS n FROM matched_codes c "
        "JOIN numbers n ON n.diagnosis = c.diagnosis GROUP BY n.number, c.stratum"
    )
    if found.empty:
        return found.assign(**dict.fromkeys(("expected", "variance", "third", "fourth"), np.nan))
    margins = Margins.of(of_service, of_diagnoses)
    number = found["number"].to_numpy(int)
    tested = found["observed"].to_numpy(float) >= min_observed
    return found.assign(**margins.cumulants(np.zeros(len(found), int), number, tested))


def _measured(
    found: pd.DataFrame, cases: int, min_observed: int, confidence: float
) -> tuple[pd.DataFrame, shrinker.Prior | None]:
    """Shrunk ratios, odds ratios and error control of the diagnoses with enough claims, and the prior of all."""
    every = found[found["observed"] > 0]
    sums = ["expected", "variance", "third", "fourth"]
    every = every.assign(**every[sums].astype(float).round(code_pairs.DIGITS))
    prior = shrinker.fit(every["observed"], every["expected"]) if len(every) else None
    shown = every[every["observed"] >= min_observed].reset_index(drop=True)
    k, e, variance, third, fourth = (shown[name].to_numpy(float) for name in ("observed", *sums))
    effect, freedom = recurring.of_persons(
        k, *(shown[name].to_numpy(float) for name in ("squares", "clusters"))
    )
    p_value = stats.stratified_excess(k, e, variance, third, fourth, design_effect=effect, freedom=freedom)
    p_value = np.where(variance > 0, p_value, np.nan)
    shrunk: dict[str, Any] = dict.fromkeys(("ebgm", "eb05", "eb95"), np.zeros(0))
    if prior is not None and len(shown):
        shrunk = {"ebgm": shrinker.geometric_mean(prior, k / effect, e / effect)}
        shrunk |= {f"eb{p:02}": shrinker.quantile(prior, k / effect, e / effect, p / 100) for p in (5, 95)}
    shown = shown.assign(
        lift=k / e, **shrunk, share_with=k / cases if cases else np.nan,
        share_without=shown["weighted"] / cases if cases else np.nan, **_odds(shown, effect, confidence),
        p_value=p_value, q_value=stats.benjamini_hochberg(p_value), design_effect=effect, effective_claims=k / effect,
    )  # fmt: skip
    shown = shown.astype(dict.fromkeys(("observed", "pointed", "persons"), "int64"))[list(COLUMNS)]
    shown = shown.assign(_first=shown["eb05"].round(8)).sort_values(
        ["_first", "observed", "diagnosis"], ascending=[False, False, True], ignore_index=True
    )
    return shown.drop(columns="_first"), prior


def _odds(shown: pd.DataFrame, effect: np.ndarray, confidence: float) -> dict[str, np.ndarray]:
    """Mantel and Haenszel's odds ratio with its interval; missing where no claim without the service has it."""
    r, s, pr, mixed, qs = (shown[name].to_numpy(float) for name in ("r", "s", "pr", "mixed", "qs"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((r > 0) & (s > 0), r / s, np.nan)
        variance = pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s)
        half = stats.normal_quantile(confidence) * np.sqrt(variance * effect)
        return {"odds_ratio": ratio, "odds_low": ratio * np.exp(-half), "odds_high": ratio * np.exp(half)}
