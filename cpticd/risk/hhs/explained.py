"""Why an enrollee's score is what it is: its terms, the codes behind them, and what hierarchies removed."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import pandas as pd

from cpticd import reference, sql
from cpticd.risk.hhs import tables
from cpticd.risk.hhs.scorer import DRUG_BITS, HhsScorer
from cpticd.risk.hierarchies import SEGMENT

#: Kinds of terms in their order.
KINDS: Final = ("demographic", "disease", "drug", "interaction", "count", "removed")
_OWN: Final = {
    "AGE0_MALE": "Boy of less than a year",
    "AGE1_MALE": "Boy of one year, or without a diagnosis of birth",
    "ACF_PrEP": "Drugs that prevent HIV (PrEP)",
    "ACF_PrEP_Child": "Drugs that prevent HIV (PrEP)",
}
_SEX: Final = {"F": "Female", "M": "Male"}


def terms(scorer: HhsScorer, *, claims: bool) -> pd.DataFrame:
    """The rows of :func:`cpticd.risk.explain` of one of HHS's models."""
    scorer.score()
    scorer.s.create("hhs_drug_claims", sql.text("risk/hhs_drug_claims"))
    frame = scorer.s.frame(
        sql.text("risk/hhs_explained"),
        segment=SEGMENT,
        prep=DRUG_BITS["PrEP"],
        claim="d.claim_id" if claims else "''",
        diagnoses="(SELECT *, claim_date AS service_date FROM encounters WHERE counted)"
        if claims
        else "diagnoses_in",
    )
    frame["person_id"] = (
        scorer.scored.column("person_id").to_pandas().astype("str").to_numpy()[frame["person"] - 1]
    )
    frame["segment"] = frame["segment"].map(dict(enumerate(tables.SEGMENTS)))
    frame["kind"] = frame["part"].map(dict(enumerate(KINDS, 1)))
    year = scorer.payment_year
    frame["label"] = frame["term"].map({term: label(term, year) for term in frame["term"].unique()})
    frame["label"] = [
        _members(hccs, term, year) if re.fullmatch(r"G\d+[A-Z]?", term) else words
        for hccs, term, words in zip(frame["hccs"], frame["term"], frame["label"], strict=True)
    ]
    for name in ("diagnosis_codes", "claims"):
        frame[name] = frame[name].map(lambda value: [] if value is None else [one for one in value if one])
    frame["hcc"], frame["removed_by"] = frame["hccs"].map(_joined), frame["removed_by"].map(_joined)
    by = frame["removed_by"].str.split().str.join(", ")
    frame["reason"] = ("hierarchy: HCC " + by + " stands above it").where(frame["removed_by"] != "", "")
    text = dict.fromkeys(("segment", "kind", "term", "label", "reason", "removed_by", "hcc"), "str")
    return frame.astype(text)


def _members(hccs: Any, group: str, benefit_year: int) -> str:
    """A person's HCCs of a group in words, and the group's name."""
    words = [label(tables.term_of(hcc), benefit_year) for hcc in _joined(hccs).split()]
    return f"{'; '.join(words)} (group {group})"


def _joined(hccs: Any) -> str:
    return "" if hccs is None else " ".join(sorted(hccs, key=float))


@cache
def label(term: str, benefit_year: int) -> str:
    """A term of HHS's models in words: HHS's label of an HCC or drug category, ours of everything else."""
    known = {
        row["hcc"]: row["label"]
        for row in reference.table("hhs_labels").to_pylist()
        if row["model"] == tables.model_of(benefit_year)
    }
    if match := re.fullmatch(r"HHS_HCC(\d+)(?:_(\d))?", term):
        return known.get(f"{int(match[1])}.{match[2]}" if match[2] else str(int(match[1])), term)
    if match := re.fullmatch(r"RXC_(\d+)", term):
        return known.get(f"RXC {int(match[1])}", term)
    if match := re.fullmatch(r"RXC_(\d+)_X_(.+)", term):
        words = match[2].replace("_AND_", " and ").removeprefix("HCC")
        return f"{known.get(f'RXC {int(match[1])}', '')} with HCC {_numbers(words)}"
    if match := re.fullmatch(r"([FM])AGE_LAST_(\d+)_(\d+|GT)", term):
        ages = f"{match[2]} years and over" if match[3] == "GT" else f"{match[2]}–{match[3]} years"
        return f"{_SEX[match[1]]}, {ages}"
    return _other(term, benefit_year)


def _numbers(text: str) -> str:
    """048_041 as 48 or 41, 035_2 as 35.2."""
    parts = re.findall(r"(\d{3})(?:_(\d)(?!\d))?| (and) ", text)
    words = [
        f"{int(number)}.{part}" if part else str(int(number)) if number else "and"
        for number, part, _ in parts
    ]
    return (
        re.sub(r" or and or ", ") and (", f"({' or '.join(words)})") if "and" in words else " or ".join(words)
    )


def _other(term: str, benefit_year: int) -> str:
    if match := re.fullmatch(r"(SEVERE|TRANSPLANT)_HCC_COUNT(\d+)(?:_(\d+)|(PLUS))?", term):
        kind = {"SEVERE": "Severe illness", "TRANSPLANT": "Transplant"}[match[1]]
        many = f" to {match[3]}" if match[3] else " or more" if match[4] else ""
        return f"{kind}, {match[2]}{many} payment HCC{'' if match[2] == '1' and not many else 's'}"
    if match := re.fullmatch(r"HCC_ED(\d)", term):
        return f"A payment HCC, and {match[1]} month{'' if match[1] == '1' else 's'} of enrolment"
    if match := re.fullmatch(r"([A-Z0-9_]+)_X_SEVERITY(\d)", term):
        maturity = {"AGE1": "one year old, or none by birth"}.get(
            match[1], match[1].replace("_", " ").lower()
        )
        return f"Infant: {maturity}, severity {match[2]}"
    members = [
        row["hcc"]
        for row in tables.dated("hhs_groups", benefit_year).to_pylist()
        if row["group_name"] == term
    ]
    return f"One of HCC {', '.join(sorted(set(members), key=float))}" if members else _OWN.get(term, term)
