"""Findings as people read them: what the codes stand for, codes with their dots, and until when a claim may be sent.

ICD-10-CM and HCPCS Level II titles are in the public domain; HCPCS titles are those of the release that the user has
added. CPT codes have no title here. The last day of filing is that of ``deadlines.csv`` for the kind of payer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.codes import dotted
from cpticd.core.frames import to_frame
from cpticd.rules.rule import Scope
from cpticd.rules.run import Run

_DIAGNOSIS: Final = re.compile(r"(?<![\w.])[A-Z][0-9][0-9A-Z]{2,5}(?![\w.]|\.[0-9A-Z])")


def for_people(run: Run, found: pa.Table, scopes: Mapping[str, Scope]) -> pd.DataFrame:
    """One row per finding: with what its rule says of all, titles, dotted codes in its message, the last filing day."""
    frame = to_frame(found.drop_columns("release")).assign(**_of_rules(found, scopes))
    diagnoses = _diagnoses(run)
    frame["titles"] = _titles(frame["codes"], diagnoses, _procedures(run))
    frame["message"] = _dotted(frame["message"], diagnoses)
    frame["file_by"] = _file_by(run, found["claim_id"])
    return frame


def _of_rules(found: pa.Table, scopes: Mapping[str, Scope]) -> dict[str, pd.Series]:
    """Family, correction and source of each finding: what its rule says, and the table and release that judged."""
    rules, releases = (found[name].combine_chunks().dictionary_encode() for name in ("rule", "release"))
    size = max(len(releases.dictionary), 1)
    pairs, place = np.unique(
        rules.indices.to_numpy().astype(np.int64) * size + releases.indices.to_numpy(), return_inverse=True
    )
    known = [scopes[rules.dictionary[int(pair) // size].as_py()] for pair in pairs]
    judged = [releases.dictionary[int(pair) % size].as_py() for pair in pairs]
    texts = {
        "family": [scope.family for scope in known],
        "correction": [scope.correction for scope in known],
        "source": ["; ".join(filter(None, (s.source, by))) for s, by in zip(known, judged, strict=True)],
    }
    return {
        name: pa.array(each, pa.string()).take(pa.array(place)).to_pandas() for name, each in texts.items()
    }


def _diagnoses(run: Run) -> dict[str, str]:
    """Title of each diagnosis code on the claims, by the code; '' where no release has it."""
    held = run.session.fetch("SELECT DISTINCT diagnosis_code AS code FROM rule_diagnoses").column("code")
    every = _diagnosis_titles()
    at = pc.index_in(held, every["code"].combine_chunks())
    titles = pc.fill_null(pc.take(every["title"].combine_chunks(), at), "")
    return dict(zip(held.to_pylist(), titles.to_pylist(), strict=True))


@cache
def _diagnosis_titles() -> pa.Table:
    """One row per ICD-10-CM code or header of any release: code and title, the newest where there are several."""
    now = reference.table("icd10cm").select(["kind", "code", "title"])
    now = now.filter(pc.field("kind") == "code").drop_columns("kind")
    old = (
        reference.table("icd10cm_changes")
        .select(["code", "title"])
        .group_by("code")
        .aggregate([("title", "max")])
    )
    gone = old.rename_columns(["code", "title"]).join(now.select(["code"]), "code", join_type="left anti")
    return pa.concat_tables([now, gone.select(["code", "title"])])


def _procedures(run: Run) -> dict[str, str]:
    """Title of each HCPCS Level II code on the lines, of the newest release that was added."""
    if not run.has("hcpcs") or "title" not in run.rows("hcpcs").column_names:
        return {}
    found = run.session.fetch(sql.text("rules/procedure_titles").format(release=run.release("hcpcs")))
    return dict(zip(found["code"].to_pylist(), found["title"].to_pylist(), strict=True))


def _titles(codes: pd.Series, diagnoses: dict[str, str], procedures: dict[str, str]) -> pd.Series:
    """``M17.12 Unilateral primary osteoarthritis, left knee; J9271 …`` of the codes that have a title."""
    unique = pd.Series(codes.unique())
    words = unique.str.split().explode()
    written = _written(diagnoses)
    shown = {code: f"{written[code]} {title}" for code, title in diagnoses.items() if title}
    shown = {code: f"{code} {title}" for code, title in procedures.items()} | shown
    words = words[words.isin(shown.keys())].map(shown).astype(object)
    found = words.groupby(level=0).agg("; ".join).to_dict() if len(words) else {}
    return codes.map({text: found.get(place, "") for place, text in unique.items()})


def _written(known: Iterable[str]) -> dict[str, str]:
    """Diagnosis codes as they are written, by the code."""
    found = list(known)
    return dict(zip(found, dotted(found), strict=True))


def _dotted(messages: pd.Series, known: Iterable[str]) -> pd.Series:
    """Messages whose diagnosis codes have their dot."""

    written = _written(known)

    def dot(match: re.Match[str]) -> str:
        return written.get(match[0], match[0])

    unique = messages.unique()
    return messages.map(dict(zip(unique, (_DIAGNOSIS.sub(dot, text) for text in unique), strict=True)))


def _file_by(run: Run, claim: pa.ChunkedArray) -> pd.Series:
    """Last day of sending a corrected claim: by the claim's kind of payer, from its day of service."""
    run.table("deadlines")
    days = run.session.fetch(sql.text("rules/filing_days")).combine_chunks()
    at = pc.index_in(claim, days["claim_id"].combine_chunks())
    return days["file_by"].take(at).to_pandas(date_as_object=True).astype(object)
