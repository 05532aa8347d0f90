"""Which diagnosis stands with which procedure more often than chance, as far as the counts can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Unpack

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.claims import Claims
from cpticd.cohort import Cohort, Filters, dimensions, lines
from cpticd.core.contract import attach
from cpticd.core.frames import to_frame
from cpticd.patterns import inputs, shrinker
from cpticd.patterns.independence import Margins
from cpticd.patterns.inputs import POINTED, Pointer

Unit = Literal["line", "person"]
UNITS: Final = ("line", "person")
COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "observed", "expected", "lift", "pmi",
    "ebgm", "eb05", "eb95", "p_value", "q_value", "lines", "persons", "strata", "first_date", "last_date",
)  # fmt: skip


def association(
    claims: Claims,
    *,
    stratify: Sequence[str] | str | None = ("payer", "place_of_service_code", "quarter"),
    unit: Unit = "line",
    pointer: Pointer = "all",
    min_observed: int = 3,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """One row per procedure and diagnosis that stand together at least ``min_observed`` times.

    Parameters
    ----------
    stratify: chance is told within strata of these (``cpticd.cohort.DIMENSIONS``; ``place_of_service_code`` is the
        bill type, such as 13X, of institutional lines), or ``diagnoses_on_line`` (1, 2, 3, 4 or more diagnoses that
        the line points to, since lines with many have more of every pair); None: no strata.
    unit: ``line``, or ``person``: a person's lines of one procedure in one stratum count once, so that a service
        that is repeated every week is not many proofs.
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_observed: pairs with fewer units are fitted, counted in the contract, and not shown.
    filters: dates, payer, setting, place, claim_type, person_id (``cpticd.cohort.Filters``).

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; observed units; expected, those that independence
    of procedure and diagnosis within each stratum lets expect; lift = observed / expected; pmi = log2 of lift,
    pointwise mutual information; ebgm, eb05, eb95: geometric mean and 5 % and 95 % quantiles of the posterior of
    the pair's true lift (Gamma–Poisson shrinker, ``cpticd.patterns.shrinker``); p_value (one-sided, stratified
    hypergeometric, saddlepoint), q_value (Benjamini–Hochberg over the rows); lines, persons; strata in which both
    codes occur; first_date and last_date of service.

    Units count as independent. Lines of one claim are not quite, so that eb05 with ``unit="line"`` is on the
    bold side; ``persons`` says how many stand behind. Ordered by eb05, then by observed and codes.
    Raises ArgumentError for arguments and filters that are unknown.
    """
    inputs.one_of("unit", unit, UNITS)
    inputs.positive("min_observed", min_observed)
    wanted = dimensions(stratify, "stratify", POINTED)
    with lines(claims, filters) as cohort:
        found, counts = _counted(cohort, wanted, unit, pointer, min_observed)
        left_out = inputs.lines_left_out(cohort)
        told = cohort.contract
    result, prior = _measured(found, min_observed)
    return attach(
        result,
        measure=f"disproportionality of procedure × diagnosis pairs ({pointer} pointers)",
        numerator=_UNIT_WORDS[unit] + " that point to the diagnosis",
        denominator="expected: in each stratum units of the procedure × units of the diagnosis / units, summed",
        clock=inputs.SERVICE_CLOCK,
        exclusions=inputs.EXCLUSIONS + f"; pairs observed fewer than {min_observed} times are not shown",
        rows_left_out=left_out,
        strata=wanted or "none",
        prior=None if prior is None else prior.told(),
        prior_method=shrinker.METHOD,
        test="stratified hypergeometric, one-sided (excess), Benjamini–Hochberg",
        family_size=int(result["p_value"].notna().sum()),
        pairs_fitted=len(found),
        small_pairs_left_out=len(found) - len(result),
        units=counts["units"],
        number_of_strata=counts["strata"],
        **told,
    )


_UNIT_WORDS: Final = {
    "line": "service lines of the procedure",
    "person": "persons × strata with the procedure (a person's lines of it in a stratum count once)",
}


def _counted(
    cohort: Cohort, wanted: list[str], unit: Unit, pointer: Pointer, min_observed: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every pair that occurs with its expectation and facts, and how many units and strata there are."""
    pairs = inputs.pairs_of(cohort, pointer, wanted)
    if unit == "line":  # every line has one primary diagnosis, and every diagnosis once
        marks, units = pairs, f"(SELECT * FROM {pairs} WHERE is_primary)"
    else:
        marks = cohort.create("marks", f"SELECT DISTINCT person, stratum, procedure, diagnosis FROM {pairs}")
        units = cohort.create("units", f"SELECT DISTINCT person, stratum, procedure FROM {marks}")
    margins = Margins.of(
        *(
            to_frame(
                cohort.engine.fetch(
                    f"SELECT {code} AS code, stratum, count(*) AS n FROM {rows} u GROUP BY {code}, stratum"
                )
            )
            for code, rows in (("procedure", units), ("diagnosis", marks))
        )
    )
    found = to_frame(
        cohort.engine.fetch(_FACTS.format(pairs=pairs, marks=marks), {"min_observed": min_observed})
    )
    procedure, diagnosis = (found[name].to_numpy(int) for name in ("procedure", "diagnosis"))
    tested = found["observed"].to_numpy() >= min_observed
    found = found.assign(**margins.cumulants(procedure, diagnosis, tested))
    strata = int(np.count_nonzero(margins.totals))
    return inputs.with_codes(found, inputs.code_names(cohort)), {
        "units": int(margins.totals.sum()),
        "strata": strata,
    }


#: One row per pair: units, lines and dates; persons where enough units are observed.
_FACTS: Final = """
    WITH counted AS (SELECT procedure, diagnosis, count(*) AS observed FROM {marks} GROUP BY procedure, diagnosis),
    facts AS (
        SELECT procedure, diagnosis, count(*) AS lines, min(service_date) AS first_date, max(service_date) AS last_date
        FROM {pairs} GROUP BY procedure, diagnosis
    ),
    people AS (
        SELECT p.procedure, p.diagnosis, count(DISTINCT CASE WHEN p.known THEN p.person END) AS persons
        FROM {pairs} p
        JOIN counted c ON c.procedure = p.procedure AND c.diagnosis = p.diagnosis
        WHERE c.observed >= $min_observed
        GROUP BY p.procedure, p.diagnosis
    )
    SELECT c.*, f.lines, coalesce(e.persons, 0) AS persons, f.first_date, f.last_date
    FROM counted c
    JOIN facts f ON f.procedure = c.procedure AND f.diagnosis = c.diagnosis
    LEFT JOIN people e ON e.procedure = c.procedure AND e.diagnosis = c.diagnosis
    ORDER BY c.procedure, c.diagnosis
"""


def _measured(found: pd.DataFrame, min_observed: int) -> tuple[pd.DataFrame, shrinker.Prior | None]:
    """Shrunk ratios and error control of the pairs with enough units, and the prior of all of them."""
    sums = ["expected", "variance", "third", "fourth"]
    found = found.assign(**found[sums].round(inputs.DIGITS))
    prior = shrinker.fit(found["observed"], found["expected"]) if len(found) else None
    shown = found[found["observed"] >= min_observed].reset_index(drop=True)
    k, e = shown["observed"].to_numpy(float), shown["expected"].to_numpy(float)
    variance = shown["variance"].to_numpy(float)
    p_value = stats.stratified_excess(
        k, e, variance, shown["third"].to_numpy(float), shown["fourth"].to_numpy(float)
    )
    p_value = np.where(variance > 0, p_value, np.nan)
    empty = np.zeros(0)
    shown = shown.assign(
        observed=shown["observed"].astype("int64"),
        lift=k / e,
        pmi=np.log2(k / e),
        ebgm=empty if prior is None else shrinker.geometric_mean(prior, k, e),
        eb05=empty if prior is None else shrinker.quantile(prior, k, e, 0.05),
        eb95=empty if prior is None else shrinker.quantile(prior, k, e, 0.95),
        p_value=p_value,
        q_value=stats.benjamini_hochberg(p_value),
        lines=shown["lines"].astype("int64"),
        persons=shown["persons"].astype("int64"),
        strata=shown["strata"].astype("int64"),
    )
    shown = inputs.with_families(shown)[list(COLUMNS)]
    # Last digits differ between machines; an order by eight is the same everywhere.
    shown = shown.assign(_first=shown["eb05"].round(8)).sort_values(
        ["_first", "observed", "hcpcs_code", "diagnosis_code"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    return shown.drop(columns="_first"), prior
