"""Two or more views of the same lines side by side: rates, causes and procedures, with intervals of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.core.contract import attach
from cpticd.denials.cube_chosen import Chosen, Within
from cpticd.denials.cube_view import View

#: A view and what it is called.
Side = tuple[str, View]
#: What lines have to share to be held against one another, unless it is what the sides differ by.
_ALIKE: Final = ("hcpcs_code", "payer", "place")
_CONFIDENCE: Final = 0.95
_ENDS: Final = ("rate", "low", "high")
#: q up to which a procedure differs beyond chance.
Q_THRESHOLD: Final = 0.1


@dataclass(frozen=True)
class Comparison:
    """``sides``: one row per view; ``causes``: one per root cause and view; ``procedures``: of the first two views."""

    sides: pd.DataFrame
    causes: pd.DataFrame
    procedures: pd.DataFrame
    shared_lines: int
    alike: tuple[str, ...]


def compared(sides: Sequence[Side], within: Within = (None, None), *, min_lines: int = 30) -> Comparison:
    """Views held against the first of them, within a procedure family and a diagnosis family.

    sides, one row per view: side, n, denied, rate, low, high, denied_amount, charge_amount, dollar_rate;
    difference of the rate from that of the first, difference_low, difference_high (Newcombe's interval 10 of effective
    lines: Stat. Med. 17 (1998) 873); alike_difference with its interval: over lines that are alike in procedure, payer
    and place (but for what the views differ by), each stratum weighted after Mantel and Haenszel (variance of Sato,
    Biometrics 45 (1989) 1323, times the larger design effect); alike_share, the part of the lines that have
    counterparts.
    causes, one row per root cause and view: lines denied for it and their share of all lines, with the difference.
    procedures, one row per procedure with ``min_lines`` in the first two views, those that differ most surely first:
    lines and rate of both, difference with its interval, q_value (Benjamini and Hochberg) and extra_denials, what the
    second has beyond the rate of the first. The views are taken as independent; ``shared_lines`` counts lines that the
    first two have in common, which makes the intervals too wide or too narrow.
    """
    views = [view for _, view in sides]
    alike = tuple(name for name in _ALIKE if not _differ(views, name))
    rows: list[dict[Any, Any]] = []
    for label, view in sides:
        row = view.rates(within).iloc[0].to_dict() | {"side": label}
        rows.append(row | _against(views[0], view, within, alike, rows[0] if rows else row))
    made = pd.DataFrame(rows)
    columns = ["side", *(name for name in made if name != "side")]
    first, second = views[0], views[min(1, len(views) - 1)]
    shared = int(np.count_nonzero(first.those(first.used, within) & second.those(second.used, within)))
    return Comparison(
        attach(
            made[columns],
            measure="denial rates side by side",
            numerator="lines denied of each side",
            denominator="lines adjudicated of each side",
            clock=str(first.rates(within).attrs.get("contract", {}).get("clock", "")),
            interval="95% Wilson of effective lines; differences: Newcombe's interval 10 of effective lines",
            alike=", ".join(alike),
        ),
        _causes(sides, within),
        _procedures(first, second, within, min_lines),
        shared if len(views) > 1 else 0,
        alike,
    )


def _differ(views: Sequence[Chosen], name: str) -> bool:
    """Whether views are chosen by different values of a dimension."""
    return len({dict(view.choice.values).get(name) for view in views}) > 1


def _against(base: View, view: View, within: Within, alike: Sequence[str], first: Any) -> dict[str, float]:
    """What a view differs by from the first; nothing of the first itself."""
    names = ("difference", "difference_low", "difference_high")
    nothing = dict.fromkeys((*names, *(f"alike_{name}" for name in names), "alike_share"), np.nan)
    if view is base:
        return nothing
    row = view.rates(within).iloc[0]
    ends = stats.newcombe([row[name] for name in _ENDS], [first[name] for name in _ENDS])
    effect = max(row["design_effect"], first["design_effect"])
    found = dict(zip(names, map(float, ends), strict=True))
    return nothing | found | _mantel_haenszel(base, view, within, alike, effect)


def _mantel_haenszel(
    base: View, view: View, within: Within, alike: Sequence[str], effect: float
) -> dict[str, float]:
    key = _stratum(view, alike)
    size = int(key.max(initial=0)) + 1

    def counted(of: View) -> tuple[np.ndarray, np.ndarray]:
        used, denied = of.those(of.used, within), of.those(of.denied, within)
        return (
            np.bincount(key[used], minlength=size).astype(float),
            np.bincount(key[denied], minlength=size).astype(float),
        )

    (n0, k0), (n1, k1) = counted(base), counted(view)
    both = (n0 > 0) & (n1 > 0)
    share = float(n1[both].sum() / n1.sum()) if n1.sum() else np.nan
    n0, k0, n1, k1 = n0[both], k0[both], n1[both], k1[both]
    total = n0 + n1
    weight = float((n1 * n0 / total).sum())
    if weight == 0:
        return {"alike_share": share}
    difference = float(((k1 * n0 - k0 * n1) / total).sum()) / weight
    p = ((n1**2 * k0 - n0**2 * k1 + n1 * n0 * (n0 - n1) / 2) / total**2).sum()
    q = ((k1 * (n0 - k0) + k0 * (n1 - k1)) / (2 * total)).sum()
    spread = stats.normal_quantile(_CONFIDENCE) * np.sqrt(max(difference * p + q, 0) * effect) / weight
    return {
        "alike_difference": difference,
        "alike_difference_low": difference - spread,
        "alike_difference_high": difference + spread,
        "alike_share": share,
    }


def _stratum(view: Chosen, alike: Sequence[str]) -> np.ndarray:
    key = np.zeros(len(view.lines), dtype=np.int64)
    for name in alike:
        column = view.cube.columns[name]
        key = key * (len(column.names) + 1) + column.code + 1
        if name != alike[-1]:
            _, key = np.unique(key, return_inverse=True)
    return np.unique(key, return_inverse=True)[1]


def _causes(sides: Sequence[Side], within: Within) -> pd.DataFrame:
    """One row per root cause and side: its denied lines per line adjudicated, and how that differs from the first."""
    sized = {label: view.rates(within).iloc[0] for label, view in sides}
    causes = [
        view.causes(within)[["category", "lines", "denied_amount"]].assign(side=label)
        for label, view in sides
    ]
    every = pd.concat(causes, ignore_index=True)
    order = every.groupby("category")["lines"].sum().sort_values(ascending=False, kind="stable").index
    each = pd.MultiIndex.from_product([order, [*sized]], names=["category", "side"])
    made = every.set_index(["category", "side"]).reindex(each).reset_index()
    for name in ("n", "design_effect"):
        made[name] = made["side"].map({label: float(row[name]) for label, row in sized.items()})
    made[["lines", "denied_amount"]] = made[["lines", "denied_amount"]].fillna(0)
    made["rate"] = made["lines"] / made["n"]
    made["low"], made["high"] = stats.wilson(made["lines"], made["n"], design_effect=made["design_effect"])
    return _differing(made, sides[0][0])


def _differing(made: pd.DataFrame, first: str) -> pd.DataFrame:
    base = made[made["side"] == first].set_index("category").loc[made["category"]]
    ends = stats.newcombe(*([of[name].to_numpy() for name in _ENDS] for of in (made, base)))
    own = (made["side"] == first).to_numpy()
    for name, value in zip(("difference", "difference_low", "difference_high"), ends, strict=True):
        made[name] = np.where(own, np.nan, value)
    return made


def _procedures(base: View, view: View, within: Within, min_lines: int) -> pd.DataFrame:
    """One row per procedure with enough lines in both views, those that differ most surely first."""
    column = view.cube.columns["hcpcs_code"]
    found = pd.DataFrame({"hcpcs_code": column.names})
    effects = []
    for end, of in (("_first", base), ("_second", view)):
        effects.append(float(of.rates(within)["design_effect"].iloc[0]))
        for name, flags in (("lines", of.used), ("denied", of.denied)):
            code = column.code[of.those(flags, within)]
            found[name + end] = np.bincount(code[code >= 0], minlength=len(column.names)).astype(float)
    found = found[(found["lines_first"] >= min_lines) & (found["lines_second"] >= min_lines)]
    for end, effect in zip(("_first", "_second"), effects, strict=True):
        n, k = found["lines" + end], found["denied" + end]
        found["rate" + end] = k / n
        found["low" + end], found["high" + end] = stats.wilson(k, n, design_effect=effect)
    ends = stats.newcombe(*([found[f"{name}{end}"] for name in _ENDS] for end in ("_second", "_first")))
    found["difference"], found["difference_low"], found["difference_high"] = ends
    found["q_value"] = stats.benjamini_hochberg(_p_values(found, max(effects)))
    found["extra_denials"] = found["difference"] * found["lines_second"]
    found = found.assign(_size=-found["extra_denials"].abs())
    found = found.sort_values(["q_value", "_size", "hcpcs_code"], kind="stable", ignore_index=True)
    return found.drop(columns="_size")


def _p_values(found: pd.DataFrame, effect: float) -> np.ndarray:
    """Two-sided p of equal rates: the score test of two proportions, of effective lines."""
    from scipy.special import ndtr

    n0, n1 = (found[f"lines{end}"].to_numpy(float) for end in ("_first", "_second"))
    pooled = (found["denied_first"] + found["denied_second"]).to_numpy(float) / (n0 + n1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = found["difference"].to_numpy(float) / np.sqrt(
            pooled * (1 - pooled) * (1 / n0 + 1 / n1) * max(effect, 1)
        )
    return np.where(np.isnan(z), 1.0, 2 * ndtr(-np.abs(z)))
