"""The scorer at work in a session: its relations, made in order; persons first, then what they have, then scores."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.core.engine import DuckDBScope
from cpticd.core.session import Session
from cpticd.risk import hcc_tables
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.held import masks, one_array
from cpticd.risk.hierarchies import BLOCK, SEGMENT, Blocks, blocks

#: What an ICD-10-CM code looks like; anything else in a diagnosis column is rejected with its reason.
_ICD10: Final = "^[A-Z][0-9][0-9A-Z]([0-9A-Z]{1,4})?$"


class Scorer:
    """One model and payment year in one session.

    The relations ``scored`` (cpticd.risk.profiles) and ``diagnoses_in`` come first; after :meth:`hold` a :meth:`score`
    can be made of any people and any sets of HCCs.
    """

    def __init__(self, s: Session, model: str, payment_year: int, rejects: Rejects) -> None:
        hcc_tables.check_model(model, payment_year)
        self.s, self.model, self.payment_year, self.rejects = s, model, payment_year, rejects
        self.blocks: Blocks = blocks(model)
        self.scored = pa.table({})
        self.known = pa.table({})  # everybody who was given, scored or not
        self.left_out: dict[str, int] = {}
        self.assumed: dict[str, int] = {}
        self._given = pa.table({})  # diagnoses of a frame, as given

    #: Who publishes the models, and what their scores are made of.
    publisher, parts = "CMS", "demographic, HCCs after hierarchies, interactions, count"

    @property
    def clock(self) -> str:
        """Of which year the diagnoses are, and of which day the ages."""
        return f"diagnoses of service year {self.payment_year - 1}; age on February 1, {self.payment_year}"

    @property
    def denominator(self) -> str:
        """Whose cost a score of 1 is."""
        return "cost of an average beneficiary"

    def months(self) -> pd.Series | None:
        """Months that are paid for each person, by person_id, where the model knows them."""
        return None

    def make(self, name: str, **parts: Any) -> None:
        """Make the relation of that name by the statement of that name."""
        self.s.create(name, sql.text(f"risk/{name}"), **parts)

    def rate(self, factors: pd.DataFrame) -> None:
        """Make ``rates``: what turns a raw score into a payment score, by kind of person."""
        self.s.load("factor_rates", factors)
        self.make("rates")

    # -- diagnoses -------------------------------------------------------------------------------

    def hold(self) -> None:
        """Make ``held`` of the diagnoses of claims that count: each person's HCCs before hierarchies."""
        if isinstance(self.s.engine, DuckDBScope):
            counted = self.s.fetch("SELECT person_id, diagnosis_code FROM counted_diagnoses")
            self.s.load("counted_diagnoses", counted, copy=False)  # not to be worked out again
            self.hold_frame(counted)
            return
        found = self.s.fetch(
            "SELECT diagnosis_code, count(*) AS diagnoses FROM diagnoses_in GROUP BY diagnosis_code"
        )
        self._map(found.column(0).combine_chunks().cast(pa.string()), found.column(1))
        self.s.create("held_all", sql.text("risk/held"), block=BLOCK)
        self.s.create("held", "SELECT person, base, mask FROM held_all WHERE mask > 0", lazy=True)
        self._reject_diagnoses(self.s.value("SELECT coalesce(sum(found), 0) FROM held_all"))

    def hold_frame(self, diagnoses: pa.Table) -> None:
        """Make ``held`` of a table's diagnoses, without a join of the engine's."""
        given, codes = (one_array(diagnoses.column(name)) for name in ("person_id", "diagnosis_code"))
        codes = codes if pa.types.is_dictionary(codes.type) else codes.dictionary_encode()
        known = codes.dictionary.cast(pa.string())
        times = np.bincount(pc.drop_null(codes.indices).to_numpy(), minlength=len(known))
        empty = [None] if codes.null_count else []
        names = pa.concat_arrays([known, pa.array(empty, pa.string())])
        self._map(names, pa.array(np.r_[times, [codes.null_count] * len(empty)].astype(np.int64)))
        mapped = self.s.fetch("SELECT * FROM mapped ORDER BY diagnosis_code, block, bit, age_from, sex")
        number = pc.index_in(mapped.column("diagnosis_code").cast(pa.string()), value_set=known)
        mapped = mapped.set_column(0, "diagnosis_code", number)
        blocks = 1 + pc.max(self.blocks.bits.column("block")).as_py()
        held, met = masks(self.scored, given, codes, mapped, blocks)
        self.s.load("held", held, copy=False)
        self._given = diagnoses
        self._reject_diagnoses(met)

    def diagnoses_in(self) -> str:
        """The relation of the diagnoses as given, which a frame's are not made into until somebody asks."""
        if not self.s.has("diagnoses_in"):
            kind = pa.string()
            text = [column.cast(kind) for column in self._given.columns]
            text[0] = pc.utf8_trim_whitespace(text[0])
            self.s.load("diagnoses_in", pa.table(text, self._given.column_names), copy=False)
        return "diagnoses_in"

    def _map(self, codes: pa.Array, diagnoses: pa.Array) -> None:
        """Make ``codes_in`` and ``mapped`` of the distinct codes as they were given, and how often each was."""
        self._load_codes(codes, diagnoses, hcc_tables.mapping(self.model, self.payment_year))
        self.make("mapped")

    def _load_codes(self, codes: pa.Array, diagnoses: pa.Array, mapping: pa.Table) -> None:
        """Make ``codes_in`` of the distinct codes, ``hcc_bits``, and ``hcc_map`` of what ``mapping`` says of them."""
        bare = pc.replace_substring_regex(pc.utf8_upper(codes), r"[\s.]", "")
        is_code = pc.fill_null(pc.match_substring_regex(bare, _ICD10), False)
        known = {"given": codes, "diagnosis_code": bare, "diagnoses": diagnoses, "is_code": is_code}
        self.s.load("codes_in", pa.table(known))
        self.s.load("hcc_bits", self.blocks.bits)
        self.s.load("hcc_map", mapping.filter(pc.is_in(mapping.column("diagnosis_code"), value_set=bare)))

    def _reject_diagnoses(self, met: int) -> None:
        """Reject what is no code, and whom nobody knows; ``met``: how often a diagnosis with an HCC met its person."""
        wanted = self.s.value(sql.text("risk/mapped_diagnoses")) or 0
        bad = self.s.value("SELECT count(*) FROM codes_in WHERE NOT is_code")
        if bad or wanted > met:
            self.diagnoses_in()
            self.rejects.extend("diagnoses", self.s.rows(sql.text("risk/rejected_diagnoses")))
        if wanted > met:
            self.s.load("known", self.known)
            self.rejects.extend("diagnoses", self.s.rows(sql.text("risk/strangers")))

    # -- scores ----------------------------------------------------------------------------------

    def score(self, people: str = "scored", held: str = "held", name: str = "scores") -> None:
        """Make relation ``name``: one row per row of ``people`` with the parts of its score."""
        if not self.s.has("hcc_sets"):  # once for all cases of a session
            met = pc.unique(self.scored.column("segment"))
            segment = pc.divide(self.blocks.sets.column("key"), SEGMENT)
            self.s.load("hcc_sets", self.blocks.sets.filter(pc.is_in(segment, value_set=met)))
            self.s.load("interactions", _numbered(self.blocks.terms, self.blocks.numbers))
            self.s.load("hcc_counts", _numbered(self.blocks.counts, self.blocks.numbers))
        parts, totals, opened = f"{name}_parts", f"{name}_totals", f"{name}_opened"
        self.s.create(totals, sql.text("risk/totals"), held=held)
        self.s.create(parts, sql.text("risk/parts"), people=people, totals=totals)
        self.s.create(opened, sql.text("risk/opened"), parts=parts)
        self.s.create(name, sql.text("risk/scores"), parts=parts, opened=opened)


def _numbered(table: pa.Table, numbers: dict[str, int]) -> pa.Table:
    segment = pa.array([numbers[name] for name in table.column("segment").to_pylist()], pa.int32())
    return table.set_column(table.column_names.index("segment"), "segment", segment)
