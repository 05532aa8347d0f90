"""How sure a gap is: confidences by kind and stratum, from simulated persons or a user's own chart reviews."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import reference, stats
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Protected, measure
from cpticd.risk import protection, reviews
from cpticd.risk.gap_found import extended
from cpticd.risk.reviews import CAPPED, SIMULATED

#: What a table of confidences holds: one row per kind and stratum.
COLUMNS: Final = ("kind", "stratum", "confidence", "gaps", "planted", "source")
#: What chart reviews add: the interval of the confidence, and what it may not exceed.
REVIEWED: Final = ("low", "high", "cap")
SIGNED: Final = "a rule of the table gap_starting"


def default(caps: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per kind and stratum: confidence, gaps, planted, source of the reference tables ``gap_confidence``
    (measured on simulated persons) and ``gap_starting`` (a coder's judgement, where nothing was measured).

    None is above what the reference table ``gap_caps`` allows its kind before charts are reviewed; ``caps`` are rows
    of your own for it (kind, cap).
    """
    simulated = reference.table("gap_confidence").to_pandas().assign(source=SIMULATED)
    signed = reference.table("gap_starting").to_pandas().assign(gaps=0, planted=0, source=SIGNED)
    table = pd.concat([simulated[list(COLUMNS)], signed[list(COLUMNS)]], ignore_index=True)
    cap = table["kind"].map(caps_of(caps)).fillna(1.0)
    above = table["confidence"] > cap
    table["source"] = table["source"].mask(above, CAPPED)
    return table.assign(confidence=table["confidence"].where(~above, cap))


def caps_of(own: pd.DataFrame | None = None) -> pd.Series:
    """The highest confidence of each kind before charts are reviewed; SchemaError for a cap outside of 0 to 1."""
    rows = extended("gap_caps", reference.table("gap_caps").to_pandas(), own, ["kind", "cap"])
    found = rows.drop_duplicates("kind").set_index("kind")["cap"].astype(float)
    if not found.between(0, 1).all():
        raise SchemaError(f"gap_caps: cap lies from 0 to 1; found {found[~found.between(0, 1)].to_dict()}")
    return found


def checked(table: pd.DataFrame | None, caps: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table to use: the user's, with the default for strata that it lacks.

    ``caps`` limit the default's, not the user's: see :func:`default`. A kind of which the user's table has a row
    without a stratum takes that for the strata that it lacks.

    Raises SchemaError where columns are missing, a confidence lies outside of 0 to 1, or a stratum repeats.
    """
    if table is None:
        return default(caps)
    needed = ["kind", "stratum", "confidence"]
    if missing := [column for column in needed if column not in table.columns]:
        raise SchemaError(
            f"calibration: no column {missing}; found {list(table.columns)}; "
            "pass what risk.calibrate(gaps, reviewed) returns"
        )
    own = table.reindex(columns=list(COLUMNS)).copy()
    own["confidence"] = pd.to_numeric(own["confidence"], errors="coerce")
    wrong = own[~own["confidence"].between(0, 1)]
    if len(wrong):
        raise SchemaError(
            f"calibration: confidence lies from 0 to 1; found {wrong.iloc[0][needed].to_dict()}"
        )
    if own.duplicated(["kind", "stratum"]).any():
        row = own[own.duplicated(["kind", "stratum"])].iloc[0]
        raise SchemaError(
            f"calibration: {row['kind']!r}, {row['stratum']!r} stands twice; keep one row of each"
        )
    own["source"] = own["source"].astype(object).fillna("the caller's table")
    own["stratum"] = own["stratum"].astype(object).fillna("")
    rest = default(caps)
    rest = rest[~rest["kind"].isin(own.loc[own["stratum"] == "", "kind"])]
    both = pd.concat([own, rest], ignore_index=True)
    return both.drop_duplicates(["kind", "stratum"], ignore_index=True)


def looked_up(candidates: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """``candidates`` with base (the confidence of their kind and stratum), confidence (times share) and calibration.

    A stratum that the table does not have takes its kind's row, whose stratum is empty.
    """
    exact = candidates[["kind", "stratum"]].merge(table, on=["kind", "stratum"], how="left")
    whole = candidates[["kind"]].merge(table[table["stratum"] == ""], on="kind", how="left")
    base = exact["confidence"].fillna(whole["confidence"]).to_numpy(float)
    source = exact["source"].fillna(whole["source"]).to_numpy()
    share = candidates["share"].to_numpy(float)
    result = candidates.assign(base=base, confidence=np.clip(base * share, 0.0, 1.0))
    text = pd.Series(source, index=result.index) + ": " + result["kind"] + ", " + result["stratum"]
    divided = result["kind"].isin(["implied", "unspecified", "measured", "drug"]) & (share < 0.999)
    text += divided.map({True: "; divided as your other persons with the service are coded", False: ""})
    return result.assign(calibration=text)


@measure(heading="Confidence after chart reviews", leaves=Protected(protection.calibration), of_claims=False)
def calibrate(
    gaps: pd.DataFrame,
    reviewed: pd.DataFrame,
    *,
    prior_reviews: float = 10.0,
    kind_spread: float = 1.0,
    slope_spread: float = 0.5,
    caps: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per kind and stratum: the confidence that chart reviews bear out, for ``gaps(…, calibration=)``.

    Parameters
    ----------
    gaps: what :func:`gaps` returned.
    reviewed: one row per reviewed gap: person_id, hcc, confirmed (did the chart bear the condition out).
    prior_reviews: reviews that agree with its kind, against which a stratum's own count.
    kind_spread, slope_spread: standard deviations, in log-odds, of the priors about no move of a kind and about no
        change of how far its strata lie apart.
    caps: rows of your own for the reference table ``gap_caps`` (kind, cap).
    confidence: of the intervals.

    Columns: kind, stratum, confidence, gaps (reviewed), planted (confirmed), source, low and high (interval; missing
    for a kind that nobody reviewed), cap. Confidences of a kind move together on the log-odds scale (Platt 1999), by a
    shift and a slope that its reviews make most likely under the priors, then each stratum by its own reviews. Strata
    without a review move with their kind. The cap of a kind holds after reviews too, unless a stratum's own reviews
    alone bear out more: then the lower end of their Wilson interval is its cap. Review gaps drawn at random: the
    strata's confidences are those of the gaps that were reviewed.

    Raises SchemaError where columns are missing; ArgumentError where a review names no gap, or none is left.

    >>> import cpticd as cx
    >>> gaps = cx.risk.gaps(cx.simulate(persons=100, seed=1).claims, year=2025, kinds=["lapsed"], quiet=True)
    >>> charts = gaps[gaps["status"] == "open"].head(5)[["person_id", "hcc"]].assign(confirmed=False)
    >>> lower = cx.risk.calibrate(gaps, charts)
    >>> bool(lower.loc[lower["kind"] == "lapsed", "confidence"].max() < gaps["confidence"].max())
    True
    """
    rows = joined(gaps, reviewed)
    limits = caps_of(caps)
    found = reviews.moved(
        checked(None, caps), rows, limits,
        prior_reviews=prior_reviews, spreads=(kind_spread, slope_spread), confidence=confidence,
    )  # fmt: skip
    return attach(
        found[[*COLUMNS, *REVIEWED]],
        measure="confidence of gaps after chart reviews",
        numerator="reviewed gaps that the chart bears out",
        denominator="reviewed gaps",
        clock="as of the reviews",
        exclusions="reviewed conditions that are not among the gaps raise an error",
        prior_reviews=prior_reviews,
        reviews=len(rows),
        reviews_by_kind={str(kind): int(n) for kind, n in rows["kind"].value_counts().sort_index().items()},
        caps={str(kind): float(value) for kind, value in limits.items()},
        records=_reviewed(rows),
    )


def _reviewed(rows: pd.DataFrame) -> dict[str, Any]:
    """Of how many persons the reviews are, by stratum and side and by kind: what protects small counts."""
    by = rows.groupby(["kind", "stratum"])
    counts = by["person_id"].nunique().rename("persons").to_frame()
    for name, side in (("confirmed", rows["confirmed"]), ("other", ~rows["confirmed"])):
        persons = rows[side].groupby(["kind", "stratum"])["person_id"].nunique()
        counts[name] = persons.reindex(counts.index).fillna(0).astype(int)
    return {
        "reviewed": counts.reset_index().to_dict("records"),
        "persons": rows.groupby("kind")["person_id"].nunique().to_dict(),
    }


def joined(gaps: pd.DataFrame, reviewed: pd.DataFrame) -> pd.DataFrame:
    for name, frame, needed in (
        ("gaps", gaps, ["person_id", "hcc", "kind", "stratum", "confidence"]),
        ("reviewed", reviewed, ["person_id", "hcc", "confirmed"]),
    ):
        if missing := [column for column in needed if column not in frame.columns]:
            raise SchemaError(f"{name}: no column {missing}; found {list(frame.columns)}; needs {needed}")
    answers = reviewed[["person_id", "hcc", "confirmed"]].copy()
    answers[["person_id", "hcc"]] = answers[["person_id", "hcc"]].astype(str)
    if answers["confirmed"].isna().any():
        raise SchemaError("reviewed: confirmed is empty in some rows; leave out what was not reviewed")
    answers["confirmed"] = answers["confirmed"].astype(bool)
    answers = answers.drop_duplicates()
    if answers.duplicated(["person_id", "hcc"]).any():
        row = answers[answers.duplicated(["person_id", "hcc"])].iloc[0]
        raise ArgumentError(
            f"reviewed: {row['person_id']}, HCC {row['hcc']} is both confirmed and not; keep one"
        )
    rows = answers.merge(gaps, on=["person_id", "hcc"], how="left")
    unknown = rows[rows["kind"].isna()]
    if len(unknown):
        row = unknown.iloc[0]
        raise ArgumentError(
            f"reviewed: {len(unknown)} rows name no gap, the first is person {row['person_id']}, "
            f"HCC {row['hcc']}; pass the gaps that were reviewed"
        )
    if rows.empty:
        raise ArgumentError("reviewed: no row; pass at least one reviewed gap")
    return rows


def by_decile(expected: pd.Series, right: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """One row per tenth of the confidence scale: gaps, mean confidence, share that is right, its Wilson interval.

    ``expected``: each gap's confidence; ``right``: whether it was; ``confidence``: of the interval. ``inside``: the
    mean of the confidences lies within the interval of the share.
    """
    tenth = np.minimum((expected.to_numpy(float) * 10).astype(int), 9)
    frame = pd.DataFrame(
        {"tenth": tenth, "confidence": expected.to_numpy(float), "right": right.to_numpy(float)}
    )
    found = frame.groupby("tenth").agg(
        gaps=("right", "size"), confidence=("confidence", "mean"), right=("right", "sum")
    )
    low, high = stats.wilson(found["right"], found["gaps"], confidence)
    share = found["right"] / found["gaps"]
    inside = (found["confidence"] >= low) & (found["confidence"] <= high)
    return found.assign(share=share, low=low, high=high, inside=inside).reset_index()
