"""One run of a model on an engine: relations named risk_…, made in order and dropped at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.engine import DuckDBEngine, Engine
from cpticd.risk import tables
from cpticd.risk.blocks import BLOCK, SEGMENT, Blocks, blocks
from cpticd.risk.inputs import Rejects

#: What an ICD-10-CM code looks like; anything else in a diagnosis column is told, not passed over.
_ICD10: Final = "[A-Z][0-9][0-9A-Z]([0-9A-Z]{1,4})?"


class Run:
    """The relations of one model and payment year on one engine.

    ``risk_members_in`` and ``risk_diagnoses_in`` are there before; after :meth:`people` and :meth:`held` a
    :meth:`score` can be made of any people and any sets of HCCs.
    """

    def __init__(self, engine: Engine, model: str, payment_year: int, rejects: Rejects) -> None:
        tables.check_model(model, payment_year)
        self.engine, self.model, self.payment_year, self.rejects = engine, model, payment_year, rejects
        self.blocks: Blocks = blocks(model)
        self._made: list[str] = ["risk_members_in", "risk_diagnoses_in", "risk_dual_codes"]
        self.left_out: dict[str, int] = {}
        self.assumed: dict[str, int] = {}

    # -- making ----------------------------------------------------------------------------------

    def load(self, name: str, data: pa.Table) -> None:
        self._made.append(name)
        self.engine.load(name, data)

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

    # -- persons ---------------------------------------------------------------------------------

    def people(self) -> None:
        """Make ``risk_scored``: one row per person who can be scored, with segment and demographic score."""
        self.create("risk_people", self._text("risk_people"))
        self.load("risk_coefficients", _exact(tables.coefficients(self.model)))
        self.create("risk_profiles", self._text("risk_profiles"))
        self.create("risk_terms", self._text("risk_terms"))
        segments = pa.table(
            {
                "segment_name": pa.array(self.blocks.segments, pa.string()),
                "segment": pa.array(range(len(self.blocks.segments)), pa.int32()),
            }
        )
        self.load("risk_segments", segments)
        flags = self.blocks.flags
        # A person twice: the same facts are one person, different ones are nobody.
        self.create(
            "risk_once",
            """
            SELECT person_id, min(kind) AS kind, max(kind) AS other, count(*) AS times, max(problem) AS problem
            FROM risk_people GROUP BY person_id
            """,
        )
        self.create(
            "risk_scored",
            f"""
            WITH valued AS (
                SELECT kind, sum(value) AS demographic FROM risk_terms GROUP BY kind
            )
            SELECT
                CAST(row_number() OVER (ORDER BY p.person_id) AS INTEGER) AS person,
                p.person_id, f.age, f.sex, p.kind, f.segment AS segment_name, f.population, s.segment,
                s.segment * {SEGMENT} AS segment_key, f.is_new, v.demographic,
                CAST((CASE WHEN f.disabled THEN {flags.get("DISABLED", 0)} ELSE 0 END)
                   + (CASE WHEN f.nonaged THEN {flags.get("NONAGED", 0)} ELSE 0 END) AS BIGINT) AS flags
            FROM risk_once AS p
            JOIN risk_profiles AS f ON f.kind = p.kind
            JOIN risk_segments AS s ON s.segment_name = f.segment
            JOIN (SELECT DISTINCT kind, term FROM risk_terms) AS c ON c.kind = f.kind AND c.term = f.cell
            JOIN valued AS v ON v.kind = f.kind
            WHERE p.problem IS NULL AND p.kind = p.other
            """,
        )
        self._reject_people()

    def _reject_people(self) -> None:
        rows = self.engine.fetch(
            """
            SELECT 'person ' || person_id AS location, problem AS reason, '' AS content
            FROM risk_once WHERE problem IS NOT NULL
            UNION ALL
            SELECT 'person ' || person_id, 'stands ' || CAST(times AS VARCHAR) || ' times with different facts', ''
            FROM risk_once WHERE problem IS NULL AND kind <> other
            UNION ALL
            SELECT 'person ' || person_id,
                   'stands ' || CAST(times AS VARCHAR) || ' times with the same facts: scored once', ''
            FROM risk_once WHERE problem IS NULL AND kind = other AND times > 1
            UNION ALL
            SELECT 'person ' || p.person_id, 'the model has no coefficient for such a person', ''
            FROM risk_once AS p
            LEFT JOIN risk_scored AS s ON s.person_id = p.person_id
            WHERE s.person_id IS NULL AND p.problem IS NULL AND p.kind = p.other
            ORDER BY location, reason
            """
        )
        self.rejects.extend("members", rows.to_pylist())
        self.left_out["members"] = self._count(
            "SELECT (SELECT count(*) FROM risk_once) - (SELECT count(*) FROM risk_scored)"
        )
        self.assumed["original reason for entitlement taken by age"] = self._count(
            "SELECT count(*) FROM risk_people WHERE problem IS NULL AND orec_assumed"
        )

    # -- diagnoses -------------------------------------------------------------------------------

    def held(self) -> None:
        """Make ``risk_held`` of ``risk_diagnoses_in``: each person's HCCs before hierarchies."""
        found = self.engine.fetch("SELECT DISTINCT diagnosis_code FROM risk_diagnoses_in")
        codes = found.column(0).combine_chunks().cast(pa.string())
        bare = pc.replace_substring_regex(pc.utf8_upper(codes), r"[\s.]", "")
        self.load("risk_codes", pa.table({"given": codes, "diagnosis_code": bare}))
        self.load("risk_bits", self.blocks.bits)
        self.load("risk_map", tables.mapping(self.model, self.payment_year))
        self.create(
            "risk_mapping",
            """
            SELECT c.given AS diagnosis_code, m.hcc, m.sex, m.age_from, m.age_to, b.block, b.bit
            FROM risk_codes AS c
            JOIN risk_map AS m ON m.diagnosis_code = c.diagnosis_code
            JOIN risk_bits AS b ON b.hcc = m.hcc
            """,
        )
        self.create("risk_held", self._text("risk_held", people="risk_scored"))
        self._reject_diagnoses()

    def _reject_diagnoses(self) -> None:
        wrong = f"""
            SELECT d.person_id, coalesce(d.diagnosis_code, '') AS code, count(*) AS n,
                   CASE WHEN d.person_id IS NULL THEN 'person_id: empty'
                        WHEN coalesce(c.diagnosis_code, '') = '' THEN 'diagnosis_code: empty'
                        ELSE 'diagnosis_code: not an ICD-10-CM code' END AS reason
            FROM risk_diagnoses_in AS d LEFT JOIN risk_codes AS c ON c.given = d.diagnosis_code
            WHERE d.person_id IS NULL OR c.given IS NULL OR NOT regexp_full_match(c.diagnosis_code, '{_ICD10}')
            GROUP BY d.person_id, d.diagnosis_code, reason
        """
        bad = self._count(
            f"SELECT count(*) FROM risk_codes WHERE NOT regexp_full_match(diagnosis_code, '{_ICD10}')"
        ) + self._count(
            "SELECT count(*) FROM risk_diagnoses_in WHERE person_id IS NULL OR diagnosis_code IS NULL"
        )
        if bad:
            rows = self.engine.fetch(
                f"SELECT 'person ' || coalesce(person_id, '?') AS location, reason, code AS content "
                f"FROM ({wrong}) ORDER BY location, content"
            )
            self.rejects.extend("diagnoses", rows.to_pylist())
        strangers = self.engine.fetch(
            """
            SELECT 'person ' || d.person_id AS location, 'not among the members: diagnoses not scored' AS reason,
                   CAST(count(*) AS VARCHAR) || ' diagnoses' AS content
            FROM risk_diagnoses_in AS d
            LEFT JOIN (SELECT DISTINCT person_id FROM risk_members_in) AS m ON m.person_id = d.person_id
            WHERE m.person_id IS NULL AND d.person_id IS NOT NULL
            GROUP BY d.person_id ORDER BY d.person_id
            """
        )
        self.rejects.extend("diagnoses", strangers.to_pylist())

    # -- scores ----------------------------------------------------------------------------------

    def score(self, people: str = "risk_scored", held: str = "risk_held", name: str = "risk_scores") -> None:
        """Make relation ``name``: one row per row of ``people`` with the parts of its score."""
        self.load("risk_sets", self.blocks.sets)
        numbers = {segment: number for number, segment in enumerate(self.blocks.segments)}
        self.load("risk_interactions", _numbered(self.blocks.terms, numbers))
        self.load("risk_counts", _numbered(self.blocks.counts, numbers))
        totals, opened = f"{name}_totals", f"{name}_opened"
        self.create(totals, self._text("risk_totals", people=people, held=held, block=BLOCK))
        self.create(opened, self._text("risk_opened", totals=totals))
        self.create(name, self._text("risk_scores", people=people, totals=totals, opened=opened))


def _exact(coefficients: pa.Table) -> pa.Table:
    """The values as decimals, so that no sum depends on its order."""
    value = pc.round(coefficients.column("value"), 3).cast(pa.decimal128(12, 3), safe=False)
    return coefficients.set_column(coefficients.column_names.index("value"), "value", value)


def _numbered(table: pa.Table, numbers: dict[str, int]) -> pa.Table:
    segment = pa.array([numbers[name] for name in table.column("segment").to_pylist()], pa.int32())
    return table.set_column(table.column_names.index("segment"), "segment", segment)


@contextmanager
def running(engine: Engine | None, model: str, payment_year: int, rejects: Rejects) -> Iterator[Run]:
    """A run on ``engine``, or on one of its own; its relations are gone afterwards."""
    own = DuckDBEngine() if engine is None else None
    run = Run(engine or own, model, payment_year, rejects)  # type: ignore[arg-type]
    try:
        yield run
    finally:
        run.close()
        if own is not None:
            own.close()
