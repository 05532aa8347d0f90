"""Every diagnosis code of the claims with what its title leaves open, as a relation beside the lines that stand."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from cpticd import codes, model, sql
from cpticd.core.selection import Dimension, Grouping
from cpticd.core.session import Session
from cpticd.reference.traits import MISSING, of_codes

CATEGORY_LENGTH: Final = 3
_FLAGS: Final = (*MISSING.values(), "unspecified", "alternative", "specific_sibling")


def load(s: Session) -> None:
    """Make the relation ``judged_codes`` in a session: every ICD-10-CM code in the data.

    diagnosis_code, diagnosis_family, diagnosis_category, judged (a built-in title speaks of it), the traits that are
    yes or no (a code without any is not unspecified), episode, sided (the list asks for a side), staged (for the
    seventh character).
    """
    rows = s.frame(sql.text("specificity/judged_codes"))
    found = of_codes(rows["diagnosis_code"]).reindex(rows["diagnosis_code"].array)
    episode = found["episode"].fillna("")
    texts = {
        "diagnosis_code": rows["diagnosis_code"],
        "diagnosis_family": rows["diagnosis_family"].fillna(codes.UNKNOWN_FAMILY),
        "diagnosis_category": rows["diagnosis_code"].str[:CATEGORY_LENGTH],
        "episode": episode,
    }
    flags = {
        "judged": found["unspecified"].notna(),
        "sided": found["laterality"].fillna("").ne(""),
        "staged": episode.ne("") | found["episode_missing"].fillna(False),
        **{name: found[name].fillna(False) for name in _FLAGS},
    }
    columns = {name: pa.array(values.tolist(), pa.string()) for name, values in texts.items()}
    s.load(
        "judged_codes",
        columns | {name: pa.array(values.tolist(), pa.bool_()) for name, values in flags.items()},
    )


def prepare(s: Session, groups: Grouping, *, superseded: bool) -> dict[str, Any]:
    """Make ``standing_lines`` with the dimensions of lines, and ``judged_codes``; what a contract says of the lines."""
    terms = model.standing_lines(s, of_lines(groups), superseded=superseded)
    load(s)
    return terms


def of_lines(groups: Grouping) -> Grouping:
    """The dimensions that a line has without its diagnoses."""
    return Grouping(tuple(each for each in groups.dimensions if each.level != "diagnosis"))


def columns(groups: Grouping) -> dict[str, str]:
    """Column by name of each dimension, over lines that stand (``o``) and, of diagnoses, judged codes (``k``)."""
    return {each.name: _column(each) for each in groups.dimensions}


def _column(dimension: Dimension) -> str:
    return f"k.{dimension.name}" if dimension.level == "diagnosis" else f"o.by_{dimension.name}"
