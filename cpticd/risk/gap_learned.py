"""Learned: how likely a condition is, given the services of the year, from the user's own claims.

A pair model. From the persons who belong to the other folds (and never from the person's own) two tables are
counted: how many persons have two procedures, settings or strata of age, sex and days seen (pairs of features), and
how many have a feature and a coded HCC (pairs of feature and HCC). Ridge regression, which needs no more than these
two tables, gives each feature a weight for each HCC that takes account of procedures that go together; a person's
weights add up to the share q of persons like this who have the HCC coded.

Who has a condition is coded with a completeness κ, estimated by the recapture of the HCC from the year before. If
coding does not depend on the services, the odds that an uncoded person has it are (1 - κ) / κ · q / (1 - q) (Elkan
and Noto, KDD 2008, 213, on learning from positive and unlabelled data). The reference table ``gap_confidence`` turns
these odds into confidences, since coding does depend on being seen.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core.apart import total
from cpticd.core.session import Session
from cpticd.risk.gap_found import Found, nothing
from cpticd.risk.gap_inputs import Scope

#: Lower edges of the bins of the odds: the strata of this kind.
EDGES: Final = (0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.7, 1.5)
#: Years before, in which the person is seen, that are looked back on.
KNOWN: Final = ("new", "known 1 year", "known 2+ years")
#: Weight of "no effect" in the ridge, in persons; completeness that is taken where there is no year before,
#: persons that it counts as, and its bounds.
RIDGE: Final = 20.0
COMPLETENESS: Final = 0.8
COMPLETENESS_PRIOR: Final = 20.0
COMPLETENESS_RANGE: Final = (0.3, 0.97)
#: Weights are summed as whole billionths, so that two runs give the same digits; smaller ones than this are left out.
SCALE: Final = 1_000_000_000
SMALLEST_WEIGHT: Final = 1e-4
#: Procedures that are shown for a gap, and how much commoner they are with the HCC at least.
SHOWN: Final = 3
SHOWN_LIFT: Final = 1.5
_PERSONS: Final = (
    "SELECT f.person_id, f.fold, n.feature FROM learned_features f JOIN learned_names n ON n.name = f.name"
)
_PAIRS: Final = (
    "SELECT f.fold, f.feature, c.hcc, count(*) AS persons "
    "FROM learned_persons f JOIN learned_coded c ON c.person_id = f.person_id GROUP BY f.fold, f.feature, c.hcc"
)
_CODED: Final = "SELECT fold, hcc, count(*) AS persons FROM learned_coded GROUP BY fold, hcc"
#: The total by which features are numbered.
_NUMBERED: Final = "learned features"
_PEOPLE: Final = (
    "SELECT f.fold, count(*) AS persons FROM gap_persons p "
    "JOIN learned_folds f ON f.digit = substr(md5(p.person_id), 1, 2) GROUP BY f.fold"
)
_EVIDENCE: Final = (
    "SELECT r.person_id, r.hcc, v.claim_id, v.service_date AS claim_date, v.code FROM learned_reasons r "
    "JOIN gap_services v ON v.person_id = r.person_id AND v.system = 'hcpcs' AND v.code = r.procedure_code"
)


def stratum(bin_number: pd.Series, known: pd.Series) -> pd.Series:
    """The stratum's name: odds from the bin's lower edge to the next, and how many years before are known."""
    names = [f"odds {low:g} to {high:g}" for low, high in itertools.pairwise(EDGES)]
    names.append(f"odds {EDGES[-1]:g} or more")
    return bin_number.map(dict(enumerate(names))) + ", " + known.map(dict(enumerate(KNOWN)))


def learned(
    s: Session,
    asked: Scope,
    table: pd.DataFrame,
    *,
    folds: int = 5,
    min_persons: int = 20,
    min_confidence: float = 0.02,
) -> Found:
    """One row per person and HCC that the services of the year speak for, with the persons behind it.

    ``table``: confidences by stratum. ``folds``: parts of the persons, by a digest of their identifier; each is
    judged by a model of the others. ``min_persons``: persons with a procedure, and with an HCC coded, in the
    other folds, below which neither takes part. Left out, and counted: those below ``min_confidence``, and
    those of whom nothing but age, sex and days seen is known.
    """
    counts = _counts(s, folds, min_persons)
    if counts is None:
        return replace(nothing(), left_out={"pairs": 0, "expected": 0.0, "by_hcc": []})
    return _judged(s, asked, counts, _listed(table, min_confidence))


def _counts(s: Session, folds: int, min_persons: int) -> pd.DataFrame | None:
    """Load features, weights and completeness; the pair counts behind the weights, None where nothing is coded."""
    digits = [f"{number:02x}" for number in range(256)]
    places = [number % folds for number in range(256)]
    s.load("learned_folds", {"digit": digits, "fold": pa.array(places, pa.int32())})
    for name in ("features", "coded", "coded_before", "known"):
        s.create(f"learned_{name}", sql.text(f"risk/gap_learned_{name}"))
    names = _names(s, min_persons)
    s.create("learned_persons", _PERSONS)
    model = _fit(s, names, folds, min_persons)
    if model is None:
        return None
    weights, pairs, completeness = model
    _load(s, "learned_weights", weights, feature=pa.int32(), fold=pa.int32(), weight=pa.int64())
    _load(s, "learned_completeness", completeness, fold=pa.int32(), completeness=pa.float64())
    return pairs


def _judged(s: Session, asked: Scope, pairs: pd.DataFrame, strata: pd.DataFrame) -> Found:
    """Score every pair of person and uncoded HCC, and list those in the strata that are to be listed."""
    kinds = {"bin": pa.int32(), "known": pa.int32(), "low": pa.float64(), "high": pa.float64()}
    _load(s, "learned_bins", strata[[*kinds, "listed"]], **kinds, listed=pa.bool_())
    s.create("learned_scores", sql.text("risk/gap_learned_scores"))
    counts = s.frame(sql.text("risk/gap_learned_bins"))
    s.create("learned_wanted", sql.text("risk/gap_learned_wanted"))
    rows = s.frame("SELECT * FROM learned_wanted")
    left_out = _left_out(counts, strata)
    if rows.empty:
        return Found(nothing().candidates, nothing().evidence, left_out)
    reasons = s.frame(sql.text("risk/gap_learned_reasons"), {"shown": SHOWN})
    _load(s, "learned_reasons", reasons[["person_id", "hcc", "procedure_code"]])
    evidence = s.frame(_EVIDENCE).assign(kind="learned")
    return Found(_candidates(rows, reasons, pairs, asked), evidence, left_out)


def _load(s: Session, name: str, rows: pd.DataFrame, **kinds: pa.DataType) -> None:
    columns = {
        column: pa.array(rows[column].tolist(), kinds.get(column, pa.string()), from_pandas=True)
        for column in rows.columns
    }
    s.load(name, columns)


def _names(s: Session, min_persons: int) -> pd.DataFrame:
    """Features that enough persons have, numbered."""
    counts = s.frame("SELECT name, count(*) AS persons FROM learned_features GROUP BY name ORDER BY name")
    counts = total(_NUMBERED, counts, ["name"])
    found = counts[counts["persons"] >= min_persons].reset_index(drop=True)
    found["feature"] = np.arange(len(found))
    _load(s, "learned_names", found[["name", "feature"]], feature=pa.int32())
    return found


def _fit(
    s: Session, names: pd.DataFrame, folds: int, min_persons: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None:
    """Weights by fold, feature and HCC; the pair counts behind them; completeness by fold and HCC."""
    both_named = s.frame(sql.text("risk/gap_learned_features_both"))
    gram = total("learned pairs of features", both_named, ["fold", "first", "second"], after=[_NUMBERED])
    pairs = total("learned pairs", s.frame(_PAIRS), ["fold", "feature", "hcc"], after=[_NUMBERED])
    coded = total("learned coded", s.frame(_CODED), ["fold", "hcc"])
    if pairs.empty:
        return None
    hccs = sorted(coded["hcc"].unique(), key=int)
    place = {hcc: index for index, hcc in enumerate(hccs)}
    size = len(names)
    square = np.zeros((folds, size, size))
    square[gram["fold"], gram["first"], gram["second"]] = gram["persons"]
    square[gram["fold"], gram["second"], gram["first"]] = gram["persons"]
    both = np.zeros((folds, size, len(hccs)))
    both[pairs["fold"], pairs["feature"], pairs["hcc"].map(place)] = pairs["persons"]
    having = np.zeros((folds, len(hccs)))
    having[coded["fold"], coded["hcc"].map(place)] = coded["persons"]
    again = total("learned recapture", s.frame(sql.text("risk/gap_learned_recapture")), ["fold", "hcc"])
    procedure = names["name"].where(names["name"].str.startswith("procedure ")).str.removeprefix("procedure ")
    people = total("learned persons", s.frame(_PEOPLE), ["fold"]).set_index("fold")["persons"]
    persons = people.reindex(range(folds)).fillna(0).to_numpy()
    parts, shown = [], []
    for fold in range(folds):
        others = np.arange(folds) != fold
        gained, counted = square[others].sum(axis=0), both[others].sum(axis=0)
        enough = having[others].sum(axis=0) >= min_persons
        weight = np.linalg.solve(gained + RIDGE * np.eye(size), counted) * enough
        feature, hcc = np.nonzero(np.abs(weight) >= SMALLEST_WEIGHT)
        frame = pd.DataFrame({"fold": fold, "feature": feature, "hcc": np.array(hccs, dtype=object)[hcc]})
        frame["weight"] = np.rint(weight[feature, hcc] * SCALE).astype(np.int64)
        counts = frame[["fold", "feature", "hcc"]].assign(
            both=counted[feature, hcc],
            with_feature=gained.diagonal()[feature],
            with_hcc=having[others].sum(axis=0)[hcc],
        )
        expected = counts["with_feature"] * counts["with_hcc"] / float(persons[others].sum())
        counts["lift"] = (counts["both"] / expected).fillna(0.0)
        # A procedure that is hardly commoner with the HCC than without is no reason to show.
        code = pd.Series(procedure.to_numpy()[feature], index=frame.index)
        frame["procedure_code"] = code.where(counts["lift"] >= SHOWN_LIFT)
        parts.append(frame)
        shown.append(counts)
    return pd.concat(parts), pd.concat(shown), _completeness(again, hccs, folds)


def _completeness(again: pd.DataFrame, hccs: list[str], folds: int) -> pd.DataFrame:
    """Share of the persons coded the year before, in the other folds, of whom the hierarchy is coded again."""
    frames = []
    for fold in range(folds):
        others = again[again["fold"] != fold]
        counts = others.groupby("hcc")[["due", "again"]].sum().reindex(hccs).fillna(0)
        prior = COMPLETENESS_PRIOR
        overall = (counts["again"].sum() + prior * COMPLETENESS) / (counts["due"].sum() + prior)
        share = (counts["again"] + prior * overall) / (counts["due"] + prior)
        frames.append(
            pd.DataFrame({"fold": fold, "hcc": hccs, "completeness": share.clip(*COMPLETENESS_RANGE)})
        )
    return pd.concat(frames)


def bins() -> pd.DataFrame:
    """One row per stratum: bin of the odds (low, high), years known before (0, 1, 2 or more), stratum."""
    edges = pd.DataFrame({"bin": range(len(EDGES)), "low": EDGES, "high": [*EDGES[1:], 1e18]})
    found = edges.merge(pd.DataFrame({"known": range(len(KNOWN))}), how="cross")
    return found.assign(stratum=stratum(found["bin"], found["known"]))


def _listed(table: pd.DataFrame, min_confidence: float) -> pd.DataFrame:
    """The strata with their confidence, and whether persons in them are listed."""
    mine = table[table["kind"] == "learned"].set_index("stratum")["confidence"]
    found = bins()
    found["confidence"] = found["stratum"].map(mine).fillna(mine.get("", 0.0)).astype(float)
    return found.assign(listed=found["confidence"] >= min_confidence)


def _left_out(counts: pd.DataFrame, strata: pd.DataFrame) -> dict[str, Any]:
    """Pairs of person and HCC that are not listed, and how many conditions they would come to."""
    counts = counts.merge(strata, on=["bin", "known"]).sort_values(["hcc", "known", "bin", "told"])
    rest = counts[~((counts["told"] == 1) & counts["listed"])]
    expected = rest["pairs"] * rest["confidence"]
    by = pd.DataFrame({"hcc": rest["hcc"], "pairs": rest["pairs"], "expected": expected}).groupby("hcc").sum()
    return {
        "pairs": int(rest["pairs"].sum()),
        "expected": float(expected.sum()),
        "by_hcc": [
            {"hcc": str(hcc), "pairs": int(row["pairs"]), "expected": float(row["expected"])}
            for hcc, row in by.iterrows()
        ],
    }


def _candidates(rows: pd.DataFrame, reasons: pd.DataFrame, pairs: pd.DataFrame, asked: Scope) -> pd.DataFrame:
    shown = reasons.merge(rows[["person_id", "hcc", "fold"]], on=["person_id", "hcc"])
    shown = shown.merge(pairs, on=["fold", "feature", "hcc"], how="left")
    shown = shown.sort_values(
        ["person_id", "hcc", "weight", "procedure_code"], ascending=[True, True, False, True]
    )
    shown["text"] = (
        shown["procedure_code"] + " (lift " + shown["lift"].round(1).astype(str) + ": "
        + shown["both"].astype(int).astype(str) + " of " + shown["with_feature"].astype(int).astype(str)
        + " other persons with it have the HCC)"
    )  # fmt: skip
    by = shown.groupby(["person_id", "hcc"])
    texts = by.agg(text=("text", ", ".join), support=("both", "max")).reset_index()
    rows = rows.merge(texts, on=["person_id", "hcc"])
    return rows.assign(
        kind="learned",
        diagnosis_code="",
        rule="learned",
        stratum=stratum(rows["bin"], rows["known"]),
        place=0,
        sentence="services of " + str(asked.year) + " that go with HCC " + rows["hcc"] + ": " + rows["text"]
        + "; of persons alike in services, age and sex, " + (100 * rows["share"]).round(1).astype(str)
        + " % have it coded",
        support=rows["support"].astype(int),
        share=1.0,
    )  # fmt: skip
