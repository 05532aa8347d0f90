"""Why a score is what it is: its terms, the codes behind them, and what hierarchies removed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.measure import Records, measure
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import join_encounters
from cpticd.risk.hhs import explained as hhs
from cpticd.risk.hhs.scorer import HhsScorer
from cpticd.risk.hierarchies import SEGMENT
from cpticd.risk.labels import label
from cpticd.risk.score import described, prepared
from cpticd.risk.scorer import Scorer

#: Order of the terms of one person.
_KINDS: Final = ("demographic", "disease", "interaction", "count", "removed")
_COLUMNS: Final = (
    "person_id", "segment", "kind", "term", "label", "value", "hcc", "diagnosis_codes", "claims", "removed_by",
    "reason",
)  # fmt: skip


@measure(heading="Terms of the risk score", leaves=Records(), chart="risk_explain", of_claims=False)
def explain(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None = None,
    *,
    payment_year: int,
    model: str = "V28",
    drugs: pd.DataFrame | pa.Table | None = None,
) -> pd.DataFrame:
    """One row per person and term of his raw score, or HCC that a hierarchy removed from it.

    Columns: person_id, segment, kind (demographic, disease, interaction, count, removed; of HHS's models also drug),
    term (CMS's or HHS's name), label, value (removed: 0), hcc, diagnosis_codes and claims (lists: what supports the
    HCC; claims only where ``members`` is a :class:`Claims`), removed_by (the HCCs above it), reason. A person's values
    add up to his raw_score in :func:`cpticd.risk.score`, whose arguments these are. A few persons' terms are those of
    ``claims.where(persons=[…])``. Raises ArgumentError and SchemaError as score does. Source: that of score.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A"], "age": [70], "sex": ["F"]})
    >>> codes = pd.DataFrame({"person_id": ["A", "A"], "diagnosis_code": ["E11.22", "E11.9"]})
    >>> terms = cx.risk.explain(members, codes, payment_year=2026)
    >>> terms.loc[terms["hcc"] != "", ["kind", "term", "removed_by"]].values.tolist()
    [['disease', 'HCC37', ''], ['removed', 'HCC38', '37']]
    """
    with prepared(members, diagnoses, model, payment_year, drugs) as scorer:
        if isinstance(scorer, HhsScorer):
            frame = hhs.terms(scorer, claims=isinstance(members, Claims))
        else:
            scorer.score()
            frame = _terms(scorer, model)
            _support(scorer, frame, isinstance(members, Claims))
        return described(frame[list(_COLUMNS)], scorer, measure="terms of the risk score")


def terms_of(scorer: Scorer) -> pd.DataFrame:
    """One row per person (number) and term of his raw score, or HCC not paid: part, term, hcc, value, removed_by."""
    names = scorer.blocks.segments
    scorer.s.load(
        "segment_names",
        pa.table({"segment": pa.array(range(len(names)), pa.int32()), "segment_name": list(names)}),
    )
    scorer.s.load("set_members", scorer.blocks.members)
    prefix = hcc_tables.prefix(scorer.model)
    return scorer.s.frame(sql.text("risk/explained_terms"), segment=SEGMENT, prefix=prefix)


def _terms(scorer: Scorer, model: str) -> pd.DataFrame:
    names = scorer.blocks.segments
    frame = terms_of(scorer)
    number = pd.to_numeric(frame["hcc"], errors="coerce").fillna(0)
    frame = frame.assign(number=number).sort_values(["person", "part", "number", "term"], kind="stable")
    frame = frame.drop(columns="number").reset_index(drop=True)
    row = frame["person"].to_numpy() - 1
    frame["person_id"] = scorer.scored.column("person_id").to_pandas().astype("str").to_numpy()[row]
    segment = scorer.scored.column("segment").to_numpy()[row]
    frame["segment"] = np.array(names, dtype=object)[segment]
    frame["kind"] = np.array(_KINDS, dtype=object)[frame["part"].to_numpy() - 1]
    words = {term: label(model, term) for term in frame["term"].unique()}
    frame["label"] = frame["term"].map(words)
    frame["reason"] = [_reason(by) for by in frame["removed_by"]]
    frame["removed_by"] = frame["removed_by"].where(frame["removed_by"].str.fullmatch(r"[\d ]*"), "")
    return frame.astype(dict.fromkeys(("segment", "kind", "label", "reason", "removed_by"), "str"))


def _reason(removed_by: str) -> str:
    if not removed_by:
        return ""
    if removed_by[0].isdigit():
        return f"hierarchy: HCC {', '.join(removed_by.split())} stands above it"
    return removed_by


def _support(scorer: Scorer, frame: pd.DataFrame, claims: bool) -> None:
    """Add the lists of codes and claims behind each HCC."""
    if claims:
        join_encounters(scorer.s, lazy=True)
    found = scorer.s.frame(
        sql.text("risk/explained_support"),
        claim="d.claim_id" if claims else "''",
        diagnoses="encounters" if claims else scorer.diagnoses_in(),
        kept="AND d.counted" if claims else "",
    )
    keys = frame[["person", "hcc"]]
    for column, source in (("diagnosis_codes", "diagnosis_code"), ("claims", "claim_id")):
        lists = _lists(
            found[["person", "hcc", source]].drop_duplicates() if claims or column != "claims" else None,
            source,
        )
        frame[column] = [lists.get(key, []) for key in zip(keys["person"], keys["hcc"], strict=True)]


@contextmanager
def _uncollected() -> Iterator[None]:
    """A million new lists without the collector's looking through them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _lists(found: pd.DataFrame | None, source: str) -> dict[tuple[Any, Any], list[str]]:
    """Sorted values of ``source`` by person and HCC."""
    if found is None or found.empty:
        return {}
    found = found.sort_values(["person", "hcc", source])
    person, hcc = found["person"].to_numpy(), found["hcc"].to_numpy(dtype=object)
    values = found[source].tolist()
    new = np.flatnonzero(np.r_[True, (person[1:] != person[:-1]) | (hcc[1:] != hcc[:-1])])
    with _uncollected():
        return {
            (person[start], hcc[start]): values[start:end]
            for start, end in pairwise([*new.tolist(), len(values)])
        }
