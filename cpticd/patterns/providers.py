"""Who codes otherwise than others with the same patients, beyond chance and the usual spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells
from cpticd.core.measure import measure as declared
from cpticd.core.selection import By
from cpticd.patterns import code_pairs, provider_measures, recurring
from cpticd.patterns.funnel import LIMITS, OVERDISPERSION, Funnel, Overdispersion, funnel, position
from cpticd.patterns.provider_measures import Measure

Provider = Literal["rendering_npi", "billing_npi"]
PROVIDERS: Final = ("rendering_npi", "billing_npi")
#: Share of providers at either end whose z is drawn in before the dispersion is taken (Spiegelhalter 2005).
WINSORIZE: Final = 0.1
_HALF: Final = 0.5
#: What compares a provider with all others.
_WITHHELD: Final = (
    "expected", "expected_rate", "ratio", "adjusted_rate", "comparison_lines", "z", "z_adjusted", "p_value", "q_value",
    "precision", "lower_95", "upper_95", "lower_998", "upper_998", "position",
)  # fmt: skip


def _persons(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per provider, person and whether what is measured is on a line: facts for disclosure control."""
    given = records_of(frame)["arguments"]
    what = provider_measures.asked(
        given["measure"], **{name: given[name] for name in provider_measures.ARGUMENTS}
    )
    with claims.session() as s:
        provider_measures.lines_of(s, what, claims.grouping(given["provider"]), claims.grouping(None))
        return s.frame("SELECT DISTINCT provider, person_id, hit = 1 AS hit FROM provider_rows")


def _in_order(shown: pd.DataFrame) -> pd.DataFrame:
    """Providers by lines, as far as these are shown: how far out they are stays in the session."""
    return shown.sort_values(["lines", "provider"], ascending=[False, True], na_position="last")


@declared(
    heading="Providers against their case mix",
    leaves=Cells(
        by="provider",
        persons="persons",
        numerators={"hit": ("observed", "rate", "low", "high", "design_effect", "effective_lines")},
        facts=_persons,
        withheld=_WITHHELD,
        anew=_in_order,
    ),
    chart="providers",
)
def providers(
    claims: Claims,
    *,
    measure: Measure = "denial",
    code: str | Sequence[str] | None = None,
    among: str | Sequence[str] | None = None,
    diagnosis: str | Sequence[str] | None = None,
    family: str | None = None,
    level: int | None = None,
    provider: Provider = "rendering_npi",
    adjust: By = "by measure",
    overdispersion: Overdispersion | None = "multiplicative",
    winsorize: float = WINSORIZE,
    min_lines: int = 30,
    min_expected: float = 5.0,
) -> pd.DataFrame:
    """One row per provider: how often its lines have what is measured, against what its case mix lets expect.

    Parameters
    ----------
    measure: ``denial``: lines denied at first, of those adjudicated; ``code``: lines of ``code`` (one or several),
        of those of ``among`` (all lines without it); ``level``: lines of ``level`` or higher in a ``family`` of codes
        (``reference.table("code_families")``); ``pair``: lines of ``code`` that point to ``diagnosis``;
        ``unspecified``: lines whose primary diagnosis has an official title that says so (AHIMA).
    provider: ``rendering_npi`` (the billing provider where a line names none), or ``billing_npi``.
    adjust: dimensions (``claims.dimensions()``; those of diagnoses are of the line's primary one) within whose strata
        the expected is reckoned, by indirect standardisation: each line at the rate of all providers in its stratum.
        ``by measure``: payer, place, hcpcs_family and diagnosis_family, less what is measured itself (for a level no
        hcpcs_family, for a pair neither family). None: every line at the rate of all.
    overdispersion: how limits allow for the spread between providers: ``multiplicative`` (phi), ``additive`` (tau², a
        random effect), or None: chance alone, with p-values of effective lines.
    winsorize: share of providers at either end, below 0.5, whose z is drawn in before phi is taken.
    min_lines, min_expected: providers with fewer lines, or fewer expected (below 5 the limits do not hold), are left
        out and counted; their lines stay in the rates of the strata.

    Columns
    -------
    provider, lines, persons, observed, rate (its interval low, high: Wilson's of effective lines), design_effect
    (of claims or persons, the larger) and effective_lines, lines over it; expected, expected_rate, ratio =
    observed / expected, adjusted_rate = ratio × the rate of all; comparison_lines, those of other providers in the
    same strata; z = (observed - expected) / hypergeometric standard deviation; z_adjusted for overdispersion; p_value
    (two-sided), q_value (Benjamini–Hochberg over the rows); precision = 1 / variance of the ratio under chance;
    limits of the ratio, lower_95, upper_95, lower_998, upper_998 (Spiegelhalter 2005); position in words.

    Denials count lines of claims that were replaced later too, since a first denial often stands on one; all else
    counts lines that stand. Furthest out first. The contract has phi, tau_squared and the rate of all. Raises
    ArgumentError for arguments that are not known or do not go together.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> found = cx.patterns.providers(claims, measure="unspecified", provider="billing_npi", min_expected=0)
    >>> bool((found["observed"] <= found["lines"]).all())
    True
    """
    what = provider_measures.asked(
        measure, code=code, diagnosis=diagnosis, among=among, family=family, level=level
    )
    one_of("provider", provider, PROVIDERS)
    one_of("overdispersion", overdispersion, OVERDISPERSION)
    whole("min_lines", min_lines)
    if not 0 <= winsorize < _HALF or not min_expected >= 0:
        raise ArgumentError(
            f"winsorize={winsorize!r}, min_expected={min_expected!r}: expected 0 to 0.5, and 0 or more"
        )
    strata = claims.grouping(
        provider_measures.ADJUST[measure] if adjust == "by measure" else adjust, argument="adjust"
    )
    with claims.session() as s:
        terms = provider_measures.lines_of(s, what, claims.grouping(provider), strata)
        found = s.frame(sql.text("patterns/providers"))
        unknown = s.value("SELECT count(*) AS n FROM provider_rows WHERE provider = '(unknown)'")
    total = float(found["lines"].sum())
    overall = float(found["observed"].sum()) / total if total else float("nan")
    enough = (found["lines"] >= min_lines) & (found["expected"].round(code_pairs.DIGITS) >= min_expected)
    result, limits = _measured(found[enough].reset_index(drop=True), overall, overdispersion, winsorize)
    return attach(
        result,
        measure=what.title + " by provider",
        numerator=what.numerator,
        denominator=what.denominator,
        clock=what.clock,
        exclusions="lines without a provider"
        + ("" if measure == "denial" else "; lines of claims that a later claim replaced or voided")
        + f"; providers under {min_lines} lines or {min_expected:g} expected are not shown",
        rows_left_out=int(unknown),
        lines_counted=int(total),
        provider=provider,
        case_mix=strata.names or "none",
        expected="indirect standardisation: each line at the rate of all providers in its stratum",
        variance="hypergeometric within strata, given each stratum's total",
        overall_rate=None if np.isnan(overall) else round(overall, 10),
        overdispersion=overdispersion or "none",
        winsorize=winsorize,
        phi=limits.phi,
        tau_squared=limits.tau_squared,
        interval=recurring.WORDS,
        limits="95 % and 99.8 % of the ratio, normal approximation (Spiegelhalter 2005)",
        test="two-sided; "
        + ("stratified hypergeometric of effective lines" if overdispersion is None else "normal, widened")
        + ", Benjamini–Hochberg",
        family_size=int(result["p_value"].notna().sum()),
        providers_left_out=int((~enough).sum()),
        **terms,
    )  # fmt: skip


def _measured(
    found: pd.DataFrame, overall: float, overdispersion: Overdispersion | None, winsorize: float
) -> tuple[pd.DataFrame, Funnel]:
    """Rates, ratios, limits and tests of the providers."""
    sums = ["expected", "variance", "third", "fourth"]
    found = found.assign(**found[sums].astype(float).round(code_pairs.DIGITS))
    n, k, e, v = (found[name].to_numpy(float) for name in ("lines", "observed", "expected", "variance"))
    result = funnel(k, e, v, overdispersion=overdispersion, winsorize=winsorize)
    made = recurring.dependence(found, k, n)
    low, high = stats.wilson(k, n, design_effect=made.design_effect, freedom=made.freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(e > 0, k / e, np.nan)
        precision = np.where(v > 0, e * e / v, np.nan)
    p_value = _p_values(found, result, overdispersion, made)
    bounds = {}
    for confidence, name in zip(LIMITS, ("95", "998"), strict=True):
        bounds[f"lower_{name}"], bounds[f"upper_{name}"] = result.limits(confidence)
    frame = pd.DataFrame(
        {
            "provider": found["provider"],
            "lines": found["lines"].astype("int64"),
            "persons": found["persons"].astype("int64"),
            "observed": found["observed"].astype("int64"),
            "rate": k / n,
            "low": low,
            "high": high,
            "design_effect": made.design_effect,
            "effective_lines": n / made.design_effect,
            "expected": e,
            "expected_rate": e / n,
            "ratio": ratio,
            "adjusted_rate": ratio * overall,
            "comparison_lines": found["comparison_lines"].astype("int64"),
            "z": result.z,
            "z_adjusted": result.z_adjusted,
            "p_value": p_value,
            "q_value": stats.benjamini_hochberg(p_value),
            "precision": precision,
            **bounds,
            "position": position(ratio, result),
        }
    )
    frame = frame.assign(_far=-frame["z_adjusted"].abs().round(8)).sort_values(
        ["_far", "provider"], ignore_index=True
    )
    return frame.drop(columns="_far"), result


def _p_values(
    found: pd.DataFrame, result: Funnel, overdispersion: Overdispersion | None, dependence: stats.Dependence
) -> np.ndarray:
    """Two-sided: where chance alone is allowed for of effective lines, else of the widened distance."""
    from scipy.special import ndtr

    if overdispersion is not None:
        return np.minimum(1.0, 2 * ndtr(-np.abs(result.z_adjusted)))
    k, *cumulants = (
        found[name].to_numpy(float) for name in ("observed", "expected", "variance", "third", "fourth")
    )
    effect, freedom = dependence.design_effect, dependence.freedom
    above = stats.stratified_excess(k, *cumulants, design_effect=effect, freedom=freedom)
    # One less than what was seen, of as many lines as it rests on.
    below = 1 - stats.stratified_excess(k + effect, *cumulants, design_effect=effect, freedom=freedom)
    return np.where(np.isnan(result.z), np.nan, np.clip(2 * np.minimum(above, below), 0, 1))
