"""How much of the coding is unspecified, and what it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Unpack

import numpy as np
import pandas as pd

from cpticd import cohort, sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.frames import to_frame
from cpticd.specificity import inputs

#: Counts, and of how many codes each is a share: of all, or of those that have such a thing to tell.
_SHARES: Final = {
    "with_specific": "diagnoses",
    "condition_unspecified": "diagnoses",
    "laterality_missing": "sided",
    "severity_missing": "diagnoses",
    "acuity_missing": "diagnoses",
    "encounter_missing": "staged",
}
_LINES: Final = ("lines", "unspecified_lines", "charge_amount", "unspecified_amount")


def share(
    claims: Claims,
    by: str | Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    **filters: Unpack[cohort.Filters],
) -> pd.DataFrame:
    """One row per group: how many of its diagnosis codes are unspecified, and what else they leave open.

    Parameters
    ----------
    by: dimensions of ``cpticd.cohort.DIMENSIONS`` (payer, place, setting, month, quarter, billing_npi,
        rendering_npi, hcpcs_family, …), hcpcs_code, diagnosis_family (chapter), diagnosis_category (three
        characters), diagnosis_code.
    confidence: of the interval.
    filters: dates, payer, setting, place, claim_type, person_id (``cpticd.cohort.Filters``).

    Columns
    -------
    claims, diagnoses (distinct codes per claim; a claim that was replaced does not count, its replacement does);
    unspecified, unspecified_share (AHIMA: codes whose official title says unspecified or NOS / all codes) with low
    and high; with_specific (unspecified while its category has a specific code: what could be otherwise at all),
    condition_unspecified (more is open than the side), laterality_missing (share: of ``sided``, codes for which the
    list asks for a side), severity_missing, acuity_missing, encounter_missing (injury codes that lack the seventh
    character; share: of ``staged``, codes that need it), each with its share; lines and unspecified_lines (lines that
    point to any unspecified code) with share; charge_amount and unspecified_amount (the codes' shares of the lines'
    dollars) with unspecified_amount_share.

    The interval is linearised and clustered by person; where all or none are unspecified it is Wilson's. A diagnosis
    counts in the groups of the lines that point to it, or of all lines of its claim where none does. Largest share
    first. ArgumentError for a dimension or filter that is not known.
    """
    wanted = inputs.columns(by, "hcpcs_code")
    names = [name for name, _ in wanted]
    with inputs.coded(claims, filters, superseded=False) as (chosen, codes):
        parts = {
            "lines": chosen.name,
            "codes": codes,
            "select": "".join(f"{column} AS {name}, " for name, column in wanted),
            "by": "".join(f"{column}, " for _, column in wanted),
            "names": "".join(f"{name}, " for name in names),
            "group": f"GROUP BY {', '.join(names)}" if names else "",
        }
        found = to_frame(claims.engine.fetch(sql.text("specificity_share").format(**parts)))
        lines = to_frame(claims.engine.fetch(sql.text("specificity_share_lines").format(**parts)))
        left_out = inputs.unjudged(chosen, codes)
        told = chosen.contract
    found = found.merge(lines, on=names, how="left") if names else pd.concat([found, lines], axis=1)
    return attach(
        _measured(found, names, confidence),
        measure="unspecified share of diagnosis codes",
        numerator="codes whose official title says unspecified, NOS or not (otherwise) specified (AHIMA)",
        denominator="distinct ICD-10-CM codes per claim",
        clock="service date; of a claim that was replaced the last version counts",
        exclusions="ICD-9-CM codes, and codes of which no built-in release has a title",
        rows_left_out=left_out,
        interval=f"{confidence:.0%} linearised ratio, clustered by person; Wilson at 0 and 1",
        code_set_release=inputs.RELEASE,
        cohort=told,
    )


def _measured(found: pd.DataFrame, names: list[str], confidence: float) -> pd.DataFrame:
    n, u = found["diagnoses"].fillna(0).to_numpy(float), found["unspecified"].fillna(0).to_numpy(float)
    ratio, low, high = stats.ratio_interval_of_sums(
        found["clusters"].to_numpy(float), u, n,
        num_squared=found["uu"].to_numpy(float), den_squared=found["nn"].to_numpy(float),
        product=found["nu"].to_numpy(float), confidence=confidence,
    )  # fmt: skip
    edge = (u == 0) | (u == n)
    wilson_low, wilson_high = stats.wilson(u, n, confidence)
    result = found[names].assign(
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
        values = found[name].fillna(0).astype("float64").round(2)
        result[name] = values.astype("int64") if name.endswith("lines") else values
    result["unspecified_lines_share"] = result["unspecified_lines"] / result["lines"].where(
        result["lines"] > 0
    )
    whole_amount = result["charge_amount"].where(result["charge_amount"] > 0)
    result["unspecified_amount_share"] = result["unspecified_amount"] / whole_amount
    order = ["unspecified_share", "diagnoses", *names]
    return result.sort_values(order, ascending=[False, False, *[True] * len(names)], ignore_index=True)
