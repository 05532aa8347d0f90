"""One diagnosis, two ledgers: what unspecified coding is denied, and what its families leave out of risk scores."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from cpticd import codes as _codes
from cpticd import reference, sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.code_form import normal
from cpticd.core.contract import CLOCKS, attach, records_of, terms_of
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Cells, measure
from cpticd.core.session import Session
from cpticd.reference import traits
from cpticd.specificity import judged_codes
from cpticd.specificity.effects import POINTERS, STRATA, Pointer, expose

Family = Literal["diagnosis_family", "diagnosis_category"]

#: Lines that a coarser rate weighs beside those of a stratum, as in ``denials.by_pair``.
PRIOR_LINES: Final = 10
#: Columns of the risk ledger, in order.
_RISK: Final = (
    "risk_persons", "gaps", "expected_gaps", "unspecified_gaps", "expected_score", "expected_dollars",
    "unspecified_expected_score", "unspecified_expected_dollars",
)  # fmt: skip
_MONEY: Final = (
    "charge_amount", "denied_amount", "denied_allowed_amount", "excess_amount", "excess_allowed_amount",
    "excess_low_amount", "excess_high_amount",
)  # fmt: skip
_COUNTS: Final = ("unspecified_lines", "compared_lines", "denied_lines", "denial_persons", "providers")
#: Columns that speak of denied lines.
_OF_DENIED: Final = ("denied_lines", *_MONEY[1:3])
#: Of how many persons they are is not known, or they compare with lines of specific codes, which would follow.
_WITHHELD: Final = (
    "compared_lines", "unspecified_gaps", "unspecified_expected_score", "unspecified_expected_dollars",
    "expected_denials", *_MONEY[3:], "pays_twice",
)  # fmt: skip
_UNSPECIFIED: Final = "unspecified"
#: Family of gaps that name no diagnosis code (the learned ones), where an HCC spans several families.
NO_CODE: Final = "(no one code)"
_OPEN: Final = "open"


def _leaves(by: Family = "diagnosis_family", **_: Any) -> Cells:
    return Cells(
        by=by,
        persons="persons",
        numerators={
            "in_denials": (*_COUNTS, *_MONEY[:3]),
            "denied": _OF_DENIED,
            "in_risk": _RISK,
            "in_both": "both_persons",
        },
        facts=_facts,
        withheld=_WITHHELD,
    )


def _facts(claims: Claims, ledgers: pd.DataFrame) -> pd.DataFrame:
    """One row per family and person in either ledger: facts for disclosure control.

    Persons of the denial ledger are those of the claims. Of the risk ledger their number is known and how many stand
    in both: nobody in particular, none of whom stands in two families.
    """
    given = records_of(ledgers)["arguments"]
    by = given["by"]
    chosen = _of_year(claims, terms_of(ledgers).get("service_year"))
    with chosen.session() as s:
        _expose(s, chosen, by, given["pointer"])
        there = s.frame(sql.text("specificity/ledger_persons"), family=by)
    there = there[there[by].isin(ledgers[by])].assign(in_risk=False, in_both=False)
    others = []
    for row in ledgers.to_dict("records"):
        both, risk = int(row["both_persons"]), int(row["persons"]) - int(row["denial_persons"])
        place = there.index[there[by] == row[by]]
        there.loc[place[:both], ["in_risk", "in_both"]] = True
        others += [{by: row[by], "person_id": f"{row[by]} {number}"} for number in range(risk)]
    rest = pd.DataFrame(others, columns=[by, "person_id"])
    rest = rest.assign(in_denials=False, denied=False, in_risk=True, in_both=False)
    return pd.concat([there, rest], ignore_index=True)


@measure(heading="Both ledgers of unspecified coding", leaves=_leaves, chart="two_ledgers")
def two_ledgers(
    claims: Claims,
    gaps: pd.DataFrame | None = None,
    *,
    impact: pd.DataFrame | None = None,
    by: Family = "diagnosis_family",
    base_rate: float | None = None,
    member_months: float = 12.0,
    pointer: Pointer = "all",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per diagnosis family: dollars at stake in denials under unspecified coding, and in risk adjustment.

    Parameters
    ----------
    gaps: what ``cx.risk.gaps`` returns: person_id, hcc, diagnosis_code, and kind, also_kinds, confidence, status
        where known. A gap belongs to the family of its diagnosis_code, a learned one, which has none, to the
        chapter of most codes of its HCC, and to no category; only open ones count. Where its contract has a year, and
        ``claims`` are no selection by ``dates``, both ledgers are of that year. Where they are a selection by anything
        else, gaps count of persons who have a line in it.
    impact: what ``cx.risk.impact`` makes of the same gaps: person_id, hcc, expected_score, and payment_factor and
        expected_dollars where a base rate was given there. Without it the risk ledger counts conditions.
    by: ``diagnosis_family`` (chapter) or ``diagnosis_category`` (three characters).
    base_rate: US dollars per member and month at score 1, for an ``impact`` without dollars; nothing is assumed.
    member_months: months that ``base_rate`` is paid for.
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one.
    confidence: of the interval.

    Columns
    -------
    denials: unspecified_lines (adjudicated lines that point to an unspecified code of which the category has a
    specific one), compared_lines (of these, with a specific code's line of the same payer and procedure to compare
    with), denied_lines, expected_denials (at the specific codes' rates; those of few lines lean on the payer's rate
    for the procedure), providers, denial_persons, charge_amount, denied_amount (all that was denied of the codes'
    shares of the lines) and denied_allowed_amount (the same at the share of the charge that the payer allows for the
    procedure when it pays), excess_amount (denied beyond what specific codes would be; negative where less) and, at
    allowed prices, excess_allowed_amount with excess_low_amount and excess_high_amount; all in US dollars.
    risk adjustment: risk_persons, gaps (open), expected_gaps (sum of confidences), unspecified_gaps (an unspecified
    code is among the evidence), expected_score, expected_dollars, and of the unspecified gaps alone
    unspecified_expected_score, unspecified_expected_dollars; missing where not given.
    persons (in either ledger), both_persons (in both), pays_twice (the excess is above chance, and the risk ledger
    expects something).

    denied_amount is not what specific coding would save: specific codes are denied as well. excess_amount is, if
    nothing but the code differs, which claims cannot show. Neither adds up to a promise: a code is specific where the
    record is. The interval is linearised by person, with the chance in the rates compared with. First the families
    with the largest part of both ledgers. Raises ArgumentError for arguments that are not known or do not go together,
    SchemaError for frames without the columns named.

    >>> import cpticd as cx
    >>> ledgers = cx.specificity.two_ledgers(cx.simulate(persons=100, seed=1).claims)
    >>> bool((ledgers["denied_lines"] <= ledgers["unspecified_lines"]).all())
    True
    """
    one_of("by", by, ("diagnosis_family", "diagnosis_category"))
    one_of("pointer", pointer, POINTERS)
    found_gaps = _gaps(gaps, impact, by, base_rate, member_months)
    risk = _contract(gaps)
    year = None if "dates" in claims.selection else risk.get("year")
    chosen = _of_year(claims, year)
    with chosen.session() as s:
        terms = _expose(s, chosen, by, pointer)
        denials = _denials(s, by, confidence)
        persons = _persons(s, by)
        others = _outside(s, found_gaps) if claims.selection.keys() - {"dates"} else []
    if found_gaps is not None:
        found_gaps = found_gaps[~found_gaps["person_id"].isin(others)]
    return attach(
        _joined(denials, found_gaps, persons, by),
        measure="dollars at stake under unspecified coding, in denials and in risk adjustment",
        numerator="denials: dollars of lines denied at first adjudication, beyond the specific codes' rates; "
        "risk adjustment: expected change of open gaps",
        denominator="lines that point to an unspecified code with a specific sibling; open gaps",
        clock=CLOCKS["initial"],
        exclusions="codes without a specific sibling; lines not adjudicated or without a procedure; gaps not open"
        + ("" if year is None else f"; lines of other years than {year}"),
        service_year=year,
        compared_within=list(STRATA),
        prior_lines=PRIOR_LINES,
        prices="allowed / charged of the payer's paid lines of the procedure (of all its paid lines where none)",
        interval=f"{confidence:.0%} linearised by person, with the chance in the rates compared with",
        base_rate=base_rate if base_rate is not None else _contract(impact).get("base_rate"),
        gaps={name: risk[name] for name in ("year", "model", "payment_year", "kinds") if name in risk}
        or "none",
        persons_with_gaps_left_out=len(others),
        code_set_release=traits.RELEASE,
        **terms,
    )


def _contract(frame: pd.DataFrame | None) -> dict[str, Any]:
    return {} if frame is None else terms_of(frame)


def _of_year(claims: Claims, year: int | None) -> Claims:
    """The claims of a year of service; all where there is none."""
    return claims if year is None else claims.where(dates=(f"{int(year)}-01-01", f"{int(year)}-12-31"))


def _expose(s: Session, claims: Claims, by: Family, pointer: Pointer) -> dict[str, Any]:
    """Make ``exposed_lines`` in a session; what a contract says of the lines."""
    terms = judged_codes.prepare(s, claims.grouping(None), superseded=True)
    expose(s, {**STRATA, by: f"k.{by}"}, "any", pointer)
    return terms


def _denials(s: Session, by: Family, confidence: float) -> pd.DataFrame:
    """One row per family: the denial ledger."""
    keys = [f"by_{key}" for key in STRATA]
    found = s.frame(
        sql.text("specificity/ledger"),
        family=by,
        prior=PRIOR_LINES,
        keys=", ".join(keys),
        rated=", ".join(f"s.{key}" for key in keys),
        keyed=", ".join(f"l.{key}" for key in keys),
        same=" AND ".join(f"r.{key} = l.{key}" for key in keys),
    ).rename(columns={"grp": by})
    half = stats.normal_quantile(confidence) * np.sqrt(found["allowed_variance"].astype(float))
    found["excess_low_amount"] = found["excess_allowed_amount"] - half
    found["excess_high_amount"] = found["excess_allowed_amount"] + half
    found["expected_denials"] = found["expected_denials"].astype(float).round(6)
    # Sums in another order differ in their last digits, which may not decide a half cent.
    cents = {name: found[name].astype(float).round(6).round(2) for name in _MONEY}
    return found.assign(**cents).set_index(by)


def _persons(s: Session, by: Family) -> pd.DataFrame:
    """One row per family and person with an unspecified code of it on an adjudicated line."""
    return s.frame(
        f"SELECT DISTINCT by_{by} AS {by}, person_id FROM exposed_lines WHERE exposed = 1 AND person_id IS NOT NULL"
    )


def _outside(s: Session, gaps: pd.DataFrame | None) -> list[str]:
    """Persons with gaps who have no line of those that were chosen."""
    if gaps is None:
        return []
    there = s.rows("SELECT DISTINCT person_id FROM standing_lines WHERE person_id IS NOT NULL")
    return sorted({*gaps["person_id"]} - {str(row["person_id"]) for row in there})


def _gaps(
    gaps: pd.DataFrame | None,
    impact: pd.DataFrame | None,
    by: str,
    base_rate: float | None,
    member_months: float,
) -> pd.DataFrame | None:
    """One row per open gap: family, person_id, unspecified, confidence, score, dollars; None without gaps."""
    if gaps is None:
        if impact is not None or base_rate is not None:
            raise ArgumentError(
                "two_ledgers: impact and base_rate value gaps; pass gaps=cx.risk.gaps(...) as well"
            )
        return None
    missing = [name for name in ("person_id", "hcc", "diagnosis_code") if name not in gaps.columns]
    if missing:
        raise SchemaError(
            f"gaps: no column {missing}; found {list(gaps.columns)}; pass what cx.risk.gaps returns, and what "
            "cx.risk.impact returns as impact="
        )
    frame = gaps[gaps["status"].eq(_OPEN)] if "status" in gaps else gaps
    kinds = [frame[name].astype("str") for name in ("kind", "also_kinds") if name in frame]
    rows = pd.DataFrame({"person_id": frame["person_id"].astype("str"), "hcc": frame["hcc"].astype("str")})
    rows[by] = _family(frame, by, _contract(gaps).get("model", "V28"))
    rows["confidence"] = frame["confidence"].astype(float) if "confidence" in frame else 1.0
    rows["unspecified"] = False
    for kind in kinds:
        rows["unspecified"] |= kind.str.split(", ").apply(lambda found: _UNSPECIFIED in found)
    rows = rows.drop_duplicates(["person_id", "hcc"])
    rows["score"], rows["dollars"] = np.nan, np.nan
    if impact is None:
        if base_rate is not None:
            raise ArgumentError(
                "base_rate: dollars need scores; pass impact=cx.risk.impact(claims, gaps, ...)"
            )
        return rows
    return _valued(rows, impact, base_rate, member_months)


def _family(frame: pd.DataFrame, by: str, model: str) -> np.ndarray:
    """The family of each gap's diagnosis; of a learned one, which names none, that of most codes of its HCC."""
    code = frame["diagnosis_code"].replace("", None)
    if by == "diagnosis_category":
        return normal(code).str[: judged_codes.CATEGORY_LENGTH].fillna(NO_CODE).to_numpy()
    mapped = reference.table("hcc_diagnoses")
    mapped = mapped.filter(pc.equal(mapped["model"], model)).select(["hcc", "diagnosis_code"]).to_pandas()
    mapped["family"] = _codes.diagnosis_family(mapped["diagnosis_code"]).to_numpy()
    sizes = mapped.groupby(["hcc", "family"]).size().reset_index(name="n")
    largest = sizes.sort_values(["n", "family"], ascending=[False, True]).drop_duplicates("hcc")
    usual = frame["hcc"].astype("str").map(largest.set_index("hcc")["family"]).fillna(NO_CODE)
    return _codes.diagnosis_family(code).where(code.notna(), usual).to_numpy()


def _valued(
    rows: pd.DataFrame, impact: pd.DataFrame, base_rate: float | None, member_months: float
) -> pd.DataFrame:
    """The gaps with what ``impact`` makes of them."""
    needed = ["person_id", "hcc", "expected_score"]
    needed += ["payment_factor"] if base_rate is not None and "expected_dollars" not in impact else []
    missing = [name for name in needed if name not in impact.columns]
    if missing:
        raise SchemaError(
            f"impact: no column {missing}; found {list(impact.columns)}; pass what cx.risk.impact returns"
        )
    worth = impact
    if "kind" in worth:
        worth = worth[worth["kind"] != "unsupported"]
    worth = worth.assign(person_id=worth["person_id"].astype("str"), hcc=worth["hcc"].astype("str"))
    worth = worth.drop_duplicates(["person_id", "hcc"]).set_index(["person_id", "hcc"])
    if "expected_dollars" in worth:
        dollars = worth["expected_dollars"]
    elif base_rate is not None:
        dollars = worth["expected_score"] * worth["payment_factor"] * float(base_rate) * float(member_months)
    else:
        dollars = pd.Series(np.nan, index=worth.index)
    keys = pd.MultiIndex.from_frame(rows[["person_id", "hcc"]])
    rows["score"] = worth["expected_score"].reindex(keys).to_numpy(float)
    rows["dollars"] = dollars.reindex(keys).to_numpy(float)
    return rows


def _joined(denials: pd.DataFrame, gaps: pd.DataFrame | None, persons: pd.DataFrame, by: str) -> pd.DataFrame:
    """Both ledgers side by side, the families with the largest part of both first."""
    risk = _risk(gaps, by)
    found = denials.join(risk, how="outer")
    both = persons if gaps is None else pd.concat([persons, gaps[[by, "person_id"]].drop_duplicates()])
    times = both.groupby([by, "person_id"]).size().reset_index(name="ledgers")
    found["persons"] = times.groupby(by).size().reindex(found.index).fillna(0).astype("int64")
    twice = times[times["ledgers"] > 1].groupby(by).size()
    found["both_persons"] = twice.reindex(found.index).fillna(0).astype("int64")
    for name in (*_COUNTS, *_MONEY, "expected_denials"):
        found[name] = found[name].fillna(0).astype("int64" if name in _COUNTS else "float64")
    worth = found["expected_dollars"].fillna(found["expected_score"]).fillna(found["expected_gaps"]).fillna(0)
    found["pays_twice"] = (found["excess_low_amount"] > 0) & (worth > 0)
    parts = [part.clip(lower=0) for part in (found["excess_allowed_amount"], worth)]
    found["_part"] = sum((part / (part.sum() or 1.0)).round(9) for part in parts)
    found = found.reset_index().sort_values(
        ["_part", "denied_amount", by], ascending=[False, False, True], ignore_index=True
    )
    order = [
        by, "persons", "both_persons", "providers", *_COUNTS[:4], "expected_denials", *_MONEY, *_RISK, "pays_twice",
    ]  # fmt: skip
    return found[order]


def _risk(gaps: pd.DataFrame | None, by: str) -> pd.DataFrame:
    """One row per family: the risk ledger; no row without gaps."""
    if gaps is None:
        empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in _RISK})
        return empty.astype(dict.fromkeys(("risk_persons", "gaps", "unspecified_gaps"), "Int64")).rename_axis(
            by
        )
    own = gaps.assign(
        unspecified_score=gaps["score"].where(gaps["unspecified"], 0.0 * gaps["score"]),
        unspecified_dollars=gaps["dollars"].where(gaps["unspecified"], 0.0 * gaps["dollars"]),
    )
    grouped = own.groupby(by)
    found = pd.DataFrame(
        {
            "risk_persons": grouped["person_id"].nunique(),
            "gaps": grouped.size(),
            "expected_gaps": grouped["confidence"].sum().round(6),
            "unspecified_gaps": grouped["unspecified"].sum(),
            "expected_score": grouped["score"].sum(min_count=1).round(6),
            "expected_dollars": grouped["dollars"].sum(min_count=1).round(2),
            "unspecified_expected_score": grouped["unspecified_score"].sum(min_count=1).round(6),
            "unspecified_expected_dollars": grouped["unspecified_dollars"].sum(min_count=1).round(2),
        }
    )
    return found.astype(dict.fromkeys(("risk_persons", "gaps", "unspecified_gaps"), "Int64"))
