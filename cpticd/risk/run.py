"""One run of a model on an engine: relations named risk_…, made in order and dropped at the end."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.core.engine import Engine
from cpticd.risk import tables
from cpticd.risk.blocks import BLOCK, SEGMENT, Blocks, blocks
from cpticd.risk.inputs import Rejects

#: What an ICD-10-CM code looks like; anything else in a diagnosis column is told, not passed over.
_ICD10: Final = "^[A-Z][0-9][0-9A-Z]([0-9A-Z]{1,4})?$"


class Run:
    """The relations of one model and payment year on one engine.

    ``risk_scored`` (cpticd.risk.people) and ``risk_diagnoses_in`` come first; after :meth:`held` a :meth:`score` can
    be made of any people and any sets of HCCs.
    """

    def __init__(self, engine: Engine, model: str, payment_year: int, rejects: Rejects) -> None:
        tables.check_model(model, payment_year)
        self.engine, self.model, self.payment_year, self.rejects = engine, model, payment_year, rejects
        self.blocks: Blocks = blocks(model)
        self._made: list[str] = []
        self.scored = pa.table({})
        self.known = pa.table({})  # everybody who was given, scored or not
        self.left_out: dict[str, int] = {}
        self.assumed: dict[str, int] = {}

    # -- making ----------------------------------------------------------------------------------

    def load(self, name: str, data: pa.Table, *, copy: bool = True) -> None:
        self._made.append(name)
        self.engine.load(name, data, copy=copy)

    def make(self, name: str, **names: Any) -> None:
        """Make table ``name`` from the SQL text of that name."""
        self.create(name, self._text(name, **names))

    def rates(self, factors: pd.DataFrame) -> None:
        """Make ``risk_rates``: what turns a raw score into a payment score, by kind of person."""
        rates = pa.Table.from_pandas(factors, preserve_index=False)
        self.load("risk_factors", rates)
        self.create(
            "risk_rates",
            """
            SELECT p.kind, f.normalization, f.coding_adjustment
            FROM risk_profiles AS p LEFT JOIN risk_factors AS f ON f.population = p.population
            """,
        )

    def create(self, name: str, text: str, *, materialize: bool = True) -> None:
        self._made.append(name)
        self.engine.create(name, text, materialize=materialize)

    def created(self, name: str) -> None:
        """Relation ``name`` was made elsewhere, and is dropped with the others."""
        self._made.append(name)

    def close(self) -> None:
        for name in reversed(dict.fromkeys(self._made)):
            self.engine.drop(name)

    def _text(self, name: str, **names: Any) -> str:
        return sql.text(name).format(model=self.model, payment_year=self.payment_year, **names)

    def _count(self, text: str) -> int:
        return int(self.engine.fetch(text).column(0)[0].as_py() or 0)

    # -- diagnoses -------------------------------------------------------------------------------

    def held(self) -> None:
        """Make ``risk_held`` of ``risk_diagnoses_in``: each person's HCCs before hierarchies."""
        found = self.engine.fetch(
            "SELECT diagnosis_code, count(*) AS diagnoses FROM risk_diagnoses_in GROUP BY diagnosis_code"
        )
        codes = found.column(0).combine_chunks().cast(pa.string())
        bare = pc.replace_substring_regex(pc.utf8_upper(codes), r"[\s.]", "")
        is_code = pc.fill_null(pc.match_substring_regex(bare, _ICD10), False)
        known = {"given": codes, "diagnosis_code": bare, "diagnoses": found.column(1), "is_code": is_code}
        self.load("risk_codes", pa.table(known))
        self.load("risk_bits", self.blocks.bits)
        mapping = tables.mapping(self.model, self.payment_year)
        self.load("risk_map", mapping.filter(pc.is_in(mapping.column("diagnosis_code"), value_set=bare)))
        self.create(
            "risk_mapping",
            """
            SELECT c.given AS diagnosis_code, m.hcc, m.sex, m.age_from, m.age_to, b.block, b.bit
            FROM risk_codes AS c
            JOIN risk_map AS m ON m.diagnosis_code = c.diagnosis_code
            JOIN risk_bits AS b ON b.hcc = m.hcc
            """,
        )
        self.create("risk_held_all", self._text("risk_held", block=BLOCK))
        self.create(
            "risk_held", "SELECT person, base, mask FROM risk_held_all WHERE mask > 0", materialize=False
        )
        self._reject_diagnoses()

    def _reject_diagnoses(self) -> None:
        wrong = """
            SELECT DISTINCT d.person_id, d.diagnosis_code, coalesce(d.diagnosis_code, '') AS code,
                   CASE WHEN d.person_id IS NULL THEN 'person_id: empty'
                        WHEN coalesce(c.diagnosis_code, '') = '' THEN 'diagnosis_code: empty'
                        ELSE 'diagnosis_code: not an ICD-10-CM code' END AS reason
            FROM risk_diagnoses_in AS d LEFT JOIN risk_codes AS c ON c.given = d.diagnosis_code
            WHERE d.person_id IS NULL OR c.given IS NULL OR NOT c.is_code
        """
        # Every diagnosis with an HCC meets its person once per row of the mapping.
        unscored = self._count(
            "SELECT (SELECT sum(c.diagnoses) FROM risk_mapping AS m "
            "JOIN risk_codes AS c ON c.given = m.diagnosis_code) "
            "- (SELECT coalesce(sum(found), 0) FROM risk_held_all)"
        )
        bad = self._count("SELECT count(*) FROM risk_codes WHERE NOT is_code")
        if bad or unscored:
            rows = self.engine.fetch(
                f"SELECT 'person ' || coalesce(person_id, '?') AS location, reason, code AS content "
                f"FROM ({wrong}) ORDER BY location, content"
            )
            self.rejects.extend("diagnoses", rows.to_pylist())
        if not unscored:
            return
        self.load("risk_known", self.known)
        strangers = self.engine.fetch(
            """
            SELECT 'person ' || d.person_id AS location, 'not among the members: diagnoses not scored' AS reason,
                   CAST(count(*) AS VARCHAR) || ' diagnoses' AS content
            FROM risk_diagnoses_in AS d
            LEFT JOIN risk_known AS m ON m.person_id = d.person_id
            WHERE m.person_id IS NULL AND d.person_id IS NOT NULL
            GROUP BY d.person_id ORDER BY d.person_id
            """
        )
        self.rejects.extend("diagnoses", strangers.to_pylist())

    # -- scores ----------------------------------------------------------------------------------

    def score(self, people: str = "risk_scored", held: str = "risk_held", name: str = "risk_scores") -> None:
        """Make relation ``name``: one row per row of ``people`` with the parts of its score."""
        if "risk_sets" not in self._made:  # once for all cases of a run
            met = pc.unique(self.scored.column("segment"))
            segment = pc.divide(self.blocks.sets.column("key"), SEGMENT)
            self.load("risk_sets", self.blocks.sets.filter(pc.is_in(segment, value_set=met)))
            self.load("risk_interactions", _numbered(self.blocks.terms, self.blocks.numbers))
            self.load("risk_counts", _numbered(self.blocks.counts, self.blocks.numbers))
        parts, totals, opened = f"{name}_parts", f"{name}_totals", f"{name}_opened"
        self.create(totals, self._text("risk_totals", held=held))
        self.create(parts, self._text("risk_parts", people=people, totals=totals))
        self.create(opened, self._text("risk_opened", parts=parts))
        self.create(name, self._text("risk_scores", parts=parts, opened=opened))


def _numbered(table: pa.Table, numbers: dict[str, int]) -> pa.Table:
    segment = pa.array([numbers[name] for name in table.column("segment").to_pylist()], pa.int32())
    return table.set_column(table.column_names.index("segment"), "segment", segment)
