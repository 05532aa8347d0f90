"""Who is scored: members with their segment and demographic score, and who is not and why."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.risk import entitlement, hcc_tables
from cpticd.risk.beneficiaries import Members
from cpticd.risk.hierarchies import SEGMENT
from cpticd.risk.numbering import Ints, unique
from cpticd.risk.scorer import Scorer

#: What scoring asks of a kind of person.
_FACTS: Final = {
    "age": pa.int32(),
    "sex": pa.string(),
    "segment": pa.int32(),
    "segment_key": pa.int32(),
    "without_hccs": pa.bool_(),
    "flags": pa.int64(),
}
#: The first payment year whose RxHCC coefficients CMS calibrated for MA-PD plans and for PDPs apart.
_BY_PLAN: Final = 2027
#: What is taken for granted where nothing is known, and the facts that say so.
_ASSUMED: Final = {
    "original reason for entitlement taken by age": "orec_assumed",
    "Medicare Part B in every month": "months_assumed",
    "a member of PACE": "pace_assumed",
    "of PACE, whom CMS pays by a blend with an older model: this model alone": "pace_current",
}


def make_people(scorer: Scorer, members: Members) -> None:
    """Make the relation ``scored``: one row per person who can be scored, numbered in the order given.

    Columns: person, person_id, age, sex, kind, segment (number), segment_key, without_hccs, flags.
    """
    scorer.s.load("facts_in", members.facts)
    scorer.s.load("dual_codes", reference.table("dual_status_codes"))
    scorer.s.load("coefficients", _exact(hcc_tables.coefficients(scorer.model)))
    model, year = scorer.model, scorer.payment_year
    outside = f"coalesce({entitlement.without_months(model, year)}, {entitlement.reason(model, str(year))})"
    scorer.make("facts", model=model, payment_year=year, reason=outside)
    scorer.make("profiles", model=scorer.model, edition=_edition(scorer))
    scorer.make("terms")
    profiles = _profiles(scorer)
    by_fact, problem = _judged(scorer, members, profiles)
    kind = by_fact[members.fact]
    for index in np.flatnonzero(kind < 0).tolist():
        reason = str(problem[members.fact[index]])
        scorer.rejects.add("members", f"person {members.person_id[index].as_py()}", reason)
    alone = unique(members.person_id)
    chosen = _once(scorer, members.person_id, kind, alone)
    persons = len(members.person_id) if alone else int(pc.count_distinct(members.person_id).as_py())
    scorer.left_out["members"] = persons - len(chosen)
    for what, column in _ASSUMED.items():
        scorer.assumed[what] = _assumed(scorer, column, members.fact[chosen])
    row = pa.array(profiles.index.get_indexer(pd.Index(by_fact))[members.fact[chosen]], pa.int64())
    columns: dict[str, Any] = {
        "person": pa.array(np.arange(1, len(chosen) + 1), pa.int32()),
        "person_id": members.person_id
        if len(chosen) == len(kind)
        else members.person_id.take(pa.array(chosen)),
        "kind": pa.array(kind[chosen], pa.int64()),
    }
    for name, kind_of in _FACTS.items():
        columns[name] = pa.array(profiles[name].tolist(), kind_of).take(row)
    scorer.scored = pa.table(columns)
    scorer.known = pa.table({"person_id": pc.drop_null(members.person_id)})
    scorer.s.load("scored", scorer.scored, copy=False)


def _edition(scorer: Scorer) -> str:
    """SQL: what the names of segments end in; RxHCC V08 is calibrated by kind of plan from payment year 2027 on."""
    if scorer.model == "RxHCC V08" and scorer.payment_year >= _BY_PLAN:
        return "CASE channel WHEN 'PDP' THEN '_PDP' ELSE '_MAPD' END"
    return "''"


def _exact(coefficients: pa.Table) -> pa.Table:
    """The values as decimals, so that no sum depends on its order."""
    value = pc.round(coefficients.column("value"), 3).cast(pa.decimal128(12, 3), safe=False)
    return coefficients.set_column(coefficients.column_names.index("value"), "value", value)


def _profiles(scorer: Scorer) -> pd.DataFrame:
    """One row per kind of person that has a coefficient for his age-sex cell."""
    found = scorer.s.fetch(sql.text("risk/scored_profiles")).to_pandas()
    found["segment"] = found["segment_name"].map(scorer.blocks.numbers).astype("int64")
    found["segment_key"] = found["segment"] * SEGMENT
    flags = scorer.blocks.flags
    found["flags"] = found["disabled"].astype("int64") * flags.get("DISABLED", 0)
    found["flags"] += found["nonaged"].astype("int64") * flags.get("NONAGED", 0)
    return found.set_index("kind")


def _judged(scorer: Scorer, members: Members, profiles: pd.DataFrame) -> tuple[Ints, np.ndarray[Any, Any]]:
    """Kind of each set of facts, -1 where such a person cannot be scored, and why."""
    facts = scorer.s.fetch("SELECT fact, kind, problem FROM facts").to_pandas()
    size = facts.shape[0] + len(members.failed)
    kind = np.full(size, -1, dtype=np.int64)
    problem = np.full(size, None, dtype=object)
    good = facts["problem"].isna().to_numpy()
    number = facts["fact"].to_numpy()
    kind[number[good]] = facts["kind"].to_numpy()[good]
    problem[number[~good]] = facts["problem"].to_numpy(dtype=object)[~good]
    for index, reason in members.failed.items():
        problem[index] = reason
    absent = (kind >= 0) & ~np.isin(kind, profiles.index.to_numpy())
    problem[absent] = f"{scorer.model} has no coefficient for a person of this age, sex and segment"
    kind[absent] = -1
    return kind, problem


def _once(scorer: Scorer, ids: pa.Array, kind: Ints, alone: bool) -> Ints:
    """Indexes of the members who are scored: each person once. The others are rejected with their reason."""
    usable = (kind >= 0) & pc.is_valid(ids).to_numpy(zero_copy_only=False)
    for index in np.flatnonzero(pc.is_null(ids).to_numpy(zero_copy_only=False)).tolist():
        scorer.rejects.add("members", f"row {index + 1}", "person_id: empty, but required")
    if alone:
        return np.flatnonzero(usable)
    frame = pd.DataFrame({"person_id": ids.to_pandas(), "kind": kind})
    twice = frame[frame["person_id"].notna() & frame["person_id"].duplicated(keep=False)]
    grouped = twice.groupby("person_id")["kind"].agg(["size", "nunique", "min"])
    for person, (times, versions, least) in grouped.iterrows():
        if least >= 0:
            alike = (
                "with the same facts: scored once" if versions == 1 else "with different facts: not scored"
            )
            scorer.rejects.add("members", f"person {person}", f"stands {times} times {alike}")
    different = grouped.index[(grouped["nunique"] > 1) | (grouped["min"] < 0)]
    again = frame["person_id"].duplicated(keep="first") | frame["person_id"].isin(different)
    return np.flatnonzero(usable & ~again.to_numpy())


def _assumed(scorer: Scorer, column: str, fact: Ints) -> int:
    facts = scorer.s.fetch(f"SELECT fact FROM facts WHERE {column}").column(0).to_numpy()
    return int(np.isin(fact, facts).sum()) if len(facts) else 0
