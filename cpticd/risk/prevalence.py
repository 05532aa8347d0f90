"""How common each condition is as coded, and how common it is expected to be once both lists are reviewed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Linked, Part, measure
from cpticd.risk import hcc_tables, protection
from cpticd.risk.conditions import load_encounters
from cpticd.risk.entitlement import load_outsiders
from cpticd.risk.kinds import OPEN, UNSUPPORTED
from cpticd.stats import normal_quantile, wilson

GAP_COLUMNS: Final = ("person_id", "hcc", "status", "confidence")
UNSUPPORTED_COLUMNS: Final = ("person_id", "hcc", "confidence")
_ENROLLED: Final = (
    "SELECT count(DISTINCT person_id) AS persons FROM members WHERE year = $year "
    "AND person_id NOT IN (SELECT person_id FROM outsiders WHERE year = $year)"
)


@measure(
    heading="Prevalence of conditions",
    leaves=Linked(protection.prevalence_tables, protection.prevalence_as_shown),
    chart="prevalence",
    report=[
        Part(
            "risk_prevalence", "risk", "Prevalence of conditions",
            lambda given: {
                "gaps": given.part("risk_gaps"), "unsupported": given.part("risk_unsupported"),
                "year": given["year"], "payment_year": given["payment_year"], "model": given["model"],
            },
        )
    ],
)  # fmt: skip
def prevalence(
    claims: Claims,
    gaps: pd.DataFrame,
    unsupported: pd.DataFrame,
    *,
    year: int,
    payment_year: int | None = None,
    model: str = "V28",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per HCC that is coded or suspected: prevalence as coded, and as expected after review of both lists.

    Columns: hcc, label, coded, coded_low, coded_high, expected, expected_low, expected_high (shares of persons),
    persons (enrolled, the denominator), coded_persons, open_gaps, added (persons expected from open gaps: the sum
    of their confidences), doubtful (coded conditions that ``unsupported`` lists), removed (persons expected to
    lose the condition: the sum of theirs). coded is of enrolled persons and HCCs before hierarchies.

    Parameters
    ----------
    gaps, unsupported: as ``risk.gaps`` and ``risk.unsupported`` return them for the same service ``year``.
    year: service year, of which members are counted.
    payment_year: whose mapping of ``model`` is used; unless given, that which pays on ``year``: ``year + 1``.
    confidence: of the intervals. That of coded is Wilson's: of the rate in a population like this one. That of expected
        is of these persons alone: each suspicion is a coin of its own confidence (Poisson-binomial, normal
        approximation), so that it says how far the review may turn out otherwise, not whether the confidences are
        right.

    Raises ArgumentError for other frames, a year without members, and a model or year without tables.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True)
    >>> thin = cx.risk.unsupported(claims, year=2025, quiet=True)
    >>> shares = cx.risk.prevalence(claims, gaps, thin, year=2025)
    >>> bool((shares["coded_persons"] <= shares["persons"]).all())
    True
    """
    _require(gaps, GAP_COLUMNS, "gaps", "risk.gaps")
    _require(unsupported, UNSUPPORTED_COLUMNS, "unsupported", "risk.unsupported")
    payment_year = hcc_tables.paid_year(model, year, payment_year)
    persons, coded, ever = _coded(claims, year, model, payment_year)
    open_gaps = _expected(gaps[gaps["status"] == OPEN])
    # A condition on no claim that counts is not among the coded, so that nothing can be taken from them.
    doubted = unsupported[unsupported["counted"].astype(bool)] if "counted" in unsupported else unsupported
    doubtful = _expected(doubted)
    hccs = sorted({*coded.index, *open_gaps.index, *doubtful.index}, key=lambda hcc: (len(hcc), hcc))
    frame = pd.DataFrame({"hcc": pd.Series(hccs, dtype="str")})
    labels = hcc_tables.labels(model).to_pandas().set_index("hcc")["label"]
    frame["label"] = [str(labels.get(hcc, "")) for hcc in hccs]
    count = coded.reindex(hccs, fill_value=0).to_numpy(dtype=float)
    plus, minus = open_gaps.reindex(hccs, fill_value=0.0), doubtful.reindex(hccs, fill_value=0.0)
    half = normal_quantile(confidence) * np.sqrt(plus["spread"].to_numpy() + minus["spread"].to_numpy())
    expected = count - minus["sum"].to_numpy() + plus["sum"].to_numpy()
    # Nobody beyond those listed can gain or lose the condition.
    least, most = count - minus["rows"].to_numpy(), count + plus["rows"].to_numpy()
    low, high = wilson(count, np.full(len(count), persons), confidence)
    frame["coded"], frame["coded_low"], frame["coded_high"] = count / persons, low, high
    frame["expected"] = expected / persons
    frame["expected_low"] = np.clip(expected - half, least, most) / persons
    frame["expected_high"] = np.clip(expected + half, least, most) / persons
    frame["persons"] = persons
    frame["coded_persons"] = count.astype(int)
    frame["open_gaps"], frame["added"] = plus["rows"].to_numpy(dtype=int), plus["sum"].to_numpy()
    frame["doubtful"], frame["removed"] = minus["rows"].to_numpy(dtype=int), minus["sum"].to_numpy()
    return attach(
        frame,
        measure=f"prevalence of conditions, coded and expected, {model}",
        numerator="coded: persons with a diagnosis that counts for the HCC; expected: these, less the confidences "
        "of unsupported ones, plus the confidences of open gaps",
        denominator=f"persons enrolled in {year}",
        clock=f"service year {year}, mapping of payment year {payment_year}",
        exclusions="hierarchies are not applied: a person counts for every HCC that is coded",
        code_set_release=f"CMS mapping of payment year {payment_year}",
        model=model,
        payment_year=payment_year,
        records={"listed": _listed(gaps[gaps["status"] == OPEN], unsupported), "ever": ever},
        interval=f"{100 * confidence:g} %: Wilson for coded, Poisson-binomial for expected",
    )


def _require(frame: pd.DataFrame, columns: tuple[str, ...], name: str, source: str) -> None:
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise ArgumentError(
            f"{name}: no column {', '.join(map(repr, absent))}; found {list(map(str, frame.columns))}; "
            f"give the DataFrame of {source}"
        )


def _coded(claims: Claims, year: int, model: str, payment_year: int) -> tuple[int, pd.Series, pd.Series]:
    """Persons enrolled in the year, how many of them are coded with each HCC, and how many persons ever were."""
    with claims.session() as s:
        load_outsiders(s, model)
        persons = int(s.value(_ENROLLED, {"year": year}) or 0)
        if not persons:
            raise ArgumentError(
                f"members: nobody is enrolled in {year}; risk adjustment needs the members of that year"
            )
        load_encounters(s, [year], model=model)
        s.load("hcc_map", hcc_tables.mapping(model, payment_year))
        day = hcc_tables.age_day(model, payment_year)
        age = {"age_year": day.year, "age_day": day.month * 100 + day.day}
        found = s.fetch(sql.text("risk/coded_persons"), {"year": year, **age})
        ever = s.fetch(sql.text("risk/coded_ever"))
    return persons, *(each.to_pandas().set_index("hcc")["persons"] for each in (found, ever))


def _listed(gaps: pd.DataFrame, unsupported: pd.DataFrame) -> pd.DataFrame:
    """person_id, hcc and kind of what is listed: what the protection of small counts looks at."""
    of_gaps = gaps["kind"] if "kind" in gaps else pd.Series("gap", index=gaps.index)
    parts = [gaps[["person_id", "hcc"]].assign(kind=of_gaps)]
    parts += [unsupported[["person_id", "hcc"]].assign(kind=UNSUPPORTED)]
    return pd.concat(parts, ignore_index=True).astype(str).drop_duplicates(ignore_index=True)


def _expected(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per HCC: persons listed, the sum of their confidences, and its variance.

    A person listed twice with an HCC counts once, by the higher confidence.
    """
    each = rows.groupby(["hcc", "person_id"], observed=True)["confidence"].max()
    parts = pd.DataFrame({"rows": 1, "sum": each, "spread": each * (1 - each)})
    return parts.groupby(level="hcc").sum() if len(parts) else parts.reset_index(drop=True)
