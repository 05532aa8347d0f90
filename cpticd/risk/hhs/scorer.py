"""HHS's models at work in a session: persons, what they have, and the terms of their scores.

Like :class:`cpticd.risk.scorer.Scorer` it holds each person's HCCs as bit masks of blocks, so that impact can add and
remove HCCs; unlike it, it scores rows of HCCs, for HHS's groups, counts, drugs and infants bear on one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.core.session import Session
from cpticd.risk.beneficiaries import Members, Rejects
from cpticd.risk.hhs import tables
from cpticd.risk.hierarchies import BLOCK, SEGMENT, WIDTH, Blocks
from cpticd.risk.scorer import Scorer

#: Bits of a person's flags: drug categories, and his months of enrolment above them.
DRUG_BITS: Final = {**{f"RXC {n}": 1 << (n - 1) for n in range(1, 11)}, "PrEP": 1 << 10}
MONTHS: Final = 1 << 12
#: What is taken for granted where nothing is known, and the facts that say so.
_ASSUMED: Final = {
    "a silver plan": "metal_assumed",
    "no cost-sharing reduction": "csr_assumed",
    "enrolment in every month": "months_assumed",
    "enrolment until December 31": "day_assumed",
}
_NOTHING: Final = pa.table({})
#: What scoring asks of a kind of person.
_KINDS: Final = "SELECT DISTINCT kind, population, cell, age, sex FROM people_in"


class HhsScorer(Scorer):
    """One of HHS's models and a benefit year in one session."""

    def __init__(self, s: Session, model: str, payment_year: int, rejects: Rejects) -> None:
        tables.check(model, payment_year)
        self.s, self.model, self.payment_year, self.rejects = s, model, payment_year, rejects
        self.blocks: Blocks = _blocks(payment_year)
        self.scored = self.known = _NOTHING
        self.left_out: dict[str, int] = {}
        self.assumed: dict[str, int] = {}

    publisher = "HHS"
    parts = "demographic, HCCs after hierarchies by group, drugs (RXC), interactions, counts"

    @property
    def clock(self) -> str:
        return (
            f"diagnoses and drugs of benefit year {self.payment_year}; age on the last day of enrolment in it"
        )

    @property
    def denominator(self) -> str:
        return "cost of an average enrollee of the models' sample"

    def months(self) -> pd.Series:
        """Months of enrolment in the benefit year, by person_id."""
        return self.scored.select(["person_id", "months"]).to_pandas().set_index("person_id")["months"]

    def rate(self, factors: pd.DataFrame) -> None:
        """Make ``rates``, whose coding adjustment is what a cost-sharing reduction takes or (below 0) adds."""
        self.s.create("rates", sql.text("risk/hhs_rates"))

    # -- persons ---------------------------------------------------------------------------------

    def people(self, members: Members) -> None:
        """Make ``scored``: one row per person who can be scored, numbered in the order given, with his drugs."""
        s = self.s
        s.load("facts_in", members.facts)
        s.load(
            "hhs_segments",
            {"segment": pa.array(range(len(tables.SEGMENTS)), pa.int32()), "name": list(tables.SEGMENTS)},
        )
        csr = tables.dated("hhs_csr", self.payment_year)
        s.load("csr_variants", csr.select(["csr_variant", "metal_level", "factor"]))
        s.load(
            "csr_indicators",
            csr.group_by("indicator").aggregate([("factor", "max")]).rename_columns(["indicator", "factor"]),
        )
        s.create("facts", sql.text("risk/hhs_facts"), year=self.payment_year)
        facts = s.fetch("SELECT * FROM facts").to_pandas().set_index("fact")
        problem = facts["problem"].astype(object).to_dict() | members.failed
        self._choose(members, facts, problem)
        self._drugs()

    def _choose(self, members: Members, facts: pd.DataFrame, problem: dict[int, Any]) -> None:
        """The persons who can be scored, each once; the others are rejected with their reason."""
        frame = pd.DataFrame(
            {"person_id": members.person_id.cast(pa.string()).to_pandas(), "fact": members.fact}
        )
        why = frame["fact"].map(problem)
        for index in np.flatnonzero(frame["person_id"].isna()).tolist():
            self.rejects.add("members", f"row {index + 1}", "person_id: empty, but required")
        bad = why.notna() & frame["person_id"].notna()
        for person, reason in zip(frame.loc[bad, "person_id"], why[bad], strict=True):
            self.rejects.add("members", f"person {person}", str(reason))
        facts_of = frame.groupby("person_id")["fact"].agg(["size", "nunique"])
        for person, (times, versions) in facts_of[facts_of["size"] > 1].iterrows():
            alike = (
                "with the same facts: scored once" if versions == 1 else "with different facts: not scored"
            )
            self.rejects.add("members", f"person {person}", f"stands {times} times {alike}")
        unlike = facts_of.index[facts_of["nunique"] > 1]
        fine = (
            frame["person_id"].notna()
            & why.isna()
            & ~frame["person_id"].isin(unlike)
            & ~frame["person_id"].duplicated()
        )
        chosen = frame[fine]
        self.left_out["members"] = int(frame["person_id"].nunique()) - len(chosen)
        about = facts.loc[chosen["fact"]]
        for what, column in _ASSUMED.items():
            self.assumed[what] = int(about[column].sum())
        self.known = pa.table({"person_id": pc.drop_null(members.person_id.cast(pa.string()))})
        self.scored = _scored(chosen, about)
        self.s.load("people_in", self.scored, copy=False)
        self.s.create("hhs_kinds", _KINDS)

    def _drugs(self) -> None:
        """Make ``scored`` of ``people_in``, with what ``drugs_in`` says of adults (RXC) and of PrEP."""
        s = self.s
        codes = tables.dated("hhs_drugs", self.payment_year)
        s.load("drug_map", codes)
        s.load("drug_hierarchy", tables.dated("hhs_hierarchies", self.payment_year))
        s.load("drug_bits", {"category": list(DRUG_BITS), "bit": pa.array(DRUG_BITS.values(), pa.int64())})
        s.create("person_drugs", sql.text("risk/hhs_person_drugs"))
        s.create("scored", sql.text("risk/hhs_scored"), months=MONTHS)
        given = s.value("SELECT count(*) FROM drugs_in")
        self.assumed["no drugs: none are known of anybody"] = 0 if given else len(self.scored)

    # -- diagnoses -------------------------------------------------------------------------------

    def hold(self) -> None:
        """Make ``held`` of ``diagnoses_in``: each person's HCCs before hierarchies."""
        found = self.s.fetch(
            "SELECT diagnosis_code, count(*) AS diagnoses FROM diagnoses_in GROUP BY diagnosis_code"
        )
        codes = found.column(0).combine_chunks().cast(pa.string())
        self._load_codes(codes, found.column(1), tables.edited(self.payment_year))
        self.make("hhs_mapped")
        self.s.create("hhs_met", sql.text("risk/hhs_met"), lazy=True)  # large, and read once by scores
        self.s.create("held", sql.text("risk/hhs_held"), block=BLOCK)
        self.rejects.extend("diagnoses", self.s.rows(sql.text("risk/rejected_diagnoses")))
        self.s.load("known", self.known, copy=False)
        self.rejects.extend("diagnoses", self.s.rows(sql.text("risk/strangers")))

    # -- scores ----------------------------------------------------------------------------------

    def score(self, people: str = "scored", held: str = "held", name: str = "scores") -> None:
        """Make relation ``name``: one row per row of ``people`` with the parts of its score."""
        year = self.payment_year
        if not self.s.has("hhs_hccs"):  # once for all cases of a session
            self.s.load("set_members", self.blocks.members)
            self.s.load("hhs_hccs", tables.hccs(year))
            self.s.load("hhs_parents", tables.dated("hhs_hierarchies", year))
            self.s.load("hhs_values", tables.coefficients(year))
            self.s.load("hhs_counts", tables.dated("hhs_counts", year))
            self.s.load("hhs_interactions", _interactions(year))
            self.s.load("hhs_drug_terms", _drug_terms())
        kept, had, terms = f"{name}_kept", f"{name}_had", f"{name}_terms"
        self.s.create(kept, sql.text("risk/hhs_kept"), held=held, segment=SEGMENT)
        self.s.create(had, sql.text("risk/hhs_had"), people=people, kept=kept)
        self.s.create(
            terms,
            sql.text("risk/hhs_terms"),
            people=people,
            kept=kept,
            had=had,
            months=MONTHS,
            prep=DRUG_BITS["PrEP"],
        )
        self.s.create(name, sql.text("risk/hhs_scores"), people=people, had=had, terms=terms)


def _scored(chosen: pd.DataFrame, about: pd.DataFrame) -> pa.Table:
    """One row per person to be scored: who he is, by number."""
    population = about["population"].to_numpy(dtype=object)
    letter = np.where(about["sex"] == "female", "F", "M")
    age = about["age"].to_numpy(dtype=np.int64)
    segment = about["segment"].to_numpy(dtype=np.int64)
    cells = np.array(
        [_cell(one, sex, years) for one, sex, years in _kinds(population, letter, age)], dtype=object
    )
    return pa.table(
        {
            "person": pa.array(np.arange(1, len(chosen) + 1), pa.int32()),
            "person_id": pa.array(chosen["person_id"].tolist(), pa.string()),
            "age": pa.array(age, pa.int32()),
            "sex": pa.array(about["sex"].tolist(), pa.string()),
            "birth_date": pa.array(about["birth_date"].tolist(), pa.date32()),
            "population": pa.array(population.tolist(), pa.string()),
            "cell": pa.array(cells.tolist(), pa.string()),
            "kind": pa.array(chosen["fact"].to_numpy(), pa.int64()),
            "csr_factor": pa.array(about["csr_factor"].to_numpy(dtype=float), pa.float64()),
            "months": pa.array(about["months"].to_numpy(dtype=np.int64), pa.int64()),
            "segment": pa.array(segment, pa.int32()),
            "segment_key": pa.array(segment * SEGMENT, pa.int32()),
            "without_hccs": pa.array(np.zeros(len(chosen), dtype=bool), pa.bool_()),
        }
    )  # fmt: skip


def _kinds(*columns: Any) -> Iterator[tuple[str, str, int]]:
    return ((str(a), str(b), int(c)) for a, b, c in zip(*columns, strict=True))


#: First ages of HHS's age groups from 2 years on.
_AGES: Final = (2, 5, 10, 15, 21, 25, 30, 35, 40, 45, 50, 55, 60)


@cache
def _cell(population: str, letter: str, age: int) -> str:
    """HHS's name of a person's age and sex group; empty for infants, whose term depends on their diagnoses."""
    if population == "infant":
        return ""
    place = int(np.searchsorted(_AGES, age, side="right")) - 1
    last = f"{_AGES[place + 1] - 1}" if place + 1 < len(_AGES) else "GT"
    return f"{letter}AGE_LAST_{_AGES[place]}_{last}"


@cache
def _blocks(benefit_year: int) -> Blocks:
    """Block and bit of every HCC, and the HCCs of every mask; hierarchies are left to the statements."""
    hccs = tables.labels(tables.model_of(benefit_year)).column("hcc").to_pylist()
    bits = [(hcc, index // WIDTH, 1 << index % WIDTH) for index, hcc in enumerate(hccs)]
    members = [
        (block * BLOCK + mask, hcc) for hcc, block, bit in bits for mask in range(1, BLOCK) if mask & bit
    ]
    return Blocks(
        tables.SEGMENTS,
        pa.table(
            {
                "hcc": [hcc for hcc, _, _ in bits],
                "block": pa.array([block for _, block, _ in bits], pa.int32()),
                "bit": pa.array([bit for _, _, bit in bits], pa.int32()),
            }
        ),
        _NOTHING,
        pa.table(
            {"key": pa.array([key for key, _ in members], pa.int32()), "hcc": [hcc for _, hcc in members]}
        ),
        _NOTHING,
        _NOTHING,
        {},
    )


def _interactions(benefit_year: int) -> pa.Table:
    """One row per interaction, factor and HCC, with the bit of its drug category and the number of factors."""
    rows = tables.dated("hhs_interactions", benefit_year).to_pylist()
    factors: dict[str, int] = {}
    for row in rows:
        factors[row["term"]] = max(factors.get(row["term"], 0), row["factor"])
    found = [
        {"term": row["term"], "factor": row["factor"], "hcc": row["hcc"], "bit": DRUG_BITS[row["category"]],
         "factors": factors[row["term"]]}
        for row in rows
    ]  # fmt: skip
    kinds = {
        "term": pa.string(),
        "factor": pa.int32(),
        "hcc": pa.string(),
        "bit": pa.int64(),
        "factors": pa.int32(),
    }
    return pa.Table.from_pylist(found, pa.schema(kinds))


def _drug_terms() -> pa.Table:
    """One row per drug category of adults: bit, term."""
    found = [(bit, f"RXC_{int(name[4:]):02d}") for name, bit in DRUG_BITS.items() if name.startswith("RXC")]
    return pa.table(
        {"bit": pa.array([bit for bit, _ in found], pa.int64()), "term": [term for _, term in found]}
    )
