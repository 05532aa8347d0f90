"""Evidence from services: implied by a service that hardly exists without the condition, and unspecified codes
beside which a service (or another code) speaks for a specific sibling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.codes import dotted
from cpticd.core.apart import total
from cpticd.core.session import Session
from cpticd.risk.current_codes import current
from cpticd.risk.gap_found import Found, band, extended, matched, nothing, number, prefixed
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.rule_dates import COLUMNS, dated

#: Persons that a rule's share among several conditions counts as, before the user's own claims decide.
SHARE_PRIOR: Final = 5.0
#: Persons with the service from whom the coded share is taken, and from which most are coded.
FEWEST_PERSONS: Final = 20
MOSTLY_CODED: Final = 0.5
_KEY: Final = ["person_id", "rule"]


def implied(s: Session, asked: Scope, own: pd.DataFrame | None = None) -> Found:
    """One row per person, service rule and condition that the service implies: open, or closed by what is coded.

    A service that stands for several conditions is divided among them as the user's other persons with the service
    are coded, starting from the table's shares; a person whose year before names one of them keeps to that one.
    ``own``: further rows of ``implied_services``.
    """
    rules = extended(
        "implied_services", reference.table("implied_services").to_pandas(), own,
        ["rule", "system", "code_from", "code_to", "diagnosis_code"],
    )  # fmt: skip
    rules = dated("implied_services", rules)
    found = _data_codes(s)
    _load_rules(s, rules, found)
    s.create("gap_served", sql.text("risk/gap_served"))
    rows, left_out = suspected(s, asked, rules, "implied")
    if rows.empty:
        return replace(nothing(), left_out=left_out)
    evidence = s.frame(sql.text("risk/gap_service_evidence"))
    candidates = rows.assign(
        kind="implied",
        stratum=rows["strength"] + ", " + rows["own"],
        sentence=rows["code"] + " on " + number(rows["claims"], "claim") + f" in {asked.year}, last "
        + rows["last_date"].dt.strftime("%Y-%m-%d") + " (" + rows["reason"] + "): " + rows["condition"]
        + coded_or_not(rows, asked),
    )  # fmt: skip
    return Found(candidates, with_hcc(evidence, candidates, "implied"), left_out)


def coded_or_not(rows: pd.DataFrame, asked: Scope) -> pd.Series:
    """The end of a sentence of evidence: whether the condition is coded in the year."""
    return (rows["place"] == 1).map({True: ", coded", False: ", not coded"}) + f" in {asked.year}"


def suspected(
    s: Session, asked: Scope, rules: pd.DataFrame, kind: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One row per person, rule and condition that what the person had in the year (``gap_served``) speaks for, and
    what was left out.

    ``rules`` have diagnosis_code, share, condition_codes, strength, condition, reason and explained_by. What a code of
    the year explains away goes first; a condition that is coded stays, closed.
    """
    if not s.holds("gap_served"):
        return pd.DataFrame(), {}
    rules = rules.assign(diagnosis_code=current(rules["diagnosis_code"], asked.year))
    alternatives = rules.drop_duplicates(["rule", "diagnosis_code"])
    load_text(s, "gap_alternatives", alternatives[["rule", "diagnosis_code", "share", "strength"]])
    diagnoses = s.frame("SELECT DISTINCT diagnosis_code AS code FROM encounters")["code"]
    alternatives = rules[["rule", "diagnosis_code", "condition_codes"]].drop_duplicates()
    # A user's row may leave the codes that explain the service to its own category.
    named = alternatives["condition_codes"] != ""
    alternatives["condition_codes"] = alternatives["condition_codes"].where(
        named, alternatives["diagnosis_code"].str[:3]
    )
    named_codes = prefixed(alternatives, "condition_codes", diagnoses)[["rule", "diagnosis_code", "code"]]
    load_text(s, "gap_alternative_codes", named_codes.drop_duplicates())
    rows = s.frame(sql.text("risk/gap_implied"))
    before = _persons(rows)
    rows = _unexplained(s, rules, rows, diagnoses)
    left_out: dict[str, Any] = {}
    if away := before - _persons(rows):
        left_out["persons and services explained away by another code"] = away
    if rows.empty:
        return rows, left_out
    rows["coded"] = rows["now"] == 1
    rows["place"] = rows["place"].where(rows["place"] > 0, 0)
    rows = _divided(rows, kind)
    explained = rows.groupby(_KEY)["coded"].transform("max")
    # Of a service that is explained, the condition that explains it stays, closed; without an HCC it is left out.
    closed = explained & (rows["place"] > 0) & rows["coded"]
    left_out |= {
        "persons and services explained by a code without HCC": _persons(rows[explained])
        - _persons(rows[closed]),
        "suspected conditions without an HCC of the model": int((rows["hcc"].isna() & ~explained).sum()),
    }
    keep = ~explained | closed
    rows = rows[keep & rows["hcc"].notna()]
    return rows.merge(rules.drop_duplicates("rule")[["rule", "condition", "reason"]], on="rule"), left_out


def unspecified(s: Session, asked: Scope, own: pd.DataFrame | None = None) -> Found:
    """One row per person, rule and specific sibling of an unspecified code, which other evidence speaks for.

    ``own``: further rows of ``specific_evidence``.
    """
    rules = extended(
        "specific_evidence", reference.table("specific_evidence").to_pandas(), own,
        ["rule", "unspecified_codes", "system", "code_from", "code_to", "diagnosis_code"],
    )  # fmt: skip
    rules = dated("specific_evidence", rules)
    rules["diagnosis_code"] = current(rules["diagnosis_code"], asked.year)
    found = _data_codes(s)
    _load_rules(s, rules, found)
    s.create("gap_served", sql.text("risk/gap_served"))
    alternatives = rules.drop_duplicates(["rule", "diagnosis_code"])
    load_text(s, "gap_alternatives", alternatives[["rule", "diagnosis_code", "share", "strength"]])
    diagnoses = s.frame("SELECT DISTINCT diagnosis_code AS code FROM encounters")["code"]
    base = prefixed(rules[["rule", "unspecified_codes"]].drop_duplicates(), "unspecified_codes", diagnoses)
    load_text(s, "gap_base_codes", base[["rule", "code"]].drop_duplicates())
    rows = s.frame(sql.text("risk/gap_unspecified"))
    rows = _unexplained(s, rules, rows, diagnoses)
    parts = [s.frame(sql.text(f"risk/gap_{name}_evidence")) for name in ("service", "unspecified")]
    if rows.empty:
        return nothing()
    rows["coded"], rows["before"], rows["exact"] = rows["place"] == 1, 0, 1
    rows = _divided(rows, "unspecified")
    rows = rows[rows["base_code"].notna()]
    coded = rows["place"].isin([1, 2])
    explained = coded.groupby([rows[name] for name in _KEY]).transform("max")
    rows = rows[~explained | coded]
    # The lower HCC is the unspecified code itself: it does not close what it is the evidence of.
    rows["place"] = rows["place"].where(rows["place"] != 3, 0)
    rows = rows.merge(rules.drop_duplicates("rule")[["rule", "reason"]], on="rule")
    candidates = rows.assign(
        kind="unspecified",
        stratum=rows["strength"] + ", " + band(rows["base_claims"], "claim"),
        sentence=dotted(rows["base_code"]) + " on " + number(rows["base_claims"], "claim") + f" in {asked.year} beside "
        + rows["code"] + " on " + number(rows["claims"], "claim") + " speaks for " + dotted(rows["diagnosis_code"])
        + " (" + rows["reason"] + ")",
    )  # fmt: skip
    return Found(candidates, with_hcc(pd.concat(parts), candidates, "unspecified"), {})


def _unexplained(s: Session, rules: pd.DataFrame, rows: pd.DataFrame, diagnoses: pd.Series) -> pd.DataFrame:
    """``rows`` without those whose codes of the year explain the rule's service, unless the condition is coded.

    The codes of a claim that does not count, as a supplier's, say as well why the service was ordered.
    """
    explaining = prefixed(rules[["rule", "explained_by"]].drop_duplicates(), "explained_by", diagnoses)
    if explaining.empty or rows.empty:
        return rows
    coded = s.frame(
        "SELECT DISTINCT e.person_id, e.diagnosis_code AS code FROM encounters e JOIN asked s ON s.year = e.year"
    )
    away = coded.merge(explaining[["rule", "code"]], on="code")[_KEY].drop_duplicates()
    both = rows[_KEY].merge(away, how="left", indicator=True)["_merge"].to_numpy() == "both"
    return rows[~both | (rows["place"] == 1).to_numpy()].reset_index(drop=True)


def _persons(rows: pd.DataFrame) -> int:
    return len(rows[_KEY].drop_duplicates())


def _data_codes(s: Session) -> pd.DataFrame:
    return s.frame("SELECT system, code FROM gap_data_codes")


def load_text(s: Session, name: str, rows: pd.DataFrame) -> None:
    """Load text columns (``share`` and days of rules as what they are), typed even where there is no row."""
    kinds = {"share": pa.float64(), **dict.fromkeys(COLUMNS, pa.date32())}
    s.load(
        name,
        {column: pa.array(rows[column].tolist(), kinds.get(column, pa.string())) for column in rows.columns},
    )


def _load_rules(s: Session, rules: pd.DataFrame, found: pd.DataFrame) -> None:
    """The codes of the data that each rule names, with the days between which it holds."""
    ranges = rules[["rule", "system", "code_from", "code_to", *COLUMNS]].drop_duplicates()
    pairs = matched(pa.Table.from_pandas(ranges, preserve_index=False), found)
    load_text(s, "gap_rule_codes", pairs[["rule", "system", "code", *COLUMNS]].drop_duplicates())


def _divided(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """``share`` of each condition of a rule, and ``own``: what the coding of the other persons with the service says.

    A person who is open has no code of any of the rule's conditions, and so takes no part in the counts.
    """
    once = rows.drop_duplicates([*_KEY, "diagnosis_code"])
    exact = (once["coded"] & (once["exact"] == 1)).rename("exact")
    by = once.assign(exact=exact).groupby(["rule", "diagnosis_code"])
    counts = by.agg(seen=("coded", "sum"), exact=("exact", "sum"), share=("share", "first")).reset_index()
    counts = total(f"{kind} conditions", counts, ["rule", "diagnosis_code", "share"])
    counts = counts.set_index(["rule", "diagnosis_code"])
    sums = counts.groupby("rule").transform("sum")
    among = (counts["seen"] + SHARE_PRIOR * counts["share"] / sums["share"]) / (sums["seen"] + SHARE_PRIOR)
    # Of those who have the condition coded, so many have it under this HCC and no higher one.
    under = (counts["exact"] + SHARE_PRIOR) / (counts["seen"] + SHARE_PRIOR)
    counts["posterior"] = among * under
    persons = once.groupby(_KEY)["coded"].max().groupby("rule").agg(["size", "sum"]).reset_index()
    persons = total(f"{kind} persons", persons, ["rule"]).set_index("rule")
    persons["others"] = persons["size"] - 1
    own = (persons["sum"] >= MOSTLY_CODED * persons["others"]).map(
        {True: "mostly coded", False: "seldom coded"}
    )
    own = own.mask(persons["others"] < FEWEST_PERSONS, "few persons")
    rows = rows.drop(columns="share").merge(
        counts["posterior"].rename("share").reset_index(), on=["rule", "diagnosis_code"]
    )
    rows["own"], rows["support"] = rows["rule"].map(own), rows["rule"].map(persons["sum"])
    known = rows.groupby(_KEY)["before"].transform("max") == 1
    rows = rows[~known | (rows["before"] == 1) | rows["coded"]].copy()
    known = known[rows.index]
    rows["share"] = rows["share"].where(~known, rows["share"] / rows.groupby(_KEY)["share"].transform("sum"))
    return _one_per_hcc(rows)


def _one_per_hcc(rows: pd.DataFrame) -> pd.DataFrame:
    """Conditions of a rule with the same HCC together: their shares add up, the likeliest names the code."""
    rows = rows.sort_values([*_KEY, "share", "diagnosis_code"], ascending=[True, True, False, True])
    by = rows.groupby([*_KEY, rows["hcc"].fillna("none " + rows["diagnosis_code"])], sort=False)
    rows["share"], rows["coded"] = by["share"].transform("sum"), by["coded"].transform("max")
    return rows[by.cumcount() == 0].reset_index(drop=True)


def with_hcc(evidence: pd.DataFrame, candidates: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The evidence of each candidate: that of its rule."""
    keys = candidates[["person_id", "rule", "hcc"]].drop_duplicates()
    return evidence.merge(keys, on=_KEY).assign(kind=kind)
