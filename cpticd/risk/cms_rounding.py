"""Scores as CMS pays them: rounded to three decimals, half up, step by step."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError

Rounding = Literal["exact", "cms"]
#: What a float may lack of a half that it stands for.
_NOISE = 1e-9


def check_rounding(rounding: str) -> None:
    """ArgumentError for a rounding that there is not."""
    if rounding not in ("exact", "cms"):
        raise ArgumentError(f"rounding: found {rounding!r}; give 'exact' or 'cms'")


def half_up(scores: pd.Series) -> pd.Series:
    """Scores to three decimals, halves upwards."""
    return pd.Series(np.floor(scores.astype(float) * 1000 + 0.5 + _NOISE) / 1000, scores.index)


def rounded(frame: pd.DataFrame, rounding: Rounding) -> pd.DataFrame:
    """The raw, the normalized and the payment score of each person, each made of the rounded one before it."""
    if rounding == "exact":
        return frame
    raw, normalized = frame["raw_score"].astype(float), frame["normalized_score"].astype(float)
    adjusted = frame["payment_score"].astype(float) / normalized.where(normalized != 0)
    first = half_up(raw)
    second = half_up(first * (normalized / raw.where(raw != 0)).fillna(1.0))
    third = half_up(second * adjusted.fillna(1.0))
    return frame.assign(raw_score=first, normalized_score=second.where(normalized.notna()),
                        payment_score=third.where(normalized.notna()))  # fmt: skip
