"""How ill persons are by their claims' diagnoses: Charlson's and Elixhauser's conditions and indexes."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import reference, sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach, records_of
from cpticd.core.errors import DisclosureError
from cpticd.core.measure import Cells, Protected, measure
from cpticd.core.session import Session

Evidence = Literal["any", "confirmed"]
#: How much speaks for a condition, as a condition over its evidence; ``days`` between two claims of an outpatient.
_ENOUGH: Final = {
    "any": "TRUE",
    "confirmed": "inpatient = 1 OR date_diff('day', first_date, last_date) >= 30",
}
_WORDS: Final = {
    "any": "any diagnosis of a claim that stands",
    "confirmed": "a diagnosis of an inpatient claim, or of claims 30 days or more apart (Klabunde et al. 2000)",
}
SOURCES: Final = {
    "conditions": "Quan et al. 2005 (Med Care 43:1130), by the first characters of ICD-10 codes",
    "charlson": "weights of Charlson et al. 1987 (AIDS 6); a graver stage takes the place of a milder one",
    "charlson_2011": "weights of Quan et al. 2011 (HIV/AIDS 4)",
    "charlson_age": "charlson and one point for each decade from 50 on, four from 80 on (Charlson et al. 1994)",
    "elixhauser": "number of conditions of 31",
    "van_walraven": "weights of van Walraven et al. 2009",
}
#: From so many years on each decade is a point, up to so many.
_AGE_FROM: Final = 40
_MOST_DECADES: Final = 4


def _refused(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    raise DisclosureError(
        f"patterns.comorbidity: {len(frame):,} rows of a person each do not leave; "
        "cx.patterns.comorbidity_summary(claims, year=…) counts persons by condition and does"
    )


@measure(heading="Comorbidity of persons", leaves=Protected(_refused))
def comorbidity(
    claims: Claims,
    *,
    year: int,
    lookback_years: int = 1,
    evidence: Evidence = "any",
    flags: bool = False,
) -> pd.DataFrame:
    """One row per person: Charlson's and Elixhauser's conditions and indexes by the diagnoses of a year.

    Parameters
    ----------
    year: the last year of service from which diagnoses count.
    lookback_years: how many years count, this one the last.
    evidence: what speaks for a condition. ``any`` diagnosis of a claim that stands; ``confirmed``: one of an inpatient
        claim, or of claims 30 days or more apart, so that what was to be ruled out does not count (Klabunde 2000).
    flags: whether a column of yes or no for each condition follows, ``charlson_renal``, ``elixhauser_obesity`` and so
        on, for a regression.

    Columns
    -------
    person_id, year, age (in the year; missing where no birth date is known), claims that stand; charlson (weights of
    1987), charlson_2011 (Quan's), charlson_age (with points for age), elixhauser (number of conditions), van_walraven
    (weighted), charlson_conditions and elixhauser_conditions, their names (``reference.table("comorbidities")``).

    Persons are those with a claim in the years and members of one of them, without claims 0. Conditions are those of
    Quan et al. 2005 for ICD-10; a graver stage (diabetes with complications, metastatic cancer, …) takes the place of
    the milder one in both. ICD-9 codes do not count, and neither do admitting diagnoses and reasons for a visit; the
    contract says how many. Quan's list follows the WHO's ICD-10, where E11.6 is no complication. Claims count whether
    they were paid or denied. Rows of persons do not leave (DisclosureError): see :func:`comorbidity_summary`.
    Raises ArgumentError for other arguments.

    >>> import cpticd as cx
    >>> found = cx.patterns.comorbidity(cx.simulate(persons=100, seed=1).claims, year=2025)
    >>> bool((found["charlson_age"].dropna() >= found["charlson"][found["charlson_age"].notna()]).all())
    True
    """
    first, last = _days(year, lookback_years)
    with claims.session() as s:
        counted(s, claims, first, last, evidence)
        found = s.frame("SELECT * FROM comorbid_people ORDER BY person_id")
        rows = s.frame("SELECT person_id, index_name, condition FROM comorbid") if flags else None
        terms = _terms(s, first, last, evidence)
    numbers = ["claims", "charlson", "charlson_2011", "elixhauser", "van_walraven"]
    found = found.astype(dict.fromkeys(numbers, "int64")).astype({"age": "Int64"})
    decades = ((found["age"] - _AGE_FROM) // 10).clip(lower=0, upper=_MOST_DECADES)
    found.insert([*found.columns].index("charlson_2011") + 1, "charlson_age", found["charlson"] + decades)
    found.insert(1, "year", year)
    if rows is not None:
        found = _flagged(found, rows)
    return attach(
        found,
        measure="comorbidity of persons (Charlson, Elixhauser)",
        numerator="conditions that the person's diagnoses speak for, weighted",
        denominator="persons with a claim that stands in the years, and members of one of them",
        **terms,
    )


def _summary_facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, index and condition, and whether the person has it: facts for disclosure control."""
    given = records_of(frame)["arguments"]
    first, last = _days(given["year"], given["lookback_years"])
    with claims.session() as s:
        counted(s, claims, first, last, given["evidence"])
        return s.frame(
            "SELECT p.person_id, w.index_name AS index, w.condition, c.person_id IS NOT NULL AS has "
            "FROM comorbid_people p CROSS JOIN comorbid_weights w LEFT JOIN comorbid c ON c.person_id = p.person_id "
            "AND c.index_name = w.index_name AND c.condition = w.condition"
        )


@measure(
    heading="Conditions of Charlson and Elixhauser",
    leaves=Cells(
        by=("index", "condition"),
        persons="persons",
        numerators={"has": ("with_condition", "share", "low", "high")},
        labels="label",
        facts=_summary_facts,
    ),
    chart="comorbidity_summary",
)
def comorbidity_summary(
    claims: Claims,
    *,
    year: int,
    lookback_years: int = 1,
    evidence: Evidence = "any",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per index and condition: how many persons have it, and their share.

    Columns: index (charlson, elixhauser), condition, label, persons (all), with_condition, share with its interval low,
    high (Wilson's; persons are independent). Parameters as those of :func:`comorbidity`, and ``confidence`` of the
    interval. Every condition of both lists has a row. Ordered by index and share.

    >>> import cpticd as cx
    >>> found = cx.patterns.comorbidity_summary(cx.simulate(persons=100, seed=1).claims, year=2025)
    >>> found.groupby("index").size().to_dict()
    {'charlson': 17, 'elixhauser': 31}
    """
    first, last = _days(year, lookback_years)
    with claims.session() as s:
        counted(s, claims, first, last, evidence)
        persons = int(s.value("SELECT count(*) AS n FROM comorbid_people"))
        found = s.frame(
            "SELECT w.index_name AS index, w.condition, w.label, w.place, count(c.person_id) AS with_condition "
            "FROM comorbid_weights w LEFT JOIN comorbid c ON c.index_name = w.index_name "
            "AND c.condition = w.condition GROUP BY w.index_name, w.condition, w.label, w.place"
        )
        terms = _terms(s, first, last, evidence)
    k = found["with_condition"].to_numpy(float)
    low, high = stats.wilson(k, np.full(len(k), float(persons)), confidence)
    found = found.assign(persons=persons, share=k / persons if persons else np.nan, low=low, high=high)
    found = found.astype({"with_condition": "int64", "persons": "int64"})
    found = found.sort_values(
        ["index", "with_condition", "place"], ascending=[True, False, True], ignore_index=True
    )
    columns = ["index", "condition", "label", "persons", "with_condition", "share", "low", "high"]
    return attach(
        found[columns],
        measure="share of persons with a condition (Charlson, Elixhauser)",
        numerator="persons whose diagnoses speak for the condition",
        denominator="persons with a claim that stands in the years, and members of one of them",
        interval=f"{confidence:.0%} Wilson of persons",
        **terms,
    )


def counted(s: Session, claims: Claims, first: date, last: date, evidence: Evidence = "any") -> str:
    """Make the relation ``comorbid`` in a session: one row per person, index and condition that counts, with weights.

    ``comorbid_weights`` has every condition, with its label and its place in the table; ``comorbid_people`` a row per
    person, those without a condition too, with age, claims and indexes.
    """
    one_of("evidence", evidence, _ENOUGH)
    codes = reference.table("comorbidity_codes").rename_columns(["index_name", "condition", "prefix"])
    weights = reference.table("comorbidities").to_pandas().rename(columns={"index": "index_name"})
    s.load("comorbid_prefixes", codes)
    s.load("comorbid_weights", weights.assign(place=range(len(weights))))
    setting = claims.grouping("setting")
    s.create("comorbid_standing", _bound(sql.text("patterns/comorbid_standing"), first, last),
             setting=f"({setting.dimensions[0].sql})", joins=setting.joins)  # fmt: skip
    s.create("comorbid_evidence", sql.text("patterns/comorbid_evidence"))
    s.create("comorbid", sql.text("patterns/comorbid"), enough=_ENOUGH[evidence])
    s.create("comorbid_people", _bound(sql.text("patterns/comorbid_persons"), first, last))
    return "comorbid"


def _bound(text: str, first: date, last: date) -> str:
    """The statement with its days, which are dates and nothing else."""
    return text.replace("$first", f"'{first.isoformat()}'").replace("$last", f"'{last.isoformat()}'")


def _days(year: int, lookback_years: int) -> tuple[date, date]:
    whole("year", year, 1900)
    whole("lookback_years", lookback_years)
    return date(year - lookback_years + 1, 1, 1), date(year, 12, 31)


def _terms(s: Session, first: date, last: date, evidence: Evidence) -> dict[str, Any]:
    """What the contracts of both say of days, evidence, sources and what does not count."""
    left_out = s.rows(sql.text("patterns/comorbid_left_out"))[0]
    old, aside = int(left_out["icd9"]), int(left_out["aside"])
    return {
        "clock": f"first day of service of the claim, {first} to {last}",
        "exclusions": "claims that a later claim replaced or voided; ICD-9 codes; admitting diagnoses, reasons for a "
        "visit, external causes; what a graver stage of the same takes the place of",
        "rows_left_out": old + aside,
        "icd9_diagnoses_left_out": old,
        "admitting_and_reasons_left_out": aside,
        "evidence": _WORDS[evidence],
        **{f"source_{name}": words for name, words in SOURCES.items()},
    }


def _flagged(found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """A column of yes or no for each condition of both lists."""
    names = reference.table("comorbidities").to_pandas()
    place = pd.Index(found["person_id"])
    every: dict[str, np.ndarray] = {}
    of_condition = {key: part["person_id"] for key, part in rows.groupby(["index_name", "condition"])}
    for index, condition in zip(names["index"], names["condition"], strict=True):
        flag = np.zeros(len(place), dtype=bool)
        flag[place.get_indexer(of_condition.get((index, condition), []))] = True
        every[f"{index}_{condition}"] = flag
    return pd.concat([found, pd.DataFrame(every, index=found.index)], axis=1)
