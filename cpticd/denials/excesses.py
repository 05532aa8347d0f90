"""What leaves of an expectation: whole lines, and what follows from these.

An expectation answers to every count that it was made of, also to those that do not leave. By a line more or less of
such a count it moves by a part of a line: in whole lines, far below chance, it does not tell which count it was.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def in_whole_lines(shown: pd.DataFrame) -> pd.DataFrame:
    """Rows of lines, denied_lines, denied_amount, expected_rate: what is expected in whole lines, excess and lift.

    Of columns that say the same again (expected_denials, lift, excess_low, …) those that are there; odds_ratio is that
    of the denied lines against the expected.

    >>> row = pd.DataFrame({"lines": [90], "denied_lines": [40], "denied_amount": [400.0], "expected_rate": [0.2931]})
    >>> in_whole_lines(row)[["expected_rate", "excess_denials", "excess_amount"]].round(3).to_numpy().tolist()
    [[0.289, 14.0, 140.0]]
    """
    n, k, amount, rate = (
        shown[name].to_numpy(float, na_value=np.nan)
        for name in ("lines", "denied_lines", "denied_amount", "expected_rate")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.rint(rate * n)
        values = {
            "expected_denials": expected,
            "expected_rate": expected / n,
            "excess_denials": k - expected,
            "lift": np.where(expected > 0, k / expected, np.nan),
            "odds_ratio": np.where(
                (expected > 0) & (k < n), k / (n - k) * (n - expected) / expected, np.nan
            ).round(2),
            "excess_amount": np.where(k > 0, (amount / k * (k - expected)).round(2), k * expected),
        }
        for end in ("low", "high"):
            if f"excess_{end}" in shown:
                known = np.where(np.isnan(expected), np.nan, shown[end].to_numpy(float, na_value=np.nan))
                values[f"excess_{end}"] = np.round(n * known - expected, 1)
    added = ("expected_rate", "excess_denials", "excess_amount")
    return shown.assign(**{name: each for name, each in values.items() if name in (*added, *shown.columns)})


def digits(values: pd.Series, count: int) -> list[float]:
    """Numbers to so many digits.

    >>> digits(pd.Series([0.01234, 3.19, float("nan")]), 2)
    [0.012, 3.2, nan]
    """
    return [float(f"{value:.{count}g}") for value in values.to_numpy(float, na_value=np.nan)]
