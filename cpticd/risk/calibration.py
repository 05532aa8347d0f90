"""How sure a gap is: confidences by kind and stratum, from simulated persons or a user's own chart reviews."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import reference, stats
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Protected, measure
from cpticd.risk import protection

#: What a table of confidences holds: one row per kind and stratum.
COLUMNS: Final = ("kind", "stratum", "confidence", "gaps", "planted", "source")
SIMULATED: Final = "simulated persons"
CAPPED: Final = "highest before charts are reviewed"
_EPSILON: Final = 1e-4


def default() -> pd.DataFrame:
    """One row per kind and stratum: confidence, gaps, planted, source of the reference table ``gap_confidence``.

    None is above what the reference table ``gap_caps`` allows its kind before charts are reviewed.
    """
    table = reference.table("gap_confidence").to_pandas()
    caps = reference.table("gap_caps").to_pandas().set_index("kind")["cap"].astype(float)
    cap = table["kind"].map(caps).fillna(1.0)
    above = table["confidence"] > cap
    source = above.map({True: CAPPED, False: SIMULATED})
    return table.assign(confidence=table["confidence"].where(~above, cap), source=source)[list(COLUMNS)]


def checked(table: pd.DataFrame | None) -> pd.DataFrame:
    """The table to use: the user's, with the default for strata that it lacks.

    A kind of which the user's table has a row without a stratum takes that for the strata that it lacks.

    Raises SchemaError where columns are missing, a confidence lies outside of 0 to 1, or a stratum repeats.
    """
    if table is None:
        return default()
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
    rest = default()
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
    divided = result["kind"].isin(["implied", "unspecified"]) & (share < 0.999)
    text += divided.map({True: "; divided as your other persons with the service are coded", False: ""})
    return result.assign(calibration=text)


@measure(heading="Confidence after chart reviews", leaves=Protected(protection.calibration), of_claims=False)
def calibrate(
    gaps: pd.DataFrame, reviewed: pd.DataFrame, *, prior_reviews: float = 10.0, kind_spread: float = 1.0
) -> pd.DataFrame:
    """One row per kind and stratum: the confidence that chart reviews bear out, for ``gaps(…, calibration=)``.

    Parameters
    ----------
    gaps: what :func:`gaps` returned.
    reviewed: one row per reviewed gap: person_id, hcc, confirmed (did the chart bear the condition out).
    prior_reviews: reviews that agree with its kind, against which a stratum's own count.
    kind_spread: standard deviation, in log-odds, of the prior about no move.

    Columns: kind, stratum, confidence, gaps (reviewed), planted (confirmed), source. Confidences move, on the log-odds
    scale, by what the reviews of the kind say, shrunk to no move, then each stratum by its own reviews. Strata without
    a review move with their kind. Review gaps drawn at random: the strata's confidences are those of the gaps that
    were reviewed.

    Raises SchemaError where columns are missing; ArgumentError where a review names no gap, or none is left.

    >>> import cpticd as cx
    >>> gaps = cx.risk.gaps(cx.simulate(persons=100, seed=1).claims, year=2025, kinds=["lapsed"])
    >>> charts = gaps[gaps["status"] == "open"].head(5)[["person_id", "hcc"]].assign(confirmed=False)
    >>> lower = cx.risk.calibrate(gaps, charts)
    >>> bool(lower.loc[lower["kind"] == "lapsed", "confidence"].max() < gaps["confidence"].max())
    True
    """
    rows = _joined(gaps, reviewed)
    table = checked(None)
    moves = {
        kind: _move(part["confidence"], part["confirmed"], kind_spread) for kind, part in rows.groupby("kind")
    }
    moved = _expit(_logit(table["confidence"]) + table["kind"].map(moves).fillna(0.0).to_numpy(float))
    shifted = _expit(_logit(rows["confidence"]) + rows["kind"].map(moves).to_numpy(float))
    strata = rows.assign(expected=shifted).groupby(["kind", "stratum"])
    counts = strata.agg(
        gaps=("confirmed", "size"), planted=("confirmed", "sum"), expected=("expected", "mean")
    )
    counts["ratio"] = (counts["planted"] + prior_reviews * counts["expected"]) / (
        (counts["gaps"] + prior_reviews) * counts["expected"]
    )
    found = table[["kind", "stratum"]].assign(confidence=moved)
    found = found.merge(counts.reset_index(), on=["kind", "stratum"], how="left")
    found["confidence"] = np.clip(found["confidence"] * found["ratio"].fillna(1.0), 0.0, 1.0)
    seen = found["gaps"].notna()
    counted = (
        found["planted"].fillna(0).astype(int).astype(str)
        + " of "
        + found["gaps"].fillna(0).astype(int).astype(str)
    )
    source = ("chart reviews (" + counted + " confirmed)").where(seen, table["source"])
    of_kind = found["kind"].isin(list(moves)) & ~seen
    found["source"] = source.mask(of_kind, "chart reviews of the kind, on " + SIMULATED)
    return attach(
        found[list(COLUMNS)],
        measure="confidence of gaps after chart reviews",
        numerator="reviewed gaps that the chart bears out",
        denominator="reviewed gaps",
        clock="as of the reviews",
        exclusions="reviewed conditions that are not among the gaps raise an error",
        prior_reviews=prior_reviews,
        reviews=len(rows),
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


def _joined(gaps: pd.DataFrame, reviewed: pd.DataFrame) -> pd.DataFrame:
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


def _move(confidence: pd.Series, confirmed: pd.Series, spread: float) -> float:
    """Log-odds by which confidences are to be moved: the most likely one under a normal prior about no move."""
    from scipy.optimize import minimize_scalar

    start, answer = _logit(confidence), confirmed.to_numpy(float)

    def loss(move: float) -> float:
        z = start + move
        return float(np.logaddexp(0, z).sum() - (answer * z).sum() + (move / spread) ** 2 / 2)

    return float(minimize_scalar(loss, bounds=(-8, 8), method="bounded").x)


def _logit(p: pd.Series) -> np.ndarray:
    inside = np.clip(p.to_numpy(float), _EPSILON, 1 - _EPSILON)
    return np.log(inside / (1 - inside))


def _expit(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


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
