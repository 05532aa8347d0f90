"""How coded conditions come, stay and come back from year to year, each rate with its denominator."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import InputError
from cpticd.core.measure import Part, Protected, measure
from cpticd.core.session import Session
from cpticd.risk import chronic_codes, hcc_tables, protection
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.chronic_codes import Chronic
from cpticd.risk.conditions import list_used, list_years, load_encounters
from cpticd.risk.entitlement import load_outsiders
from cpticd.stats import wilson

_COUNTS: Final = ("incident", "at_risk", "persistent", "had_before", "recaptured", "due")
COLUMNS: Final = (
    "hcc", "label", "chronic", "year", "persons_enrolled", "persons", "prevalence", "prevalence_low",
    "prevalence_high", "at_risk", "incident", "incidence", "had_before", "persistent", "persistence", "due",
    "recaptured", "recapture_rate", "low", "high", "steady_state_prevalence",
)  # fmt: skip


@measure(
    heading="Recapture of conditions",
    leaves=Protected(protection.recapture),
    chart="recapture",
    report=[
        Part(
            "risk_recapture", "risk", "Recapture of conditions",
            lambda given: {"payment_year": given["payment_year"], "model": given["model"]},
        )
    ],
)  # fmt: skip
def recapture(
    claims: Claims,
    *,
    payment_year: int,
    model: str = "V28",
    chronic: Chronic = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per HCC and service year: how many have it, how many are new, how many kept it or have it again.

    Every HCC that is coded in some year has a row for every year of the members table from the first list of
    eligible procedures on. HCCs are those of diagnoses that count, before hierarchies, by the mapping of
    ``payment_year`` for all years, so that a change of the table is no change of persons.

    - ``prevalence``: persons / persons_enrolled (a members row of the year), with its Wilson interval;
    - the cohort of a year are persons with a members row in it and in the year before, alive when it ended;
    - ``incidence``: incident / at_risk, those of the cohort who did not have the HCC in the year before;
    - ``persistence``: persistent / had_before, those of the cohort who did;
    - ``recapture_rate``: recaptured / due. Due are those of the cohort who had the HCC in the year before, where it
      is chronic; recaptured are those of them with the same HCC, or one above it in its hierarchy, in this year;
      ``low`` and ``high`` are its Wilson interval of ``confidence``;
    - ``steady_state_prevalence``: incidence / (incidence + 1 - persistence), to which a two-state Markov chain with
      these two rates tends; of persons who stay enrolled and alive, if the rates stay.

    ``chronic``: which conditions are due to come back: unless given, the HCCs that CMS marks as chronic. A list of HCCs
    of your own, or a table with a column ``hcc`` or ``diagnosis_code``; of codes those are due who had one of them.
    What of it the model does not have is in :func:`risk.rejects`, with the reason.
    A year without the one before it has nulls for all but prevalence, since they cannot be known. A coded HCC is not
    the disease: persistence below one is recovery and lapse of coding together, and an HCC that gives way to a
    higher one is recaptured without persisting.
    Raises InputError where there are no members, ArgumentError for a model or payment year without tables.

    >>> import cpticd as cx
    >>> rates = cx.risk.recapture(cx.simulate(persons=100, seed=1).claims, payment_year=2026)
    >>> bool((rates["recaptured"] <= rates["due"]).all())
    True
    """
    hcc_tables.check_model(model, payment_year)
    years = _years(claims)
    refused = Rejects()
    codes = chronic_codes.codes(model, payment_year, chronic, refused)
    frame = _rates(_count(claims, years, model, payment_year, codes), confidence)
    pairs = [year for year in years if year - 1 in years]
    return attach(
        frame[list(COLUMNS)],
        measure=f"incidence, persistence and recapture of coded HCCs of {model}",
        numerator="persons of the cohort with the HCC (recapture: the same or a higher one) on a claim that counts",
        denominator="recapture: persons with the chronic HCC in the year before who have a members row in both years "
        "and were alive when the year ended; persistence: the same for any HCC; incidence: persons of that "
        "cohort without the HCC in the year before; prevalence: persons with a members row of the year",
        clock=f"service years {', '.join(map(str, years))}; rates from year to year for "
        + (", ".join(map(str, pairs)) or "none: no year stands beside the one before it"),
        exclusions="persons not in members; diagnoses that do not count; death in or before the year (rates)",
        payment_year=payment_year,
        steady_state="incidence / (incidence + 1 - persistence): two-state Markov chain, rates held constant",
        eligible_procedures=list_used(max(years)),
        chronic="as CMS marks HCCs"
        if chronic is None
        else f"the caller's list: {codes['hcc'].nunique()} HCCs",
        records={"rejects": refused.records},
    )


def _years(claims: Claims) -> list[int]:
    """Service years of the members table for which there are lists of eligible procedures, sorted."""
    with claims.session() as s:
        found = s.fetch("SELECT DISTINCT year FROM members ORDER BY year").column(0).to_pylist()
    years = [year for year in found if year >= list_years()[0]]
    if not years:
        raise InputError(
            f"members: years {found}; recapture needs members rows of {list_years()[0]} or later, which say "
            "who was enrolled; load the table 'members' (cpticd.read_tables)"
        )
    return years


def days_of(years: list[int], model: str) -> dict[str, pa.Array]:
    """Service years, each with the day whose ages are meant: its year, and month x 100 + day."""
    days = [hcc_tables.age_day(model, hcc_tables.service_to_payment(model, year)) for year in years]
    columns = {
        "year": years,
        "age_year": [day.year for day in days],
        "age_day": [day.month * 100 + day.day for day in days],
    }
    return {name: pa.array(values, pa.int32()) for name, values in columns.items()}


def _count(
    claims: Claims, years: list[int], model: str, payment_year: int, chronic: pd.DataFrame
) -> pd.DataFrame:
    with claims.session() as s:
        load_coded(s, years, model, payment_year, chronic)
        s.load("hcc_labels", hcc_tables.labels(model))
        return s.frame(sql.text("risk/recapture"))


def load_coded(s: Session, years: list[int], model: str, payment_year: int, chronic: pd.DataFrame) -> None:
    """Relations ``coded`` (a person's HCCs of each year), ``hcc_up`` (what answers for each) and of lasting codes."""
    up = {(hcc, hcc) for hcc in hcc_tables.labels(model).column("hcc").to_pylist()}
    up |= {(row["child"], row["parent"]) for row in hcc_tables.hierarchy(model).to_pylist()}
    pairs = sorted(up)
    load_encounters(s, years, model=model)
    load_outsiders(s, model)
    s.load("years", days_of(years, model))
    s.load("hcc_map", hcc_tables.remembered(model, payment_year))
    chronic_codes.load(s, chronic)
    s.load("hcc_up", {"hcc": [a for a, _ in pairs], "up": [b for _, b in pairs]})
    s.create("coded", sql.text("risk/recapture_coded"))


def _rates(frame: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """``frame`` of counts with rates; what needs the year before is null where that is not there."""
    frame["at_risk"] = frame["cohort"] - frame["had_before"]
    frame["due"] = frame["due"].astype("Int64")
    frame["recaptured"] = frame["recaptured"].astype("Int64")
    frame.loc[~frame["chronic"].astype(bool), ["due", "recaptured"]] = pd.NA
    known = frame["year"].sub(1).isin(set(frame["year"])).to_numpy(bool)
    for column in _COUNTS:
        frame[column] = frame[column].astype("Int64").where(known)
    frame["prevalence"] = _ratio(frame["persons"], frame["persons_enrolled"])
    frame["prevalence_low"], frame["prevalence_high"] = wilson(
        frame["persons"], frame["persons_enrolled"], confidence
    )
    frame["incidence"] = _ratio(frame["incident"], frame["at_risk"])
    frame["persistence"] = _ratio(frame["persistent"], frame["had_before"])
    frame["recapture_rate"] = _ratio(frame["recaptured"], frame["due"])
    frame["low"], frame["high"] = wilson(frame["recaptured"].fillna(0), frame["due"].fillna(0), confidence)
    leaving = 1.0 - frame["persistence"]
    frame["steady_state_prevalence"] = _ratio(frame["incidence"], frame["incidence"] + leaving)
    return frame


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """part / whole as float; NaN where either is absent or the whole is nothing."""
    top = part.to_numpy(dtype=float, na_value=np.nan)
    bottom = whole.to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.Series(np.where(bottom > 0, top / bottom, np.nan), part.index)
