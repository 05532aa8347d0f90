"""How pairs leave: which columns compare a pair with others, and what is made anew of the pairs that are shown."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.core.contract import amend, carry
from cpticd.core.measure import Cells, Compared
from cpticd.core.selection import By, names
from cpticd.denials.detectable import detectable
from cpticd.denials.excesses import digits, in_whole_lines
from cpticd.denials.named_causes import Causes

#: Error rate at which a pair is put before the others.
Q_THRESHOLD: Final = 0.10
#: Columns that name a pair, by grain.
KEYS: Final = {"code": ("hcpcs_code", "diagnosis_code"), "family": ("hcpcs_family", "diagnosis_family")}
#: Columns of a pair that speak of its denials; the others speak of all its lines, or of its key alone.
_OF_DENIED: Final = (
    "denied_lines", "rate", "low", "high", "design_effect", "effective_lines", "denied_amount", "top_category",
    "top_carc",
)  # fmt: skip
#: Columns that hold a pair against other lines of its procedure, payer, place and quarter.
_COMPARED: Final = (
    "expected_rate", "shrunk_rate", "excess_denials", "lift", "p_value", "q_value", "excess_amount", "comparison_lines",
)  # fmt: skip
#: A share of one person is a count of one person.
_OF_ONE: Final = ("largest_person_share", "largest_provider_share")
#: What expectations lean on where a stratum has few lines.
_LEANING: Final = (("hcpcs_code", "payer"), ("payer",))


def leaves(by: By = None, grain: str = "code", pointer: str = "all", cause: Causes = None, **_: Any) -> Cells:
    """How a result of ``denials.by_pair`` leaves; of one cause no denials: whose they are is not known."""
    keys = (*names(by), *KEYS[grain])
    if cause:
        return Cells(
            by=keys, persons="persons",
            where=("adjudicated", *(("primary_pointer",) if pointer == "primary" else ())),
            labels=KEYS["family"] if grain == "code" else (),
            withheld=(*_OF_ONE, *_OF_DENIED, *_COMPARED),
            # What is not known of each pair is not known of all together.
            anew=lambda shown: amend(
                carry(shown, shown.sort_values(["lines", *keys], ascending=[False, *[True] * len(keys)])),
                detectable="",
            ),
        )  # fmt: skip
    within = dict.fromkeys(("hcpcs_code", "payer", "place", "quarter", *names(by)))
    return Cells(
        by=keys,
        persons="persons",
        where=("adjudicated", *(("primary_pointer",) if pointer == "primary" else ())),
        numerators={"denied": _OF_DENIED},
        labels=KEYS["family"] if grain == "code" else (),
        withheld=_OF_ONE,
        compared=Compared(_COMPARED, within=tuple(within), leaning=_LEANING),
        anew=lambda shown: anew(shown, list(keys)),
    )


def anew(shown: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Pairs that leave: what is expected in whole lines, q-values and shrunk rates of what is shown, in its order.

    A chance leaves with one digit: it answers to the same counts as what is expected.
    """
    shown = carry(shown, in_whole_lines(shown).assign(p_value=digits(shown["p_value"], 1)))
    k, n = (shown[name].to_numpy(float, na_value=np.nan) for name in ("denied_lines", "lines"))
    expected = shown["expected_rate"].to_numpy(float)
    known = np.isfinite(expected) & np.isfinite(k)
    shrunk = np.full(len(shown), np.nan)
    if known.any():
        shrunk[known] = stats.shrink(k[known], n[known], expected[known])[0]
    p_value = shown["p_value"].to_numpy(float)
    made = in_order(shown.assign(shrunk_rate=shrunk, q_value=stats.benjamini_hochberg(p_value)), keys)
    return amend(carry(shown, made), family_size=int(np.isfinite(p_value).sum()), detectable=missed(made))


def missed(pairs: pd.DataFrame) -> str:
    """Which difference of rates a pair of usual size would have shown, in words."""
    known = pairs[pairs["p_value"].notna() & pairs["rate"].notna() & pairs["lines"].notna()]
    lines = known["effective_lines"].where(known["effective_lines"].notna(), known["lines"]).astype(float)
    if known.empty or not known["lines"].sum():
        return ""
    rate = float(known["denied_lines"].astype(float).sum() / known["lines"].astype(float).sum())
    passed = int((known["q_value"] <= Q_THRESHOLD).sum())
    return detectable(len(known), float(lines.median()), rate, passed, Q_THRESHOLD)


def in_order(pairs: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Pairs with q_value up to ``Q_THRESHOLD``, then by excess; those whose excess is missing by denied lines."""
    later = ~(pairs["q_value"] <= Q_THRESHOLD)
    order = ["_later", "excess_amount", "excess_denials", "_denied", *keys]
    sorted_ = pairs.assign(
        _later=later,
        # Where the excess is known it decides; what is beside it, alone, would not.
        _denied=pairs["denied_lines"].where(pairs["excess_denials"].isna(), 0).astype("Float64"),
    ).sort_values(order, ascending=[True, False, False, False, *[True] * len(keys)], na_position="last")
    return sorted_.drop(columns=["_later", "_denied"])
