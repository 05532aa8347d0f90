"""An HHS scorer whose persons and HCCs are there, and the frame of its scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from cpticd.core.session import Session
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.hhs import tables
from cpticd.risk.hhs.members import take_claims, take_frames
from cpticd.risk.hhs.scorer import HhsScorer

_DRUGS: Final = "SELECT person, term AS value FROM scores_terms WHERE part = 3"
Frame: TypeAlias = pd.DataFrame | pa.Table


@contextmanager
def prepared(
    members: Claims | Frame, diagnoses: Frame | None, drugs: Frame | None, model: str, benefit_year: int
) -> Iterator[HhsScorer]:
    """A scorer of HHS's ``model``, from frames or from claims; its relations are gone afterwards."""
    tables.check(model, benefit_year)
    if isinstance(members, Claims):
        if diagnoses is not None or drugs is not None:
            raise ArgumentError(
                "diagnoses and drugs: not with claims, whose own are scored; pass members as a frame"
            )
        with members.session() as s:
            scorer = HhsScorer(s, model, benefit_year, Rejects())
            scorer.people(take_claims(s, model, benefit_year))
            # HHS publishes a list of its own, which is not among the tables.
            scorer.assumed["that a diagnosis counts by Medicare's rules and lists of procedures"] = len(
                scorer.scored
            )
            scorer.hold()
            yield scorer
        return
    if diagnoses is None:
        raise ArgumentError(
            "diagnoses: missing; pass a frame with person_id and diagnosis_code, or Claims as members"
        )
    with Session(DuckDBEngine()) as s:
        scorer = HhsScorer(s, model, benefit_year, Rejects())
        scorer.people(take_frames(s, members, diagnoses, drugs, scorer.rejects))
        scorer.hold()
        yield scorer


def scores(scorer: HhsScorer) -> pd.DataFrame:
    """One row per person, in the order in which the members were given: his score and its parts."""
    scorer.score()
    found = scorer.s.fetch(sql.text("risk/hhs_payment_scores"))
    names = pa.array(tables.SEGMENTS, pa.string())
    frame: dict[str, Any] = {
        "person_id": scorer.scored.column("person_id").to_pandas().astype("str"),
        "segment": names.take(found.column("segment").combine_chunks()).to_pandas().astype("str"),
    }
    persons = found.num_rows
    for name in found.column_names[2:]:
        if name == "payment_hcc_count":
            frame["hccs"] = _lists(scorer.s.fetch(sql.text("risk/hhs_paid")), persons, number=True)
        frame[name] = found.column(name).to_pandas()
    frame["drugs"] = _lists(scorer.s.fetch(_DRUGS), persons, number=False)
    return pd.DataFrame(frame)


def _lists(rows: pa.Table, persons: int, *, number: bool) -> pd.Series:
    """Each person's values in their order, as numbers or as text, for persons 1 to ``persons``."""
    value = rows.column("value").combine_chunks().cast(pa.string())
    key = pc.cast(value, pa.float64()) if number else value
    order = pc.sort_indices(
        pa.table({"person": rows.column("person"), "key": key}),
        [("person", "ascending"), ("key", "ascending")],
    )
    counts = np.bincount(rows.column("person").to_numpy(), minlength=persons + 1)[1:]
    ends = pa.array(np.r_[0, np.cumsum(counts)], pa.int32())
    lists = pa.ListArray.from_arrays(ends, value.take(order))
    # A million Python lists would cost more than the scores; pandas makes each when it is looked at.
    return pd.Series(lists, dtype=pd.ArrowDtype(lists.type))
