"""What a change of model does to each person's score, condition by condition, with the reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.engine import DuckDBEngine
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, Records, measure
from cpticd.core.session import Session
from cpticd.risk import hcc_tables
from cpticd.risk.explain import terms_of
from cpticd.risk.labels import hcc_label, label
from cpticd.risk.score import prepared

#: Parts of a score that are no condition of their own, by the part's number among the terms.
_OTHERS: Final = {1: "demographic", 3: "interaction", 4: "count"}
_HCC: Final = (2, 5)  # paid, and removed by a hierarchy
COLUMNS: Final = (
    "person_id", "part", "from_hccs", "to_hccs", "label", "diagnosis_codes", "reason", "explanation", "from_score",
    "to_score", "change",
)  # fmt: skip
#: Reasons in the order in which they are shown.
REASONS: Final = (
    "demographic", "no longer mapped", "newly mapped", "hierarchy", "split", "merged", "regrouped",
    "constrained weights", "other weight", "in neither paid", "interaction", "count",
)  # fmt: skip


@dataclass(frozen=True)
class _Scored:
    """One model's side: its terms, what supports its HCCs, and its payment score."""

    model: str
    terms: pd.DataFrame  # person_id, part, term, hcc, value (raw), removed_by
    support: pd.DataFrame  # person_id, hcc, diagnosis_code
    people: pd.DataFrame  # person_id, segment, factor: payment score per raw score
    rejects: list[dict[str, str]]
    assumed: dict[str, int]


#: The model before another one of CMS's.
_BEFORE: Final = {"V28": "V24", "V24": "V22"}


def _models(given: Any) -> dict[str, Any]:
    """The report's model and the one before it."""
    model = given["model"]
    if model not in _BEFORE:
        raise ArgumentError(f"no model before {model} is compared: there are {list(_BEFORE)}")
    return {"payment_year": given["payment_year"], "from_model": _BEFORE[model], "to_model": model}


@measure(
    heading="Change of model",
    leaves=Records(),
    of_claims=False,
    report=[Part("risk_change", "risk", "Change of model", _models, detail="full")],
)
def model_change(
    members: Claims | pd.DataFrame | pa.Table,
    diagnoses: pd.DataFrame | pa.Table | None = None,
    *,
    payment_year: int,
    from_model: str = "V24",
    to_model: str = "V28",
    factors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per person and part of his score: what it is under one model and under another, and why it differs.

    Parameters
    ----------
    members, diagnoses: as in :func:`cpticd.risk.score`; Claims, or both as frames. The same persons, with the same
        diagnoses and ages, are scored by both models.
    payment_year: CMS's payment year, whose tables and factors of both models are taken. Where no normalization of a
        model is known for it, that of the last year before stands in, as the contract's ``factors`` says.
    from_model, to_model: two of V22, V24, V28, ESRD V24 and RxHCC V08 that have tables of the year.
    factors: rows that replace those of the table ``hcc_factors``.

    Columns
    -------
    person_id, part (demographic, condition, interaction, count), from_hccs and to_hccs (numbers, as text, of HCCs in
    which the same codes count; of interactions and counts their terms), label, diagnosis_codes, reason, explanation
    (a sentence), from_score, to_score and change, all in payment score: coefficient / normalization x (1 - MA coding
    adjustment). A person's changes add up to the difference of his two payment scores, as re-scored. What an HCC
    weighs is its own coefficient, after hierarchies; interactions and counts, which no condition has alone, are parts
    of their own.

    Reasons of conditions: no longer mapped, newly mapped, hierarchy (paid in one model alone), split, merged, regrouped
    (one HCC became several, several one, several others), constrained weights (an HCC weighs as much as its neighbours
    in the hierarchy, and did not before), other weight, in neither paid. Persons scored by one of the models alone
    stand in ``cx.risk.rejects(frame)``. Raises ArgumentError and SchemaError as score does.

    Source: CMS's mappings, hierarchies and coefficients of both models, as in SOURCES.toml.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A"], "age": [70], "sex": ["F"]})
    >>> codes = pd.DataFrame({"person_id": ["A", "A"], "diagnosis_code": ["I70.209", "E11.22"]})
    >>> change = cx.risk.model_change(members, codes, payment_year=2025)
    >>> change.loc[change["part"] == "condition", ["from_hccs", "to_hccs", "reason"]].values.tolist()
    [['18', '37', 'constrained weights'], ['108', '', 'no longer mapped']]
    """
    named = [from_model, to_model]
    if from_model == to_model or any(hcc_tables.is_hhs(model) for model in named):
        raise ArgumentError(f"from_model and to_model: two of CMS's models are needed; found {named}")
    rates = {model: _rates(model, payment_year, factors) for model in (from_model, to_model)}
    sides = [
        _scored(members, diagnoses, model, payment_year, rates[model]) for model in (from_model, to_model)
    ]
    people, rejects = _both(sides)
    parts = [part for part in (*_others(sides, people), _conditions(sides, people)) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["person", *COLUMNS])
    frame["change"] = frame["to_score"] - frame["from_score"]
    order = {"demographic": 0, "condition": 1, "interaction": 2, "count": 3}
    frame["place"] = frame["part"].map(order)
    frame["first"] = pd.to_numeric(frame["from_hccs"].astype("str").str.extract(r"^(\d+)")[0]).fillna(1000)
    frame = frame.sort_values(["person", "place", "first", "to_hccs"], kind="stable", ignore_index=True)
    return attach(
        frame[list(COLUMNS)].astype(dict.fromkeys(COLUMNS[:8], "str")),
        measure=f"change of the payment score from {from_model} to {to_model}, payment year {payment_year}",
        numerator="payment score by the second model - payment score by the first, part by part",
        denominator="cost of an average beneficiary",
        clock=f"diagnoses of service year {payment_year - 1}; age on February 1, {payment_year}",
        exclusions="persons whom one of the models does not score, and diagnoses that risk.rejects lists",
        rows_left_out=len({row["location"] for row in rejects if row["source"] == "members"}),
        code_set_release=f"CMS mapping of payment year {payment_year}",
        models=(from_model, to_model),
        payment_year=payment_year,
        factors=[row for table in rates.values() for row in table.to_dict("records")],
        assumed={reason: n for side in sides for reason, n in side.assumed.items() if n},
        persons=len(people),
        records={"rejects": rejects, "people": people[["person_id", "segment", "from_score", "to_score"]]},
    )


def _rates(model: str, payment_year: int, factors: pd.DataFrame | None) -> pd.DataFrame:
    """The factors of the year; where no normalization is known, the last known one before, marked by its year."""
    rates = hcc_tables.factors(model, payment_year, factors)
    rates = rates.assign(normalization_of=payment_year)
    for year in (year for year in reversed(hcc_tables.years(model)) if year < payment_year):
        before = hcc_tables.factors(model, year, factors).set_index("population")["normalization"].dropna()
        if before.empty:
            continue
        absent = rates["normalization"].isna() & rates["population"].isin(before.index)
        rates.loc[absent, "normalization"] = (
            rates.loc[absent, "population"].map(before.to_dict()).astype(float)
        )
        rates.loc[absent, "normalization_of"] = year
    if rates["normalization"].isna().any():
        raise ArgumentError(
            f"no normalization of {model} is known for payment_year={payment_year} or before; pass factors= with one"
        )
    return rates


def _scored(members: Any, diagnoses: Any, model: str, payment_year: int, rates: pd.DataFrame) -> _Scored:
    with prepared(members, diagnoses, model, payment_year) as scorer:
        scorer.rate(rates.drop(columns="normalization_of"))
        scorer.score()
        ids = scorer.scored.column("person_id").to_pandas().astype("str").to_numpy()
        terms = terms_of(scorer)
        support = scorer.s.frame(
            sql.text("risk/explained_support"),
            claim="''",
            diagnoses=scorer.diagnoses_in(),
            kept="",
        )
        people = scorer.s.frame(sql.text("risk/payment_factors"))
        names = np.array(scorer.blocks.segments, dtype=object)
        people["segment"] = names[people["segment"].to_numpy()]
        for frame in (terms, support, people):
            frame["person_id"] = ids[frame["person"].to_numpy() - 1]
        return _Scored(model, terms, support, people, scorer.rejects.records, scorer.assumed)


def _both(sides: list[_Scored]) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """Persons scored by both models, with both payment scores, and what was rejected, each once."""
    first, second = sides
    people = second.people[["person", "person_id", "segment", "factor", "score"]].rename(
        columns={"factor": "to_factor", "score": "to_score"}
    )
    before = first.people[["person_id", "factor", "score"]].rename(
        columns={"factor": "from_factor", "score": "from_score"}
    )
    both = (
        people.merge(before, on="person_id")
        if len(people) and len(before)
        else people.head(0).assign(from_factor=0.0, from_score=0.0)
    )
    rejects = list({tuple(row.items()): row for side in sides for row in side.rejects}.values())
    return both.sort_values("person", ignore_index=True), rejects


def _others(sides: list[_Scored], people: pd.DataFrame) -> list[pd.DataFrame]:
    """Demographic terms, interactions and counts: one row per person and part that has any."""
    found = []
    for part, name in _OTHERS.items():
        if people.empty:
            break
        sums = []
        for side, prefix in zip(sides, ("from", "to"), strict=True):
            rows = side.terms[side.terms["part"] == part].sort_values("term")
            by = rows.groupby("person_id")
            words = by["term"].agg(", ".join) if part != 1 else by.size().map(lambda n: "")
            sums.append(pd.DataFrame({f"{prefix}_raw": by["value"].sum(), f"{prefix}_hccs": words}))
        both = sums[0].join(sums[1], how="outer")
        rows = people[["person", "person_id", "from_factor", "to_factor"]].merge(
            both, left_on="person_id", right_index=True
        )
        for prefix in ("from", "to"):
            rows[f"{prefix}_hccs"] = rows[f"{prefix}_hccs"].fillna("")
        rows = _paid(rows).assign(part=name, reason=name, diagnosis_codes="")
        rows = rows[(rows["from_score"] != 0) | (rows["to_score"] != 0)].reset_index(drop=True)
        terms = pd.Series(rows["from_hccs"] + "|" + rows["to_hccs"])
        texts = {key: _words(name, key, sides) for key in terms.unique()}
        rows["label"] = "" if part == 1 else terms.map({key: text[0] for key, text in texts.items()})
        rows["explanation"] = terms.map({key: text[1] for key, text in texts.items()})
        found.append(rows)
    return found


def _words(part: str, key: str, sides: list[_Scored]) -> tuple[str, str]:
    """Label and sentence of a demographic, interaction or count part; ``key`` has the terms of both models."""
    if part == "demographic":
        return "", "age, sex and status weigh otherwise"
    said = []
    for side, terms in zip(sides, key.split("|"), strict=True):
        words = ", ".join(label(side.model, term) for term in terms.split(", ")) if terms else "none"
        said.append(f"{side.model}: {words}")
    return said[1].partition(": ")[2], "; ".join(said)


def _paid(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with what their raw values are in payment score."""
    for prefix in ("from", "to"):
        rows[f"{prefix}_score"] = rows[f"{prefix}_raw"].fillna(0.0) * rows[f"{prefix}_factor"]
    return rows


def _conditions(sides: list[_Scored], people: pd.DataFrame) -> pd.DataFrame:
    """One row per person and condition: HCCs of both models that the person's codes tie to each other."""
    if all(side.support.empty for side in sides):
        return pd.DataFrame(columns=["person", *COLUMNS])
    from_side, to_side = (
        side.support[["person_id", "hcc", "diagnosis_code"]].drop_duplicates() for side in sides
    )
    coded = from_side.merge(
        to_side, on=["person_id", "diagnosis_code"], how="outer", suffixes=("_from", "_to")
    )
    coded = coded[coded["person_id"].isin(people["person_id"])].reset_index(drop=True)
    coded["condition"], place = _tied(coded)
    hccs = []
    for side, name in zip(sides, ("from", "to"), strict=True):
        rows = side.terms[side.terms["part"].isin(_HCC)]
        rows = rows.assign(
            side=name, kept=rows["part"] == 2, number=pd.to_numeric(rows["hcc"]),
            condition=(rows["person_id"] + "|" + name + "|" + rows["hcc"]).map(place),
        )  # fmt: skip
        rows = rows.merge(side.people[["person_id", "segment"]], on="person_id")
        same = pd.Series(_neighbours(side.model), name="neighbours", dtype="int64").rename_axis(
            ["segment", "hcc"]
        )
        rows = rows.merge(same.reset_index(), on=["segment", "hcc"], how="left")
        hccs.append(rows.fillna({"neighbours": 0}))
    both = pd.concat(hccs).drop(columns="person").merge(people[["person", "person_id"]], on="person_id")
    number = people.set_index("person_id")["person"]
    coded["person"] = coded["person_id"].map(number)
    with Session(DuckDBEngine()) as s:
        s.load(
            "sides",
            both[
                ["person", "condition", "side", "hcc", "number", "kept", "removed_by", "neighbours", "value"]
            ],
        )
        s.load("coded", coded.rename(columns={"hcc_from": "from_hcc", "hcc_to": "to_hcc"}))
        rows = s.frame(sql.text("risk/model_change"))
    rows = _paid(rows.merge(people[["person", "person_id", "from_factor", "to_factor"]], on="person"))
    return _described(rows.assign(part="condition"), sides)


def _tied(coded: pd.DataFrame) -> tuple[pd.Series, dict[str, int]]:
    """Number of the condition of each row, and of each person's HCC of a model: HCCs tied by common codes are one."""
    from scipy.sparse import coo_array  # a tenth of a second, which importing the package need not take
    from scipy.sparse.csgraph import connected_components

    names = [coded["person_id"] + f"|{side}|" + coded[f"hcc_{side}"] for side in ("from", "to")]
    nodes = pd.Index(pd.concat(names).dropna().unique())
    ends = [nodes.get_indexer(pd.Index(name.fillna(""))) for name in names]
    tied = (ends[0] >= 0) & (ends[1] >= 0)
    size = len(nodes)
    graph = coo_array((np.ones(int(tied.sum())), (ends[0][tied], ends[1][tied])), shape=(size, size))
    number = connected_components(graph, directed=False)[1] if size else np.zeros(0, dtype=int)
    row = np.where(ends[0] >= 0, ends[0], ends[1])
    return pd.Series(number[row], index=coded.index), dict(zip(nodes, number.tolist(), strict=True))


@cache
def _neighbours(model: str) -> dict[tuple[str, str], int]:
    """How many HCCs above and below an HCC in its hierarchy weigh the same in a segment: CMS constrains them so."""
    prefix = hcc_tables.prefix(model)
    weight = {
        (row["segment"], row["term"]): row["value"] for row in hcc_tables.coefficients(model).to_pylist()
    }
    found: Counter[tuple[str, str]] = Counter()
    for row in hcc_tables.hierarchy(model).to_pylist():
        for segment in {segment for segment, _ in weight}:
            pair = [weight.get((segment, f"{prefix}{row[name]}")) for name in ("parent", "child")]
            if pair[0] and pair[0] == pair[1]:
                found.update([(segment, row["parent"]), (segment, row["child"])])
    return dict(found)


def _described(rows: pd.DataFrame, sides: list[_Scored]) -> pd.DataFrame:
    """``rows`` with label and sentence; each distinct set of HCCs is put into words once."""
    keys = [
        "from_hccs",
        "to_hccs",
        "reason",
        "codes_lost",
        "codes_gained",
        "from_removed_by",
        "to_removed_by",
    ]
    rows[keys[3:]] = rows[keys[3:]].fillna("")
    kinds = rows[keys].drop_duplicates()
    words = [_sentence(row, sides) for row in kinds.to_dict("records")]
    kinds = kinds.assign(label=[one for one, _ in words], explanation=[text for _, text in words])
    return rows.merge(kinds, on=keys, how="left")


def _sentence(row: dict[Any, Any], sides: list[_Scored]) -> tuple[str, str]:
    names = []
    for side, prefix in zip(sides, ("from", "to"), strict=True):
        hccs = row[f"{prefix}_hccs"].split(", ") if row[f"{prefix}_hccs"] else []
        names.append("; ".join(f"HCC {hcc} {hcc_label(side.model, hcc)}" for hcc in hccs))
    first, second = (side.model for side in sides)
    title = re.sub(r"HCC \d+ ", "", names[1] or names[0])
    text = {
        "no longer mapped": f"{first} {names[0]}: {row['codes_lost']} has no HCC in {second}",
        "newly mapped": f"{second} {names[1]}: {row['codes_gained']} had no HCC in {first}",
        "constrained weights": f"{first} {names[0]} is {second} {names[1]}, which weighs as much as its neighbours",
    }.get(row["reason"], f"{first} {names[0]} is {second} {names[1]}")
    for model, prefix in ((first, "from"), (second, "to")):
        if row[f"{prefix}_removed_by"]:
            text += f"; not paid in {model}: {_above(row[f'{prefix}_removed_by'])}"
    if row["reason"] != "no longer mapped" and row["codes_lost"]:
        text += f"; without an HCC in {second}: {row['codes_lost']}"
    return title, text


def _above(removed_by: str) -> str:
    parts = dict.fromkeys(removed_by.split("; "))
    return "; ".join(
        f"HCC {', '.join(part.split())} stands above" if part[:1].isdigit() else part for part in parts
    )
