"""Why a score is what it is: its terms, the codes behind them, and what hierarchies removed."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.risk import tables
from cpticd.risk.blocks import SEGMENT
from cpticd.risk.run import Run
from cpticd.risk.score import described, prepared
from cpticd.risk.wording import label

#: Order in which the terms of one person are told.
_KINDS: Final = ("demographic", "disease", "interaction", "count", "removed")
_COLUMNS: Final = (
    "person_id", "segment", "kind", "term", "label", "value", "hcc", "diagnosis_codes", "claims", "removed_by",
    "reason",
)  # fmt: skip
_TERMS: Final = """
WITH wanted AS (
    SELECT s.person, s.person_id, s.kind, s.segment, g.segment_name FROM risk_scored AS s
    JOIN risk_wanted AS w ON w.person_id = s.person_id
    JOIN risk_names AS g ON g.segment = s.segment
),
held AS (
    SELECT w.person, w.segment_name, m.hcc, m.kept, m.removed_by
    FROM wanted AS w
    JOIN risk_held AS h ON h.person = w.person
    JOIN risk_set_members AS m ON m.key = h.base % {segment} + h.mask
)
SELECT w.person, 1 AS part, t.term, '' AS hcc, CAST(t.value AS DOUBLE) AS value, '' AS removed_by
FROM wanted AS w JOIN risk_terms AS t ON t.kind = w.kind
UNION ALL
SELECT h.person, CASE WHEN h.kept THEN 2 ELSE 5 END, '{prefix}' || h.hcc, h.hcc,
       CASE WHEN h.kept THEN coalesce(CAST(c.value AS DOUBLE), 0) ELSE 0 END, h.removed_by
FROM held AS h
LEFT JOIN risk_coefficients AS c ON c.segment = h.segment_name AND c.term = '{prefix}' || h.hcc
UNION ALL
SELECT w.person, 3, o.term, '', CAST(o.value AS DOUBLE), ''
FROM wanted AS w
JOIN risk_scores_parts AS p ON p.person = w.person
JOIN risk_scores_opened AS o ON o.segment = p.segment AND o.factors = p.factors
UNION ALL
SELECT w.person, 4, c.term, '', CAST(c.value AS DOUBLE), ''
FROM wanted AS w
JOIN risk_scores_parts AS p ON p.person = w.person
JOIN risk_counts AS c ON c.segment = p.segment AND c.hccs = p.hccs
"""
_SUPPORT: Final = """
SELECT DISTINCT s.person, m.hcc, c.diagnosis_code, {claim} AS claim_id
FROM {diagnoses} AS d
JOIN risk_codes AS c ON c.given = d.diagnosis_code
JOIN risk_mapping AS m ON m.diagnosis_code = d.diagnosis_code
JOIN risk_scored AS s ON s.person_id = d.person_id
JOIN risk_wanted AS w ON w.person_id = s.person_id
WHERE NOT s.without_hccs AND s.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = s.sex) {where}
"""


def explain(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None = None,
    *,
    model: str = "V28",
    payment_year: int = 2026,
    persons: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per person and term of his raw score, or HCC that a hierarchy removed from it.

    Columns: person_id, segment, kind (demographic, disease, interaction, count, removed), term (CMS's name), label,
    value (removed: 0), hcc, diagnosis_codes and claims (lists: what supports the HCC; claims only where ``members``
    is a :class:`Claims`), removed_by (the HCCs above it), reason. A person's values add up to his raw_score in
    :func:`cpticd.risk.score`, whose arguments these are. ``persons`` — person_ids to explain, all by default.
    Raises ArgumentError and SchemaError as score does.
    """
    with prepared(members, diagnoses, model, payment_year) as run:
        run.score()
        ids = run.scored.column("person_id").combine_chunks()
        if persons is not None:
            wanted = [persons] if isinstance(persons, str) else [str(person) for person in persons]
            unknown = sorted(set(wanted) - set(ids.to_pylist()))
            if unknown:
                raise ArgumentError(
                    f"persons: not scored: {unknown[:5]}; see cpticd.risk.rejects(score(…)) for reasons"
                )
            ids = pa.array(sorted(set(wanted)), pa.string())
        run.load("risk_wanted", pa.table({"person_id": ids}))
        frame = _terms(run, model)
        _support(run, frame, isinstance(members, Claims))
        return described(frame[list(_COLUMNS)], run, measure="terms of the risk score")


def _terms(run: Run, model: str) -> pd.DataFrame:
    names = run.blocks.segments
    run.load(
        "risk_names",
        pa.table({"segment": pa.array(range(len(names)), pa.int32()), "segment_name": list(names)}),
    )
    run.load("risk_set_members", run.blocks.members)
    prefix = tables.prefix(model)
    frame = to_frame(run.engine.fetch(_TERMS.format(segment=SEGMENT, prefix=prefix)))
    number = pd.to_numeric(frame["hcc"], errors="coerce").fillna(0)
    frame = frame.assign(number=number).sort_values(["person", "part", "number", "term"], kind="stable")
    frame = frame.drop(columns="number").reset_index(drop=True)
    row = frame["person"].to_numpy() - 1
    frame["person_id"] = run.scored.column("person_id").to_pandas().astype("str").to_numpy()[row]
    segment = run.scored.column("segment").to_numpy()[row]
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


def _support(run: Run, frame: pd.DataFrame, claims: bool) -> None:
    """Add the lists of codes and claims behind each HCC."""
    text = _SUPPORT.format(
        claim="d.claim_id" if claims else "''",
        diagnoses="risk_encounters" if claims else "risk_diagnoses_in",
        where="AND d.counted" if claims else "",
    )
    found = to_frame(run.engine.fetch(text))
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
