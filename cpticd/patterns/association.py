"""Which diagnosis stands with which procedure more often than chance, as far as the counts can be believed."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By
from cpticd.core.session import Session
from cpticd.patterns import code_pairs, recurring, shrinker
from cpticd.patterns.code_pairs import Pointer
from cpticd.patterns.independence import Margins

Unit = Literal["lines", "persons"]
UNITS: Final = {
    "lines": "service lines of the procedure",
    "persons": "persons × strata with the procedure (a person's lines of it in a stratum count once)",
}
COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "observed", "expected", "lift", "pmi",
    "ebgm", "eb05", "eb95", "p_value", "q_value", "design_effect", "effective_lines", "lines", "persons", "strata",
    "first_date", "last_date",
)  # fmt: skip
#: What compares a pair with all others, and days of a single person.
_WITHHELD: Final = (
    "expected", "lift", "pmi", "ebgm", "eb05", "eb95", "p_value", "q_value", "design_effect", "effective_lines",
    "strata", "first_date", "last_date",
)  # fmt: skip


def _leaves(pointer: Pointer = "all", **_: Any) -> Cells:
    return code_pairs.cells(pointer, _WITHHELD)


@measure(heading="Associations of procedures and diagnoses", leaves=_leaves, chart="association")
def association(
    claims: Claims,
    *,
    stratify: By = ("payer", "place", "quarter"),
    unit: Unit = "lines",
    pointer: Pointer = "all",
    min_observed: int = 3,
) -> pd.DataFrame:
    """One row per procedure and diagnosis that stand together at least ``min_observed`` times.

    Parameters
    ----------
    stratify: the dimensions within which chance is reckoned (``claims.dimensions()``, but for those of diagnoses and
        the procedure itself), or ``diagnoses_on_line`` (1, 2, 3, 4 or more diagnoses that the line points to, since
        lines with many have more of every pair); None: no strata.
    unit: ``lines``, or ``persons``: a person's lines of one procedure in one stratum count once, so that a service
        that is repeated every week is not many proofs.
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_observed: pairs with fewer units are fitted, counted in the contract, and not shown.

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; observed units; expected, those that independence
    of procedure and diagnosis within each stratum lets expect; lift = observed / expected; pmi = log2 of lift,
    pointwise mutual information; ebgm, eb05, eb95: geometric mean and 5 % and 95 % quantiles of the posterior of
    the pair's true lift (Gamma–Poisson shrinker, DuMouchel 1999); p_value (one-sided, stratified hypergeometric,
    saddlepoint, of effective units), q_value (Benjamini–Hochberg over the rows); design_effect and effective_lines;
    lines, persons; strata in which both codes occur; first_date and last_date of service.

    A person has a diagnosis on all lines of a service or on none: with ``unit="lines"`` the mean number of lines that a
    line's person has of the pair (Kish 1965) is the design effect, which divides observed and expected units in the
    posterior and in the test; effective_lines are the observed over it. Persons count as independent (1). Lines of
    claims that a later claim replaced or voided are left out. Ordered by eb05, then by observed and codes. Raises
    ArgumentError for arguments that are not known.

    >>> import cpticd as cx
    >>> found = cx.patterns.association(cx.simulate(persons=100, seed=1).claims, stratify="payer")
    >>> bool((found["observed"] >= 3).all() and (found["eb05"] <= found["ebgm"]).all())
    True
    """
    one_of("unit", unit, UNITS)
    whole("min_observed", min_observed)
    groups = code_pairs.strata(claims, stratify)
    with claims.session() as s:
        terms = code_pairs.pairs_of(s, groups, pointer)
        found, counts = _counted(s, unit, min_observed)
        left_out = code_pairs.lines_left_out(s)
    result, prior = _measured(found, min_observed, unit)
    return attach(
        result,
        measure=f"disproportionality of procedure × diagnosis pairs ({pointer} pointers)",
        numerator=UNITS[unit] + " that point to the diagnosis",
        denominator="expected: in each stratum units of the procedure × units of the diagnosis / units, summed",
        clock=code_pairs.SERVICE_CLOCK,
        exclusions=code_pairs.EXCLUSIONS + f"; pairs observed fewer than {min_observed} times are not shown",
        rows_left_out=left_out,
        strata=groups.names or "none",
        prior=None if prior is None else prior.terms(),
        prior_method=shrinker.METHOD,
        test="stratified hypergeometric of effective units, one-sided (excess), Benjamini–Hochberg",
        family_size=int(result["p_value"].notna().sum()),
        pairs_fitted=len(found),
        small_pairs_left_out=len(found) - len(result),
        units=counts["units"],
        number_of_strata=counts["strata"],
        **terms,
    )


def _counted(s: Session, unit: Unit, min_observed: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every pair that occurs with its expectation and facts, and how many units and strata there are."""
    if unit == "lines":  # every line has one primary diagnosis, and every diagnosis once
        marks, units = "code_pairs", "(SELECT * FROM code_pairs WHERE is_primary)"
    else:
        marks = s.create("marks", "SELECT DISTINCT person, stratum, procedure, diagnosis FROM code_pairs")
        units = s.create("units", "SELECT DISTINCT person, stratum, procedure FROM marks")
    margins = Margins.of(
        *(
            s.frame(f"SELECT {code} AS code, stratum, count(*) AS n FROM {rows} u GROUP BY {code}, stratum")
            for code, rows in (("procedure", units), ("diagnosis", marks))
        )
    )
    found = s.frame(sql.text("patterns/association"), {"min_observed": min_observed}, marks=marks)
    procedure, diagnosis = (found[name].to_numpy(int) for name in ("procedure", "diagnosis"))
    tested = found["observed"].to_numpy() >= min_observed
    found = found.assign(**margins.cumulants(procedure, diagnosis, tested))
    strata = int(np.count_nonzero(margins.totals))
    return code_pairs.with_codes(s, found), {"units": int(margins.totals.sum()), "strata": strata}


def _measured(
    found: pd.DataFrame, min_observed: int, unit: Unit
) -> tuple[pd.DataFrame, shrinker.Prior | None]:
    """Shrunk ratios and error control of the pairs with enough units, and the prior of all of them."""
    sums = ["expected", "variance", "third", "fourth"]
    found = found.assign(**found[sums].round(code_pairs.DIGITS))
    prior = shrinker.fit(found["observed"], found["expected"]) if len(found) else None
    shown = found[found["observed"] >= min_observed].reset_index(drop=True)
    k, e = shown["observed"].to_numpy(float), shown["expected"].to_numpy(float)
    variance = shown["variance"].to_numpy(float)
    effect, freedom = np.ones(len(k)), np.full(len(k), np.inf)
    if unit == "lines":
        squares, persons = (shown[name].fillna(0).to_numpy(float) for name in ("squares", "clusters"))
        effect, freedom = recurring.of_persons(k, squares, persons)
    p_value = stats.stratified_excess(
        k, e, variance, shown["third"].to_numpy(float), shown["fourth"].to_numpy(float),
        design_effect=effect, freedom=freedom,
    )  # fmt: skip
    p_value = np.where(variance > 0, p_value, np.nan)
    empty = np.zeros(0)
    shown = shown.assign(
        observed=shown["observed"].astype("int64"),
        lift=k / e,
        pmi=np.log2(k / e),
        # As many units as there are proofs: the posterior leans the more on the prior, and is the wider.
        ebgm=empty if prior is None else shrinker.geometric_mean(prior, k / effect, e / effect),
        eb05=empty if prior is None else shrinker.quantile(prior, k / effect, e / effect, 0.05),
        eb95=empty if prior is None else shrinker.quantile(prior, k / effect, e / effect, 0.95),
        design_effect=effect,
        effective_lines=k / effect,
        p_value=p_value,
        q_value=stats.benjamini_hochberg(p_value),
        lines=shown["lines"].astype("int64"),
        persons=shown["persons"].astype("int64"),
        strata=shown["strata"].astype("int64"),
    )
    shown = code_pairs.with_families(shown)[list(COLUMNS)]
    # Last digits differ between machines; an order by eight is the same everywhere.
    shown = shown.assign(_first=shown["eb05"].round(8)).sort_values(
        ["_first", "observed", "hcpcs_code", "diagnosis_code"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    return shown.drop(columns="_first"), prior
