"""Measured: results of laboratories and measurements that speak for a condition which the year's codes do not have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.session import Session
from cpticd.risk.gap_found import Found, extended, nothing, prefixed
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.gap_services import coded_or_not, load_text, suspected, with_hcc
from cpticd.risk.rule_dates import COLUMNS, dated

_KEY: Final = ["person_id", "rule"]
_NUMBERS: Final = ("pair_from", "pair_below", "days_apart", "value_from", "value_below", "times")
#: What is counted of the year's results, by column of gap_results.sql.
_RESULTS: Final = {
    "results": "results", "unknown_code": "of a code that no rule reads", "no_number": "that are no number",
    "unknown_unit": "in a unit that no rule knows", "no_unit": "without a unit, taken to be in the rule's",
}  # fmt: skip
#: Bounds that are not there.
_LEAST, _MOST = -1e11, 1e11


def measured(s: Session, asked: Scope, classed: pd.DataFrame, own: pd.DataFrame | None = None) -> Found:
    """One row per person, rule and condition that results speak for: open, or closed by what is coded in the year.

    ``own``: further rows of ``evidence_observations``; ``classed``: ``drug_classes.classed``, for rules that ask for a
    drug beside the result. A rule reads the last result of the year, or the last pair of results far enough apart.
    Results in a unit that the rule does not know are left out and counted.
    """
    rules = observation_rules(own)
    if not s.holds("observations"):
        return replace(nothing(), left_out={"results": dict.fromkeys(_RESULTS.values(), 0)})
    load_rules(s, rules)
    _load_beside(s, rules, classed)
    counts = _counts(s)
    s.create("observed_readings", sql.text("risk/observed_readings"))
    for name in ("last", "pair"):
        s.create(f"measured_{name}", sql.text(f"risk/gap_measured_{name}"))
    s.create("gap_served", sql.text("risk/gap_measured"))
    rows, left_out = suspected(s, asked, rules, "measured")
    left_out = {"results": counts} | left_out
    if rows.empty:
        return replace(nothing(), left_out=left_out)
    results = s.frame("SELECT * FROM gap_served")
    # What a result says of a condition is worse than a lower code of its hierarchy says.
    rows["place"] = rows["place"].where(rows["place"] != 3, 0)
    values = results[[*_KEY, "first_value", "first_comparator", "last_value", "last_comparator"]]
    rows = rows.merge(values, on=_KEY).merge(rules.drop_duplicates("rule")[["rule", "measure"]], on="rule")
    candidates = rows.assign(
        kind="measured",
        stratum=rows["strength"],
        sentence=_sentence(rows)
        + " ("
        + rows["reason"]
        + "): "
        + rows["condition"]
        + coded_or_not(rows, asked),
    )
    return Found(candidates, with_hcc(_evidence(results), candidates, "measured"), left_out)


def observation_rules(own: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rows of ``evidence_observations`` with the user's own, dated."""
    table = reference.table("evidence_observations").to_pandas()
    return dated(
        "evidence_observations",
        extended("evidence_observations", table, own, ["rule", "codes", "diagnosis_code"]),
    )


def load_rules(s: Session, rules: pd.DataFrame) -> None:
    """Make ``observed_rules`` and ``observed_codes``: what each rule reads, in which units, and from when to when."""
    once = rules.drop_duplicates("rule")
    numbers = {name: once[name].astype(float) for name in _NUMBERS if name in once}
    bounds = {
        name: _LEAST if name.endswith("from") else _MOST
        for name in numbers
        if name not in ("days_apart", "times")
    }
    columns: dict[str, Any] = {
        name: pa.array(values.fillna(bounds.get(name, float("nan"))), pa.float64(), from_pandas=True)
        for name, values in numbers.items()
    }
    columns |= {name: pa.array(once[name].tolist(), pa.date32()) for name in COLUMNS}
    if "pair_below" in numbers:
        columns["bounded_above"] = pa.array(_is_bounded_above(once).tolist(), pa.bool_())
    for name, asks in (("beside_codes", "asks_codes"), ("beside_drugs", "asks_drugs")):
        if name in once:
            columns[asks] = pa.array((once[name] != "").tolist(), pa.bool_())
    s.load("observed_rules", {"rule": pa.array(once["rule"].tolist(), pa.string()), **columns})
    codes = once[["rule", "code_system"]].assign(code=once["codes"].str.split()).explode("code")
    units = once[["rule"]].assign(unit=once["units"].str.split()).explode("unit").fillna("")
    load_text(s, "observed_codes", codes.merge(units, on="rule")[["rule", "code_system", "code", "unit"]])


def _is_bounded_above(rules: pd.DataFrame) -> pd.Series:
    """Whether the worse results of a rule are the low ones: its range for pairs has no lower end."""
    return rules["pair_from"].isna() & rules["pair_below"].notna()


def _load_beside(s: Session, rules: pd.DataFrame, classed: pd.DataFrame) -> None:
    """``observed_beside``: codes of the data that have to stand beside a rule's result, diagnoses and drugs."""
    diagnoses = s.frame("SELECT DISTINCT diagnosis_code AS code FROM gap_codes")["code"]
    beside = prefixed(rules[["rule", "beside_codes"]].drop_duplicates(), "beside_codes", diagnoses)
    wanted = rules.loc[rules["beside_drugs"] != "", ["rule", "beside_drugs"]].drop_duplicates()
    filled = wanted.merge(classed, left_on="beside_drugs", right_on="drug_class")
    both = pd.concat(
        [beside.assign(system="icd-10-cm")[["rule", "system", "code"]], filled[["rule", "system", "code"]]]
    )
    load_text(s, "observed_beside", both.drop_duplicates())


def _counts(s: Session) -> dict[str, int]:
    """Results of the year's persons, and why some of them prove nothing."""
    (row,) = s.rows(sql.text("risk/gap_results"))
    return {words: row[column] for column, words in _RESULTS.items()}


def _evidence(results: pd.DataFrame) -> pd.DataFrame:
    """One row per person, rule and result: no claim, its day and code."""
    first = results[results["first_value"].notna()].rename(columns={"first_date": "claim_date"})
    last = results.rename(columns={"last_date": "claim_date"})
    both = pd.concat([first[[*_KEY, "claim_date", "code"]], last[[*_KEY, "claim_date", "code"]]])
    return both.assign(claim_id=pd.Series([None] * len(both), index=both.index, dtype="str"))


def _sentence(rows: pd.DataFrame) -> pd.Series:
    last = _value(rows, "last") + " on " + rows["last_date"].dt.strftime("%Y-%m-%d")
    first = _value(rows, "first") + " on " + rows["first_date"].dt.strftime("%Y-%m-%d") + " and " + last
    return rows["measure"] + " of " + first.where(rows["first_value"].notna(), last)


def _value(rows: pd.DataFrame, which: str) -> pd.Series:
    """Results as reported: "> 90", "52.5"."""
    bound = rows[f"{which}_comparator"].fillna("").astype(str)
    return bound + (bound != "").map({True: " ", False: ""}) + rows[f"{which}_value"].map("{:g}".format)
