"""Gaps: conditions that other evidence on a person's claims suggests, and that the year's diagnoses do not have.

A gap is something for a clinician and a coder to review. Eight kinds of evidence: lapsed, unspecified, combination,
implied, measured, drug (each in a ``gap_*`` module, its rules dated rows of a reference table), external (a list of
somebody else's) and learned (a model of the user's own claims). Every gap carries its evidence, in words and as lists,
and a confidence that says how it was calibrated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.claims import Claims
from cpticd.core import selection
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, Records, measure
from cpticd.persons import Apart
from cpticd.risk import calibration as confidences
from cpticd.risk import drug_classes as drug_classes_of
from cpticd.risk import entitlement, gap_external, gap_inputs, gap_services, hcc_tables
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.current_codes import current
from cpticd.risk.gap_combination import combination
from cpticd.risk.gap_drugs import drugs
from cpticd.risk.gap_found import CANDIDATE, EVIDENCE, Found
from cpticd.risk.gap_lapsed import lapsed
from cpticd.risk.gap_learned import learned
from cpticd.risk.gap_measured import measured
from cpticd.risk.kinds import KINDS, OPEN, STATUSES

#: Stratum of a gap that two or more kinds of evidence point to.
TOGETHER: Final = "with other evidence"
COLUMNS: Final = (
    "person_id", "hcc", "label", "kind", "also_kinds", "diagnosis_code", "confidence", "calibration", "stratum",
    "status", "evidence", "evidence_codes", "evidence_claims", "evidence_dates", "support", "first_date", "last_date",
)  # fmt: skip
#: Columns that are not text.
_TYPED: Final = (
    "confidence", "evidence_codes", "evidence_claims", "evidence_dates", "support", "first_date", "last_date",
)  # fmt: skip
_KEY: Final = ["person_id", "hcc"]
#: Kinds of evidence that are rules over the data.
_RULES: Final[dict[str, Callable[..., Found]]] = {
    "lapsed": lapsed, "unspecified": gap_services.unspecified, "combination": combination,
    "implied": gap_services.implied, "measured": measured, "drug": drugs,
}  # fmt: skip


@measure(
    heading="Suspected conditions",
    leaves=Records(),
    apart=Apart(),
    report=[
        Part(
            "risk_gaps", "risk", "Suspected conditions",
            lambda given: {
                "year": given["year"], "payment_year": given["payment_year"], "model": given["model"],
                "quiet": True,
            },
        )
    ],
)  # fmt: skip
def gaps(
    claims: Claims,
    *,
    year: int,
    payment_year: int | None = None,
    model: str = "V28",
    kinds: Sequence[str] = KINDS,
    implied: pd.DataFrame | None = None,
    specific: pd.DataFrame | None = None,
    combinations: pd.DataFrame | None = None,
    evidence_observations: pd.DataFrame | None = None,
    evidence_drugs: pd.DataFrame | None = None,
    drug_classes: pd.DataFrame | None = None,
    suspects: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
    caps: pd.DataFrame | None = None,
    min_confidence: float = 0.02,
    lookback_years: int = 3,
    folds: int = 5,
    min_persons: int = 20,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per person and suspected condition (HCC) of the service year ``year``: for review, not for coding.

    Persons are those enrolled in ``year`` (the table members; where there is none, those seen in the year). Who died
    before the payment year, or is in hospice all of it, has no gap: CMS pays no month by his score. How many they are
    is printed and stands in the contract (``not_paid``).

    Parameters
    ----------
    year: service year whose diagnoses are looked at.
    payment_year: whose mapping of ``model`` is used; unless given, that which pays on ``year``: ``year + 1``.
    kinds: kinds of evidence to look for, see below.
    implied, specific, combinations, evidence_observations, evidence_drugs: rows of your own for the reference tables
        implied_services, specific_evidence, combinations and those of these names; a row with the same key takes the
        built-in one's place.
    drug_classes: classes of drugs of your own: drug_class, and ndc_code (11 digits, or 9 for a product) or rxnorm_code;
        for good: ``reference.add("drug_classes", file)``.
    suspects: suspicions of others: person_id, hcc or diagnosis_code; source, confidence, date where they are known.
        What cannot be taken of it is in :func:`risk.rejects`.
    calibration: what :func:`risk.calibrate` returns: confidences that chart reviews bear out.
    caps: rows of your own for ``gap_caps``: how sure a kind may be (kind, cap) before charts are reviewed.
    min_confidence: open gaps below it are left out and added up in the contract.
    lookback_years: years before ``year`` in which coding is looked up.
    folds, min_persons: of the learned kind.
    quiet: do not print how many drugs have no class, who was left out, and how many suspects were not taken.
    lazy: rows for ``.to_table(name)``, which do not come here.

    Kinds of evidence
    -----------------
    - lapsed: a lasting HCC coded in the year before, on a claim that counts (:func:`risk.conditions`).
    - unspecified: a code of the year beside which other evidence speaks for a specific sibling with a higher HCC
      (reference table ``specific_evidence``).
    - combination: two codes that ICD-10-CM joins by "with" (``combinations``).
    - implied: a service that hardly exists without the condition (``implied_services``).
    - measured: results of laboratories and measurements (table ``observations``): kidney function below 60 twice three
      months apart, body mass index, hemoglobin A1c, … (``evidence_observations``).
    - drug: fills of a class that is given for the condition (tables ``drugs`` and ``lines``; ``evidence_drugs``). What
      is in no class of ``drug_classes`` proves nothing, and is counted.
    - external: the list ``suspects``.
    - learned: the services of the year, by a model of the other persons' coding (see cpticd/risk/gap_learned.py).

    Columns
    -------
    Where several kinds point to the same HCC the surest one stands in ``kind``, the others in ``also_kinds`` and in
    the evidence. ``status`` is open, or closed by the same, a higher or a lower HCC of the hierarchy coded in the year;
    closed rows keep the confidence that they would have. ``evidence`` is text; evidence_codes, evidence_claims,
    evidence_dates are lists. ``support``: persons coded among those with the service (implied, unspecified, learned).
    ``confidence``: the share of gaps of this stratum that were right, on simulated persons or, with ``calibration``,
    in chart reviews; the columns ``calibration`` and ``stratum`` say which.

    Raises ArgumentError for an unknown kind, model or year, SchemaError for rows of your own that lack columns.
    Sources: CMS's hierarchies and mappings; each rule's reason in its reference table.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> found = cx.risk.gaps(claims, year=2025, kinds=["lapsed", "implied"], quiet=True)
    >>> found["confidence"].between(0, 1).all() and set(found["kind"]) <= {"lapsed", "implied"}
    True
    """
    asked = gap_inputs.scope(year, model, payment_year, lookback_years)
    chosen = _chosen(kinds)
    _check(min_confidence, folds, min_persons)
    table = confidences.checked(calibration, caps)
    own: dict[str, tuple[pd.DataFrame | None, ...]] = {
        "implied": (implied,), "combination": (combinations,), "unspecified": (specific,),
    }  # fmt: skip
    refused = Rejects()
    with claims.session() as s:
        gap_inputs.prepare(s, asked)
        unpaid = entitlement.unpaid_of(s)
        if {"measured", "drug"} & {*chosen}:
            classed = drug_classes_of.classed(s, drug_classes_of.classes(drug_classes))
            own |= {"measured": (classed, evidence_observations), "drug": (classed, evidence_drugs)}
        parts = {kind: _RULES[kind](s, asked, *own.get(kind, ())) for kind in chosen if kind in _RULES}
        if "external" in chosen and suspects is not None:
            parts["external"] = gap_external.external(s, asked, suspects, refused, caps)
        rows = _merged(parts, table)
        if "learned" in chosen:
            parts["learned"] = learned(
                s, asked, table, folds=folds, min_persons=min_persons, min_confidence=min_confidence
            )
            rows = _with_learned(rows, parts["learned"], table)
    left_out: dict[str, Any] = {kind: part.left_out for kind, part in parts.items() if part.left_out}
    if not quiet:
        _print(left_out, refused, unpaid)
    low = (rows["status"] == OPEN) & (rows["confidence"] < min_confidence)
    left_out["below min_confidence"] = {
        "gaps": int(low.sum()),
        "expected": float(rows.loc[low, "confidence"].sum()),
    }
    rows["diagnosis_code"] = current(rows["diagnosis_code"], year)
    result = _finished(rows[~low], parts, model)
    return attach(
        result,
        measure=f"suspected conditions of {year} ({model}, payment year {asked.payment_year})",
        numerator="persons and HCCs that evidence on claims points to",
        denominator="persons enrolled in the year and alive at its start, paid for a month of the payment year",
        clock=f"service year {year}, lapsed ones from {year - 1}; coded means on a claim that counts",
        exclusions="conditions without an HCC of the model; conditions that are over within the year by nature",
        rows_left_out=int(low.sum()) + int(left_out.get("learned", {}).get("pairs", 0)),
        year=year,
        model=model,
        payment_year=asked.payment_year,
        kinds=chosen,
        min_confidence=min_confidence,
        lookback_years=lookback_years,
        folds=folds,
        min_persons=min_persons,
        left_out=left_out,
        not_paid=unpaid,
        closed={
            str(name): int(n)
            for name, n in result.loc[result["status"] != OPEN, "status"].value_counts().items()
        },
        calibrated_on=sorted({str(text).partition(":")[0] for text in result["calibration"]}),
        suspects_rejected=gap_external.totals(refused),
        records={"rejects": refused.records},
    )


def _check(min_confidence: float, folds: int, min_persons: int) -> None:
    if not 0 <= min_confidence <= 1:
        raise ArgumentError(f"min_confidence lies from 0 to 1; found {min_confidence!r}")
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= 256:
        raise ArgumentError(f"folds: a whole number from 2 to 256 is needed; found {folds!r}")
    if isinstance(min_persons, bool) or not isinstance(min_persons, int) or min_persons < 1:
        raise ArgumentError(f"min_persons: a whole number from 1 on is needed; found {min_persons!r}")


def _chosen(kinds: Sequence[str]) -> list[str]:
    wanted = list(selection.names(kinds))
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        raise ArgumentError(f"kinds: found {wanted!r}; choose from {list(KINDS)}")
    return [kind for kind in KINDS if kind in wanted]


def _print(left_out: dict[str, Any], refused: Rejects, unpaid: dict[str, int]) -> None:
    """Say aloud what proves nothing here, and who was not taken."""
    counts = left_out.get("drug", {}).get("drugs")
    if counts and (text := drug_classes_of.sentence(counts)):
        print(text)
    if unpaid:
        print(entitlement.sentence(unpaid, "gaps"))
    if refused.records:
        print(f"{len(refused.records):,} suspects could not be taken (risk.rejects says why)")


def _merged(parts: dict[str, Found], table: pd.DataFrame) -> pd.DataFrame:
    """One row per person and HCC of the candidates of all kinds: the strongest, the others named beside it."""
    frames = [part.candidates[list(CANDIDATE)] for part in parts.values() if len(part.candidates)]
    if not frames:
        return pd.DataFrame(columns=[*CANDIDATE, "confidence", "calibration", "status", "also_kinds"])
    rows = pd.concat(frames, ignore_index=True)
    rows = confidences.looked_up(rows, table)
    rows["status"] = rows["place"].map(dict(enumerate(STATUSES)))
    rows["closed"] = rows["place"] != 0
    rows["order"] = rows["kind"].map({kind: index for index, kind in enumerate(KINDS)})
    # What one kind of evidence holds to be open is open: a lower code is no answer to what it is the evidence of.
    open_somewhere = ~rows.groupby(_KEY)["closed"].transform("min").astype(bool)
    rows = rows[~(open_somewhere & rows["closed"])]
    rows = rows.sort_values(
        [*_KEY, "confidence", "order", "rule", "diagnosis_code"],
        ascending=[True, True, False, True, True, True],
        ignore_index=True,
    )
    rows = rows.drop_duplicates([*_KEY, "kind"])
    by = rows.groupby(_KEY)
    first = rows[by.cumcount() == 0].set_index(_KEY)
    others = rows[by.cumcount() > 0].groupby(_KEY)
    first["also_kinds"] = others["kind"].agg(", ".join).reindex(first.index).fillna("")
    beside = others["sentence"].agg("; ".join).reindex(first.index)
    first["sentence"] = first["sentence"] + ("; also " + beside).fillna("")
    together = (first["also_kinds"] != "") & ~first["closed"]
    first["stratum"] = first["stratum"].mask(together, TOGETHER)
    joint = confidences.looked_up(first[together].reset_index().assign(share=1.0), table)
    first.loc[together, "confidence"] = np.maximum(
        joint["confidence"].to_numpy(float), first.loc[together, "confidence"].to_numpy(float)
    )
    first.loc[together, "calibration"] = joint["calibration"].to_numpy()
    return first.reset_index()


def _with_learned(rows: pd.DataFrame, part: Found, table: pd.DataFrame) -> pd.DataFrame:
    """``rows`` and the learned ones of persons and HCCs that no other kind of evidence points to."""
    if part.candidates.empty:
        return rows
    new = confidences.looked_up(part.candidates[list(CANDIDATE)], table).assign(status=OPEN, also_kinds="")
    if rows.empty:
        return new
    both = rows[_KEY].merge(new[_KEY], how="left", indicator=True)["_merge"].to_numpy() == "both"
    beside = rows["also_kinds"] + (rows["also_kinds"] != "").map({True: ", learned", False: "learned"})
    rows = rows.assign(also_kinds=rows["also_kinds"].mask(both, beside))
    return pd.concat([rows, new], ignore_index=True).drop_duplicates(_KEY, ignore_index=True)


def _finished(rows: pd.DataFrame, parts: dict[str, Found], model: str) -> pd.DataFrame:
    """The columns of the result, in order of status, confidence and person."""
    labels = {row["hcc"]: row["label"] for row in hcc_tables.labels(model).to_pylist()}
    rows = rows.assign(order=rows["status"].map({name: i for i, name in enumerate(STATUSES)}))
    rows["number"] = pd.to_numeric(rows["hcc"])
    rows = rows.sort_values(
        ["order", "confidence", "person_id", "number"], ascending=[True, False, True, True]
    )
    rows = rows.reset_index(drop=True)
    found = [part.evidence[list(EVIDENCE)] for part in parts.values() if len(part.evidence)]
    evidence = pd.concat(found) if found else pd.DataFrame(columns=list(EVIDENCE))
    evidence = rows[_KEY].reset_index(names="gap").merge(evidence, on=_KEY)
    dates = evidence["claim_date"] if len(evidence) else pd.Series(dtype="datetime64[s]")
    rows["evidence_codes"] = _lists(evidence["gap"], evidence["code"], len(rows))
    rows["evidence_claims"] = _lists(evidence["gap"], evidence["claim_id"], len(rows))
    rows["evidence_dates"] = _lists(evidence["gap"], dates.dt.strftime("%Y-%m-%d"), len(rows))
    spans = dates.groupby(evidence["gap"]).agg(["min", "max"]).reindex(rows.index)
    rows = rows.assign(
        label=rows["hcc"].map(labels).fillna(""),
        evidence=rows["sentence"],
        support=rows["support"].astype("Int64"),
        first_date=spans["min"],
        last_date=spans["max"],
    )
    text = dict.fromkeys([name for name in COLUMNS if name not in _TYPED], "str")
    return rows[list(COLUMNS)].astype(text | {"confidence": "float64"})


def _lists(gap: pd.Series, value: pd.Series, size: int) -> pd.Series:
    """One sorted list of distinct values per gap."""
    pairs = pd.DataFrame({"gap": gap.to_numpy(), "value": value.to_numpy()}).dropna()
    pairs = pairs.drop_duplicates().sort_values(["gap", "value"])
    counts = np.bincount(pairs["gap"].to_numpy(np.int64), minlength=size)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    values = pa.array(pairs["value"].tolist(), pa.string())
    return pd.Series(
        pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values).to_pylist(), dtype=object
    )
