"""The population view: how ill a provider's panel is, beside what it uses and what it costs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.measure import Part, Protected, measure
from cpticd.core.selection import Grouping, grouping
from cpticd.risk import hcc_tables
from cpticd.risk.protection import rows_of_enough
from cpticd.risk.score import score
from cpticd.stats import normal_quantile

#: Conditions that are many: persons with at least so many paid HCCs are counted.
MANY: Final = 4
_NOBODY: Final = ("(none)", "(unknown)")


@measure(
    heading="Complexity, services and dollars by panel",
    leaves=Protected(rows_of_enough(("persons_many", "persons"), ("persons_with_hccs", "persons"))),
    chart="population",
    report=[
        Part(
            "risk_panels", "risk", "Complexity, services and dollars by payer",
            lambda given: {"payment_year": given["payment_year"], "model": given["model"], "by": "payer"},
            detail="full",
        )
    ],
)  # fmt: skip
def population(
    claims: Claims,
    *,
    payment_year: int,
    by: str = "provider",
    model: str = "V28",
    factors: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per panel: its persons, how complex they are, what they use, and what they cost for their complexity.

    Parameters
    ----------
    payment_year: whose tables score the diagnoses of the service year before it, in which services are counted.
    by: provider (who bills), rendering_npi, specialty, payer, or any dimension of the claims
        (``claims.dimensions()``). A person belongs to one panel: the value with most of his claims in the year, then
        with most services, then the first of the alphabet.
    model: V24, V28, V22, ESRD V24, RxHCC V08, or a model of HHS.
    factors: as in :func:`cpticd.risk.score`.
    confidence: of the intervals, whose units are persons.

    Columns
    -------
    ``by``, persons, score (mean payment score; raw where no normalization is known), score_low and score_high,
    conditions (mean number of paid HCCs), persons_with_hccs, persons_many (four paid HCCs and more), many_share,
    services and services_per_person, allowed_amount and allowed_per_person (US dollars), expected_per_person (its
    score x the dollars per point of score of all panels together), observed_to_expected with low and high (ratio of
    sums, standard error clustered by person).

    Persons are those who are scored and have a service in the year; a service is a submitted line that counts once (no
    void, no version before). Where no line has an allowed amount, charges stand in and ``cx.contract`` says so.
    Lists what panels have, and judges nobody: what is left between panels of one score may be case mix that no HCC
    holds, price, or chance. Raises ArgumentError for an unknown dimension, InputError where nobody is scored.

    >>> import cpticd as cx
    >>> panels = cx.risk.population(cx.simulate(persons=200, seed=1).claims, payment_year=2026, by="specialty")
    >>> bool((panels["score_low"].fillna(0) <= panels["score"]).all())
    True
    """
    groups = grouping(by, claims.known_dimensions())
    if len(groups.dimensions) != 1 or groups.level == "diagnosis":
        raise ArgumentError(f"by={by!r}: one dimension of claims or lines is needed, such as 'provider'")
    year = hcc_tables.service_year(model, payment_year)
    scored = score(claims, payment_year=payment_year, model=model, factors=factors, quiet=True)
    persons, dollars = _persons(claims, groups, year, scored)
    if persons.empty:
        raise InputError(
            f"nobody who is scored has a service in {year}; choose another payment_year, or load members"
        )
    frame = _panels(persons, by, confidence)
    means = {name: float(persons[name].mean()) for name in ("score", "hccs", "services", "amount")}
    return attach(
        frame,
        measure=f"complexity and use by {groups.dimensions[0].label}, {model}, payment year {payment_year}",
        numerator=f"{dollars} of persons of the panel, their services, their scores",
        denominator="persons of the panel who are scored and have a service in the year; expected: score x dollars "
        "per point of score of all panels",
        clock=f"service year {year}",
        exclusions="persons who are not scored, or have no service; voids and versions before the last",
        model=model,
        payment_year=payment_year,
        dollars=dollars,
        normalized=bool(scored["payment_score"].notna().all()),
        left_out={"scored persons without a service in the year": len(scored) - len(persons)},
        interval=f"{100 * confidence:g} %, normal, units are persons",
        records={"totals": [{"panels": len(frame), "persons": len(persons), **means}]},
    )


def _persons(claims: Claims, groups: Grouping, year: int, scored: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """One row per scored person with services: panel, score, hccs, services, amount; and which dollars these are."""
    with claims.session() as s:
        rows = s.frame(
            sql.text("risk/population_lines"),
            {"year": year},
            panel=groups.dimensions[0].sql,
            joins=groups.joins,
        )
    dollars = "allowed_amount" if rows["priced"].sum() else "charge_amount"
    named = rows.assign(panel=rows["panel"].astype("str"), nameless=rows["panel"].isin(_NOBODY))
    named = named.sort_values(
        ["person_id", "nameless", "claims", "services", "panel"], ascending=[True, True, False, False, True]
    )
    of_person = rows.groupby("person_id")[["services", dollars]].sum()
    found = named.drop_duplicates("person_id")[["person_id", "panel"]].merge(
        of_person.rename(columns={dollars: "amount"}), left_on="person_id", right_index=True
    )
    known = scored["payment_score" if scored["payment_score"].notna().all() else "raw_score"]
    people = pd.DataFrame({
        "person_id": scored["person_id"].astype("str"), "score": known.astype(float),
        "hccs": scored["payment_hcc_count"].astype(int),
    })  # fmt: skip
    return found.astype({"person_id": "str"}).merge(people, on="person_id"), dollars.replace("_", " ")


def _panels(persons: pd.DataFrame, by: str, confidence: float) -> pd.DataFrame:
    z = normal_quantile(confidence)
    per_point = persons["amount"].sum() / persons["score"].sum() if persons["score"].sum() else np.nan
    rows = persons.assign(
        expected=persons["score"] * per_point, many=persons["hccs"] >= MANY, some=persons["hccs"] > 0
    )
    groups = rows.groupby("panel")
    n = groups.size()
    frame = pd.DataFrame({"persons": n, "score": groups["score"].mean()})
    half: Any = z * groups["score"].std(ddof=1) / np.sqrt(n)
    frame["score_low"], frame["score_high"] = (frame["score"] - half).clip(lower=0), frame["score"] + half
    frame["conditions"] = groups["hccs"].mean()
    frame["persons_with_hccs"], frame["persons_many"] = groups["some"].sum(), groups["many"].sum()
    frame["many_share"] = frame["persons_many"] / n
    frame["services"] = groups["services"].sum()
    frame["services_per_person"] = frame["services"] / n
    frame["allowed_amount"] = groups["amount"].sum()
    frame["allowed_per_person"] = frame["allowed_amount"] / n
    frame["expected_per_person"] = groups["expected"].sum() / n
    ratio = _ratio(groups, z)
    frame = frame.join(ratio).reset_index(names=by)
    return frame.sort_values(["persons", by], ascending=[False, True], ignore_index=True)


def _ratio(groups: Any, z: float) -> pd.DataFrame:
    """Observed to expected dollars of each panel: ratio of sums, linearised standard error over persons."""
    sums = groups[["amount", "expected"]].sum()
    ratio = sums["amount"] / sums["expected"].where(sums["expected"] > 0)
    rows = groups.obj
    rest = rows["amount"] - rows["panel"].map(ratio) * rows["expected"]
    n = groups.size()
    squares = (rest**2).groupby(rows["panel"]).sum()
    spread = (squares * n / (n - 1).where(n > 1)).to_numpy(float)
    expected = sums["expected"].where(sums["expected"] > 0).to_numpy(float)
    half = pd.Series(z * np.sqrt(spread) / expected, ratio.index)
    return pd.DataFrame(
        {"observed_to_expected": ratio, "low": (ratio - half).clip(lower=0), "high": ratio + half}
    )
