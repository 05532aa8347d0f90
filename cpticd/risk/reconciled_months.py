"""Persons and months of CMS's membership report beside our scores: where they differ, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import reference, sql
from cpticd.claims import Claims
from cpticd.core.contract import records_of
from cpticd.core.errors import CpticdError
from cpticd.risk import hcc_tables
from cpticd.risk.cms_rounding import half_up
from cpticd.risk.score import blended, score

#: What CMS's rounding of the steps of a blend can come to, in points of the score.
ROUNDING: Final = 0.0011
#: A record of adjustments covers no more months than this.
_MOST_MONTHS: Final = 240
COLUMNS: Final = (
    "person_id", "month", "contract_id", "factor_type", "cms_segment", "segment", "cms_score", "score", "difference",
    "reason", "detail", "paid", "dollars",
)  # fmt: skip
KIDNEYS: Final = "ESRD V24"
#: Which column of members decides between two segments of a model.
_LETTERS: Final = {"N": "no Medicaid", "P": "partial Medicaid", "F": "full Medicaid"}


@dataclass
class Ours:
    """What the claims say of a payment year: facts and scores of members, and why others have none."""

    members: pd.DataFrame  # person_id (index), facts as in the table members
    scores: pd.DataFrame  # person_id (index), segment, score, model
    reasons: dict[str, str]  # persons who are not scored, and why


def ours(claims: Claims, payment_year: int, factors: pd.DataFrame | None) -> Ours:
    """Scores of the payment year as CMS rounds them: of its Part C models, blended, or of the ESRD model."""
    with claims.session() as s:
        members = s.frame(sql.text("risk/members_of_year"), {"payment_year": payment_year}).set_index(
            "person_id"
        )
    total, segment, reasons = None, None, {}
    for model, share in hcc_tables.shares(payment_year, factors).items():
        one = score(
            claims, payment_year=payment_year, model=model, factors=factors, rounding="cms", quiet=True
        ).set_index("person_id")
        for row in records_of(one)["rejects"]:
            if row["source"] == "members":
                reasons[row["location"].removeprefix("person ")] = row["reason"]
        total = one["payment_score"] * share + (0 if total is None else total)
        segment = one["segment"]
    if total is None or segment is None:
        hcc_tables.check_model("V28", payment_year)
        raise CpticdError(f"payment_year={payment_year}: no Part C model has a share of the payment")
    of_pace = members.index[_yes(members["pace"])]
    # Before PACE had a blend of its own, CMS paid its members by none of these models: they are rejected above.
    if len(of_pace) and hcc_tables.shares(payment_year, factors, hcc_tables.PACE):
        theirs = claims.where(persons=of_pace.tolist())
        paid = blended(theirs, payment_year=payment_year, factors=factors, rounding="cms", quiet=True)
        total.update(paid.set_index("person_id")["payment_score"])
    scores = pd.DataFrame({"segment": segment, "score": half_up(total), "model": "Part C"})
    scores = pd.concat([scores, _kidneys(claims, payment_year, factors, members)])
    return Ours(members, scores, reasons)


def _kidneys(
    claims: Claims, payment_year: int, factors: pd.DataFrame | None, members: pd.DataFrame
) -> pd.DataFrame:
    """Scores of those with end-stage renal disease, where there are any and the model has tables of the year."""
    known = _yes(members["esrd"]) | members["esrd_status"].notna()
    if not known.any() or payment_year not in hcc_tables.years(KIDNEYS):
        return pd.DataFrame({"segment": [], "score": [], "model": []})
    one = score(
        claims.where(persons=known.index[known].tolist()),
        payment_year=payment_year, model=KIDNEYS, factors=factors, rounding="cms", quiet=True,
    ).set_index("person_id")  # fmt: skip
    return pd.DataFrame({"segment": one["segment"], "score": one["payment_score"], "model": KIDNEYS})


def months_of(mmr: pd.DataFrame, payment_year: int) -> tuple[pd.DataFrame, int]:
    """One row per person and month of the payment year, as the last record of it says; and months of other years.

    ``paid`` adds up the risk-adjusted payments of all its records, those of several months shared out evenly.
    """
    first = mmr["start_date"].to_numpy().astype("datetime64[M]").astype(int)
    end = mmr["end_date"].fillna(mmr["start_date"]).to_numpy().astype("datetime64[M]").astype(int)
    many = np.clip(end - first + 1, 1, _MOST_MONTHS)
    rows = mmr.loc[mmr.index.repeat(many)].copy()
    place = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    rows["month"] = (np.repeat(first, many) + place).astype("datetime64[M]").astype("datetime64[s]")
    amount = mmr["amount_a"].fillna(0) + mmr["amount_b"].fillna(0)
    rows["amount"] = (amount / many).repeat(many).to_numpy()
    within = rows["month"].dt.year == payment_year
    rows, outside = rows[within], int((~within).sum())
    rows["taken_back"] = rows["amount"] < 0
    rows["line"] = np.arange(len(rows))
    rows = rows.sort_values(["person_id", "month", "payment_month", "run_date", "line"], na_position="first")
    key = ["person_id", "month"]
    paid = rows.groupby(key, sort=False)["amount"].sum().rename("paid")
    # A pair of adjustments takes back what was paid and pays anew: the record that pays says how things stand.
    latest = rows.sort_values([*key, "payment_month", "run_date", "taken_back", "line"],
                              ascending=[True, True, True, True, False, True], na_position="first")  # fmt: skip
    latest = latest.drop_duplicates(key, keep="last").drop(columns=["amount", "line"])
    return latest.merge(paid.reset_index(), on=key).reset_index(drop=True), outside


def compared(
    mmr: pd.DataFrame, mine: Ours, payment_year: int, hccs: pd.DataFrame | None, rate: pd.Series | None
) -> tuple[pd.DataFrame, int]:
    """One row per person and month: CMS's score, ours, the difference and its reason; and months of other years.

    hccs: differences of HCCs (:mod:`cpticd.risk.reconciled_hccs`); rate: US dollars per point and month by person.
    """
    months, outside = months_of(mmr, payment_year)
    frame = _with_absent(months, mine)
    frame = frame.join(mine.scores[["segment", "score"]], on="person_id")
    frame["cms_score"] = frame["risk_factor_a"].where(
        frame["risk_factor_a"].fillna(0) > 0, frame["risk_factor_b"]
    )
    frame["cms_segment"] = _segments(frame, payment_year)
    frame["difference"] = (frame["score"] - frame["cms_score"]).round(4)
    facts = mine.members.reindex(frame["person_id"]).reset_index(drop=True)
    frame["reason"], frame["detail"] = _reasons(frame, facts, mine, payment_year, hccs)
    per_point = frame["paid"] / frame["cms_score"].where(frame["cms_score"] > 0)
    if rate is not None:
        per_point = frame["person_id"].map(rate)
    frame["dollars"] = frame["difference"] * per_point
    frame = frame.sort_values(["person_id", "month"], kind="stable").reset_index(drop=True)
    return frame[list(COLUMNS)].astype(dict.fromkeys(("reason", "detail"), "str")), outside


def _with_absent(months: pd.DataFrame, mine: Ours) -> pd.DataFrame:
    """The months of the report, and those that it covers of persons whom we score and it does not name."""
    months = months.assign(in_mmr=True)
    covered = pd.MultiIndex.from_product(
        [mine.scores.index, months["month"].unique()], names=["person_id", "month"]
    )
    there = pd.MultiIndex.from_frame(months[["person_id", "month"]])
    absent = covered.difference(there).to_frame(index=False).assign(in_mmr=False)
    return pd.concat([months, absent], ignore_index=True) if len(absent) else months


def _segments(frame: pd.DataFrame, payment_year: int) -> pd.Series:
    """CMS's segment in the scorer's words, from the factor type and, in the community, the age on February 1."""
    codes = reference.table("plan_report_codes").to_pandas()
    codes = codes[codes["field"] == "factor_type"].set_index("code")["ours"]
    segment = frame["factor_type"].map(codes)
    born = frame["birth_date"]
    month_day = born.dt.month * 100 + born.dt.day
    age = payment_year - born.dt.year - (month_day > 201).astype(int)
    community = segment.isin(["CN", "CP", "CF"])
    letter = pd.Series(np.where(age >= 65, "A", "D"), frame.index).where(born.notna(), "")
    return _text(segment.where(~community, segment + letter), "")


def _reasons(
    frame: pd.DataFrame, facts: pd.DataFrame, mine: Ours, payment_year: int, hccs: pd.DataFrame | None
) -> tuple[pd.Series, pd.Series]:
    """The first reason that holds for each row, and what there is to say of it."""
    person = frame["person_id"]
    # Whom the ESRD model scores is not scored by the others, and that is no reason.
    unscored = person.map(mine.reasons).where(~person.isin(mine.scores.index))
    no_member = ~person.isin(mine.members.index)
    frailty = frame["frailty_factor"].astype(float).fillna(0)
    difference = frame["difference"].astype(float)
    kidneys = _yes(frame["esrd"]) | frame["cms_segment"].str.match("D|G|TRANSPLANT")
    our_kidneys = person.map(mine.scores["model"]).eq(KIDNEYS) | _text(
        person.map(mine.reasons), ""
    ).str.contains("renal")
    which = _segment_columns(frame, facts)
    differs = frame["segment"].notna() & frame["cms_segment"].ne("") & which.ne("")
    of_people = _fact_columns(frame, facts)
    of_hccs = _hcc_words(frame, hccs)
    in_mmr = frame["in_mmr"].astype(bool)
    away = facts["part_d_channel"].eq("PDP").fillna(False).to_numpy(dtype=bool)
    elsewhere = pd.Series(np.where(away, "members: no month of Medicare Advantage", ""), frame.index)
    empty = pd.Series("", frame.index)
    factors = _text(frame["default_factor"], "")
    cases: list[tuple[str, pd.Series, pd.Series]] = [
        ("not in MMR", ~in_mmr, elsewhere),
        ("payment taken back", _yes(frame["taken_back"]) & (frame["paid"].abs() < 0.005), empty),
        ("not in our members", no_member, empty),
        ("hospice month", _yes(frame["hospice"]), empty),
        ("ESRD month", kidneys != our_kidneys,
         pd.Series(np.where(kidneys, "in CMS and not in members", "in members and not in CMS"), frame.index)),
        ("not scored by us", frame["score"].isna(), _text(unscored, "no normalization of the year is known")),
        ("no score in MMR", frame["cms_score"].isna(), empty),
        ("same", difference.abs() < 0.0005, which.where(differs, "")),
        ("default factor", factors.ne("") & factors.ne("N"), factors),
        ("institutional month", differs & frame["cms_segment"].eq("INS") & frame["segment"].ne("INS"),
         "members: " + which),
        ("different segment", differs, "members: " + which),
        ("frailty", (frailty > 0) & ((difference + frailty).abs() < ROUNDING), "frailty factor " + frailty.astype(str)),
        ("different facts", of_people.ne(""), "members: " + of_people),
        ("different HCCs", of_hccs.ne(""), of_hccs),
        ("rounding only", difference.abs() < ROUNDING, empty),
    ]  # fmt: skip
    none = (
        "no MOR was given: HCCs were not compared" if hccs is None else "segment, facts and HCCs are the same"
    )
    reason, detail = pd.Series("unexplained", frame.index), pd.Series(none, frame.index)
    open_ = pd.Series(True, frame.index)
    for name, holds, words in cases:
        now = open_ & _yes(holds)
        reason, detail = reason.mask(now, name), detail.mask(now, words)
        open_ &= ~now
    return reason, detail


def _segment_columns(frame: pd.DataFrame, facts: pd.DataFrame) -> pd.Series:
    """Which columns of members make our segment another than CMS's, with both values; '' where it is the same."""
    theirs, own = frame["cms_segment"].astype("str"), _text(frame["segment"], "")
    both = (theirs != "") & (own != "") & (theirs != own)
    found: list[list[str]] = [[] for _ in range(len(frame))]
    dual, ours_dual = frame["dual_status_code"], facts["dual_status_code"]
    for i in np.flatnonzero(both.to_numpy()).tolist():
        found[i] = _columns_between(theirs.iloc[i], own.iloc[i], dual.iloc[i], ours_dual.iloc[i])
    return pd.Series([", ".join(words) for words in found], frame.index)


def _columns_between(theirs: str, own: str, dual: Any, ours_dual: Any) -> list[str]:
    kinds = {"INS": "long_term_institutional", "NE": "new_enrollee", "SNPNE": "special_needs_plan"}
    if theirs == "SNPNE" and own not in kinds:
        return [f"new_enrollee and special_needs_plan (CMS SNPNE, ours {own})"]
    for segment, column in kinds.items():
        if segment in (theirs, own):
            return [f"{column} (CMS {theirs}, ours {own})"]
    if not (theirs[:1] == own[:1] == "C"):
        return (
            []
            if theirs == "G" and own.startswith("G")
            else [f"esrd_status, graft_date (CMS {theirs}, ours {own})"]
        )
    found = []
    if theirs[1:2] != own[1:2] and theirs != "C":
        given, known = ("none" if pd.isna(value) else value for value in (dual, ours_dual))
        words = f"{_LETTERS.get(theirs[1:2], theirs)}, ours {_LETTERS.get(own[1:2], own)}"
        found.append(f"dual_status_code (CMS {given}: {words}: {known})")
    if theirs[2:3] and theirs[2:3] != own[2:3]:
        found.append(f"birth_date (CMS {theirs}, ours {own})")
    return found


def _fact_columns(frame: pd.DataFrame, facts: pd.DataFrame) -> pd.Series:
    """Facts of a person that weigh in his segment and differ: birth_date, sex, original reason for entitlement."""
    letters = {"female": "F", "f": "F", "2": "F", "male": "M", "m": "M", "1": "M"}
    sex = frame["sex"].astype("object").astype(str).str.lower().map(letters)
    own_sex = facts["sex"].astype("object").astype(str).str.lower().map(letters)
    entitled = frame["original_reason_entitlement_code"].astype("object")
    own_entitled = facts["original_reason_entitlement_code"].astype("object").to_numpy()
    parts = {
        "birth_date": frame["birth_date"].notna()
        & facts["birth_date"].notna()
        & (frame["birth_date"] != facts["birth_date"]),
        "sex": sex.notna() & own_sex.notna() & (sex != own_sex),
        "original_reason_entitlement_code": entitled.notna()
        & (_text(entitled, "") != _text(pd.Series(own_entitled, frame.index), "0")),
    }
    words = pd.Series("", frame.index)
    for name, holds in parts.items():
        words = words.where(~holds.to_numpy(dtype=bool), words + np.where(words == "", name, ", " + name))
    return words


def _yes(values: pd.Series) -> pd.Series:
    return values.eq(True).fillna(False).astype(bool)


def _text(values: pd.Series, absent: str) -> pd.Series:
    values = values.astype("object")
    return values.where(values.notna(), absent).astype("str")


def _hcc_words(frame: pd.DataFrame, hccs: pd.DataFrame | None) -> pd.Series:
    """Which HCCs of a person CMS has and we do not, and the other way round; '' where none differ."""
    if hccs is None or hccs.empty:
        return pd.Series("", frame.index)
    part = hccs[hccs["status"].isin(["CMS only", "ours only"]) & hccs["model"].isin(hcc_tables.PART_C)]
    words = part["model"].astype("str") + " HCC " + part["hcc"].astype("str")
    said: dict[str, pd.Series] = {}
    for status in ("CMS only", "ours only"):
        mine = part["status"] == status
        one = words[mine].groupby(part.loc[mine, "person_id"]).agg(", ".join)
        said[status] = status + ": " + one.astype("str")
    both = pd.DataFrame(said)
    text, other = _text(both["CMS only"], ""), _text(both["ours only"], "")
    joined = text + np.where((text != "") & (other != ""), "; ", "") + other
    return _text(frame["person_id"].map(joined), "")
