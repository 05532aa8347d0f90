"""Texts as numbers in alphabetical order: what columns of lines are counted and compared by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Numbered(NamedTuple):
    """Of each row its number, -1 where the text is missing, and the texts that numbers stand for."""

    code: np.ndarray
    names: list[str]


def numbered(column: pa.ChunkedArray) -> Numbered:
    """The texts of a column, numbered in alphabetical order."""
    texts = column.cast(pa.string()).combine_chunks()
    names = sorted(pc.unique(texts).drop_null().to_pylist())
    place = pc.fill_null(pc.index_in(texts, pa.array(names, pa.string())), -1)
    return Numbered(place.to_numpy(zero_copy_only=False).astype(np.int32), names)
