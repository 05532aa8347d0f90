"""An HHS scorer whose persons and HCCs are there, and the frame of its scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from cpticd.core.session import Session
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.hhs import tables
from cpticd.risk.hhs.members import take_claims, take_frames
from cpticd.risk.hhs.scorer import HhsScorer

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
            scorer.people(take_claims(s, benefit_year))
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
    found = scorer.s.frame(sql.text("risk/hhs_payment_scores")).sort_values("person", ignore_index=True)
    names = dict(enumerate(tables.SEGMENTS))
    frame: dict[str, Any] = {
        "person_id": scorer.scored.column("person_id").to_pandas().astype("str"),
        "segment": found["segment"].map(names).astype("str"),
    }
    for name in found.columns[2:]:
        frame[name] = found[name].map(_listed) if name in ("hccs", "drugs") else found[name]
    return pd.DataFrame(frame)


def _listed(value: Any) -> list[str]:
    return [] if value is None else list(value)
