"""How much of the coding is unspecified, and what it leaves open."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.rounding import columns_rounded
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.reference import traits
from cpticd.specificity import judged_codes

#: Counts, and of how many codes each is a share: of all, or of those for which the question arises.
_SHARES: Final = {
    "with_specific": "diagnoses",
    "condition_unspecified": "diagnoses",
    "laterality_missing": "sided",
    "severity_missing": "diagnoses",
    "acuity_missing": "diagnoses",
    "encounter_missing": "staged",
}
_LINES: Final = ("lines", "unspecified_lines", "charge_amount", "unspecified_amount")
#: What leaves, by the yes-or-no facts that it speaks of; all other shares stay.
_OPEN: Final = {
    "unspecified": ("unspecified", "unspecified_share", "low", "high"),
    "with_specific": ("with_specific", "with_specific_share"),
}
_WITHHELD: Final = (
    "sided",
    "staged",
    *(name for count in _SHARES if count not in _OPEN for name in (count, f"{count}_share")),
    *_LINES,
    "unspecified_lines_share",
    "unspecified_amount_share",
)


def _leaves(by: By = None, **_: Any) -> Cells:
    return Cells(
        by=names(by),
        numerators=_OPEN,
        facts=lambda claims, frame: _persons(claims, by),
        withheld=_WITHHELD,
        anew=_about,
    )


def _about(shown: pd.DataFrame) -> pd.DataFrame:
    """Counts to two digits, shares to hundredths: of the codes of one row all may be pairs that are shown but one."""
    counts = columns_rounded(shown, "claims", "diagnoses", *_OPEN)
    ends = ["low", "high", *(f"{name}_share" for name in _OPEN)]
    return carry(shown, shown.assign(**counts, **shown[ends].astype(float).round(2)))


def _persons(claims: Claims, by: By) -> pd.DataFrame:
    """One row per person, group and what a code of theirs leaves open: facts for disclosure control."""
    groups = claims.grouping(by)
    columns = "".join(f"by_{name} AS {name}, " for name in groups.names)
    with claims.session() as s:
        _prepared(s, groups)
        return s.frame(
            f"SELECT DISTINCT {columns} person_id, unspecified, with_specific FROM coded_diagnoses"
        )


@measure(
    heading="Unspecified codes",
    leaves=_leaves,
    chart="share",
    report=[Part("unspecified", "specificity", "Unspecified codes", lambda given: {"by": "payer"})],
)
def share(claims: Claims, by: By = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """One row per group: how many of its diagnosis codes are unspecified, and what else they leave open.

    Parameters
    ----------
    by: dimensions to group by, see ``claims.dimensions()``; those of diagnoses are the code's own.
    confidence: of the interval.

    Columns
    -------
    claims, diagnoses (distinct codes per claim; a claim that was replaced does not count, its replacement does);
    unspecified, unspecified_share (AHIMA: codes whose official title says unspecified or NOS / all codes) with low
    and high; with_specific (unspecified while its category has a specific code: what could be otherwise at all),
    condition_unspecified (more is open than the side), laterality_missing (share: of ``sided``, codes for which the
    list asks for a side), severity_missing, acuity_missing, encounter_missing (injury codes that lack the seventh
    character; share: of ``staged``, codes that need it), each with its share; lines and unspecified_lines (lines that
    point to any unspecified code) with share; charge_amount and unspecified_amount (US dollars, the codes' shares of
    the lines' charges) with unspecified_amount_share.

    The interval is linearised and clustered by person; where all or none are unspecified it is Wilson's. A diagnosis
    counts in the groups of the lines that point to it, or of all lines of its claim where none does. Largest share
    first. Raises ArgumentError for a dimension that is not there.

    >>> import cpticd as cx
    >>> found = cx.specificity.share(cx.simulate(persons=100, seed=1).claims, by="payer")
    >>> bool((found["unspecified"] <= found["diagnoses"]).all())
    True
    """
    groups = claims.grouping(by)
    columns = "".join(f"by_{name}, " for name in groups.names)
    own = judged_codes.columns(groups)
    parts: dict[str, Any] = {
        "columns": columns,
        "group": f"GROUP BY {columns.rstrip(', ')}" if columns else "",
    }
    with claims.session() as s:
        terms = _prepared(s, groups)
        found = s.frame(sql.text("specificity/share"), **parts)
        lines = s.frame(
            sql.text("specificity/share_lines"),
            select=_select(own),
            by="".join(f"{column}, " for column in own.values()),
            **parts,
        )
        left_out = s.value(sql.text("specificity/unjudged"))
    keys = [f"by_{name}" for name in groups.names]
    found = found.merge(lines, on=keys, how="left") if keys else pd.concat([found, lines], axis=1)
    found = found.rename(columns=dict(zip(keys, groups.names, strict=True)))
    return attach(
        _measured(found, groups.names, confidence),
        measure="unspecified share of diagnosis codes",
        numerator="codes whose official title says unspecified, NOS or not (otherwise) specified (AHIMA)",
        denominator="distinct ICD-10-CM codes per claim",
        clock="service date; of a claim that was replaced the last version counts",
        exclusions="ICD-9-CM codes, and codes of which no built-in release has a title",
        rows_left_out=int(left_out),
        interval=f"{confidence:.0%} linearised ratio, clustered by person; Wilson at 0 and 1",
        code_set_release=traits.RELEASE,
        **terms,
    )


def _prepared(s: Session, groups: Grouping) -> dict[str, Any]:
    """Make ``coded_diagnoses`` in a session, and what it is made of; what a contract says of the lines."""
    terms = judged_codes.prepare(s, groups, superseded=False)
    s.create(
        "coded_diagnoses",
        sql.text("specificity/coded_diagnoses"),
        select=_select(judged_codes.columns(groups)),
    )
    return terms


def _select(own: dict[str, str]) -> str:
    return "".join(f"{column} AS by_{name}, " for name, column in own.items())


def _measured(found: pd.DataFrame, groups: list[str], confidence: float) -> pd.DataFrame:
    n, u = found["diagnoses"].fillna(0).to_numpy(float), found["unspecified"].fillna(0).to_numpy(float)
    ratio, low, high = stats.ratio_interval_of_sums(
        found["clusters"].to_numpy(float), u, n,
        num_squared=found["uu"].to_numpy(float), den_squared=found["nn"].to_numpy(float),
        product=found["nu"].to_numpy(float), confidence=confidence,
    )  # fmt: skip
    edge = (u == 0) | (u == n)
    wilson_low, wilson_high = stats.wilson(u, n, confidence)
    result = found[groups].assign(
        claims=found["claims"].fillna(0).astype("int64"),
        diagnoses=n.astype("int64"),
        unspecified=u.astype("int64"),
        unspecified_share=ratio,
        low=np.where(edge, wilson_low, low),
        high=np.where(edge, wilson_high, high),
    )
    for name, whole in _SHARES.items():
        if whole != "diagnoses":
            result[whole] = found[whole].fillna(0).astype("int64")
        result[name] = found[name].fillna(0).astype("int64")
        result[f"{name}_share"] = result[name] / result[whole].where(result[whole] > 0)
    for name in _LINES:
        values = found[name].fillna(0).astype("float64").round(6).round(2)  # half cents are common
        result[name] = values.astype("int64") if name.endswith("lines") else values
    result["unspecified_lines_share"] = result["unspecified_lines"] / result["lines"].where(
        result["lines"] > 0
    )
    whole_amount = result["charge_amount"].where(result["charge_amount"] > 0)
    result["unspecified_amount_share"] = result["unspecified_amount"] / whole_amount
    order = ["unspecified_share", "diagnoses", *groups]
    return result.sort_values(order, ascending=[False, False, *[True] * len(groups)], ignore_index=True)
