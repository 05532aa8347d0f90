"""FHIR resources of files: laid out of Bundles and lists, counted, and taken apart into flat tables, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

import pyarrow as pa

from cpticd import sql
from cpticd.core.sources import Source
from cpticd.loaders import results
from cpticd.loaders.fhir import shape
from cpticd.loaders.fhir.codes import codes, listed
from cpticd.loaders.fhir.documents import BATCH, Damage, Document, Documents, why_not
from cpticd.loaders.intake import Intake

#: What accounting calls one resource of a file.
UNIT: Final = "resources"
CLAIMS: Final = ("ExplanationOfBenefit", "Claim", "ClaimResponse")
PARTIES: Final = ("Patient", "Organization", "Practitioner")
#: How deep Bundles and lists may stand in one another.
_DEPTH: Final = 12
#: Flat tables that are filled from bodies: name → statement.
_FLAT: Final = ("claims", "services", "facts", "diagnoses", "procedures", "team", "parties")
#: The flat tables, which are there whatever was read.
TABLES: Final = ("resources", *_FLAT, "amounts", "statuses", "coverages", "observations")
#: Facts that extensions of items and diagnoses say.
_SAID: Final = ("ndc", "indicator", "units", "days supply", "present on admission")
#: Elements whose structure is looked at where something seems not to be there: path, type.
_PATHS: Final = (
    ("item[*]", "OBJECT"), ("item[*].adjudication", "ARRAY"), ("item[*].adjudication[*]", "OBJECT"),
    ("item[*].adjudication[*].amount", "OBJECT"), ("item[*].detail", "ARRAY"), ("diagnosis[*]", "OBJECT"),
    ("diagnosis[*].diagnosisCodeableConcept", "OBJECT"), ("adjudication[*].amount", "OBJECT"),
    ("item[*].productOrService", "OBJECT"), ("item[*].service", "OBJECT"),
)  # fmt: skip


class Resources:
    """The resources of a data set, as flat tables ``fhir_…`` of the intake's engine."""

    def __init__(self, intake: Intake) -> None:
        self.intake, self.engine = intake, intake.engine
        self.made: list[str] = []  # flat tables
        self.read: dict[str, int] = {}  # source → resources that were read, and not rejected
        self.damaged: list[str] = []  # why others were rejected
        self._waiting: list[tuple[int, Document]] = []  # documents of one or many sources
        self._size = 0
        self._names: dict[int, str] = {}
        self.engine.execute("CREATE OR REPLACE SEQUENCE fhir_numbers")

    def add(self, source: Source) -> None:
        """Read one text."""
        documents = Documents(source, self.intake.progress, self._is_json)
        number = self.intake.source_id(source.name)
        self.read.setdefault(source.name, 0)
        self._names[number] = source.name
        for batch in documents.batches():
            self._waiting += [(number, document) for document in batch]
            self._size += sum(len(document.text) for document in batch)
            if self._size >= BATCH:
                self._batch()
        for damage in documents.damage:
            self._reject(source.name, damage)
        if documents.replaced:
            self.intake.reject(
                source=source.name, location="", table_name=UNIT, action="repaired",
                reason=f"characters that are not of the file's encoding were replaced: {documents.replaced:,}",
            )  # fmt: skip

    def complete(self) -> None:
        """Read what waits, and make the flat tables of kinds of resources that did not occur, empty."""
        self._batch()
        self.engine.execute(sql.text("fhir/absent"))
        self.made = [*TABLES]

    def forget(self) -> None:
        """Drop what was needed to read."""
        self.engine.execute("DROP SEQUENCE IF EXISTS fhir_numbers")

    def name(self, number: int) -> str:
        """The source that a number in the column source stands for."""
        return self._names[number]

    def _is_json(self, text: str) -> bool:
        return bool(self.engine.fetch("SELECT json_valid($x) AS ok", {"x": text}).column("ok")[0].as_py())

    def _reject(self, source: str, damage: Damage) -> None:
        self.damaged.append(damage.reason)
        self.intake.reject(
            source=source,
            location=damage.place,
            table_name=UNIT,
            reason=damage.reason,
            content=damage.content,
        )

    def _batch(self) -> None:
        """Take apart the documents that wait."""
        if not self._waiting:
            return
        numbers, documents = zip(*self._waiting, strict=True)
        places, texts = zip(*documents, strict=True)
        self._waiting, self._size = [], 0
        rows = pa.table(
            {
                "source": pa.array(numbers, pa.int32()),
                "place": places,
                "doc": pa.array(texts, pa.large_string()),
            }
        )
        self.engine.load("fhir_documents", rows, copy=False)
        levels = self._laid_out()
        self.engine.drop("fhir_documents")
        found = self.engine.records("SELECT source, kind, count(*) AS n FROM fhir_batch GROUP BY ALL")
        for row in found:
            self.read[self.name(row["source"])] += row["n"]
        self._taken_apart({row["kind"] for row in found})
        gone = ("fhir_batch", "fhir_level", *levels, "fhir_bodies", "fhir_batch_amounts")
        self.engine.execute(_dropped(gone, views=2))

    def _damaged(self, level: str) -> None:
        bad = self.engine.records(f"SELECT source, place, doc FROM {level} WHERE NOT is_json")
        for row in bad:
            self._reject(self.name(row["source"]), Damage(row["place"], why_not(row["doc"]), row["doc"]))
        if bad:
            self.engine.execute(f"DELETE FROM {level} WHERE NOT is_json")

    def _laid_out(self) -> list[str]:
        """``fhir_batch``: the resources, each with its place, out of Bundles and lists within one another.

        Returns the tables that it is a view of.
        """
        entries = "SELECT source, place, CAST(doc AS VARCHAR) AS doc, CAST(NULL AS VARCHAR) AS url FROM fhir_documents"
        levels: list[str] = []
        for depth in range(_DEPTH):
            level = f"fhir_level_{depth}"
            # What has a kind was parsed, and is JSON.
            self.engine.execute(
                f"CREATE OR REPLACE TABLE {level} AS SELECT nextval('fhir_numbers') AS r, *, "
                "CASE WHEN kind IS NULL THEN json_valid(doc) ELSE true END AS is_json FROM (SELECT *, "
                "CASE WHEN t = 'OBJECT' THEN TRY(json_extract_string(doc, '$.resourceType')) END AS kind "
                "FROM (SELECT *, CASE left(ltrim(doc, ' \t\r\n'), 1) "
                f"WHEN '{{' THEN 'OBJECT' WHEN '[' THEN 'ARRAY' ELSE 'SCALAR' END AS t FROM ({entries})))"
            )
            levels.append(level)
            self.engine.execute(f"CREATE OR REPLACE VIEW fhir_level AS SELECT * FROM {level}")
            if not depth:
                self._damaged(level)
            self._rejected(sql.text("fhir/no_resources"))
            if not self.engine.holds("fhir_level WHERE t = 'ARRAY' OR t = 'OBJECT' AND kind = 'Bundle'"):
                break
            entries = sql.text("fhir/entries")
        else:
            reason = f"Bundles in one another, deeper than {_DEPTH}; ask for the resources themselves"
            self._rejected(
                f"SELECT source, place, left(doc, 500) AS content, '{reason}' AS reason FROM ({entries})"
            )
        rows = " UNION ALL ".join(
            f"SELECT r, source, place, doc, kind, url FROM {level} "
            "WHERE kind <> 'Bundle' AND regexp_full_match(kind, '[A-Za-z]{1,60}')"
            for level in levels
        )
        self.engine.execute(f"CREATE OR REPLACE VIEW fhir_batch AS {rows}")
        return levels

    def _rejected(self, select: str) -> None:
        for row in self.engine.records(select):
            self._reject(self.name(row["source"]), Damage(row["place"], row["reason"], row["content"]))

    def _taken_apart(self, present: set[str]) -> None:
        self._append("resources", self._text("resources"))
        if present & {*CLAIMS}:
            self._bodies(CLAIMS, shape.CLAIM)
            self.engine.execute(f"CREATE OR REPLACE TABLE fhir_batch_amounts AS {self._text('amounts')}")
            self._wrong()
            for name in _FLAT:
                self._append(name, self._text(name))
            self._append("amounts", "SELECT a.* FROM fhir_batch_amounts a SEMI JOIN fhir_bodies USING (r)")
        if present & {*PARTIES}:
            self._bodies(PARTIES, shape.PARTY)
            self._append("parties", self._text("party"))
            self._append("statuses", self._text("statuses", person="coalesce(b.id, fhir_target(url))"))
        if "Coverage" in present:
            self._bodies(("Coverage",), shape.COVERAGE)
            self._append("coverages", self._text("coverages"))
            self._append("statuses", self._text("statuses", person="fhir_target(b.beneficiary.reference)"))

        if "Observation" in present:
            self._bodies(("Observation",), shape.OBSERVATION)
            self._append("observations", self._text("observations", **results.cells("given")))

    def _text(self, name: str, **parts: str) -> str:
        text = sql.text(f"fhir/{name}")
        parts |= {"adjudication": json.dumps(shape.ADJUDICATION), "insurance": json.dumps(shape.INSURANCE)}
        parts["money"] = json.dumps(shape.MONEY)
        parts |= {fact.replace(" ", "_"): listed(codes("fact", fact)) for fact in _SAID}
        for part, value in parts.items():
            text = text.replace(f"{{{part}}}", value)
        return text

    def _bodies(self, kinds: Iterable[str], structure: str) -> None:
        """``fhir_bodies``: the resources of some kinds, parsed once into one structure."""
        self.engine.execute(
            "CREATE OR REPLACE TABLE fhir_bodies AS SELECT r, source, place, kind, doc, hash(b) AS content, "
            "TRY_CAST(b.meta.lastUpdated AS TIMESTAMPTZ) AS updated, b, url "
            f"FROM (SELECT *, json_transform(doc, '{structure}') AS b FROM fhir_batch "
            f"WHERE kind IN ({listed([*kinds])}))"
        )

    def _wrong(self) -> None:
        """Reject resources that cannot be read as what they are."""
        elements = dict.fromkeys(shape.LISTS, "ARRAY") | dict.fromkeys(shape.OBJECTS, "OBJECT")
        parts = {
            "elements": f"[{listed([*elements])}]", "element_paths": f"[{listed(['$.' + x for x in elements])}]",
            "kinds": f"[{listed([*elements.values()])}]",
            "paths": f"[{listed([path for path, _ in _PATHS])}]", "wanted": f"[{listed([kind for _, kind in _PATHS])}]",
            "types": ", ".join(f"json_type(doc, '$.{path}')" for path, _ in _PATHS),
        }  # fmt: skip
        why = self.engine.fetch(sql.text("fhir/wrong").format(**parts))
        if not why.num_rows:
            return
        self.engine.load("fhir_refused", why)
        found = self.engine.records(
            "SELECT w.r, w.reason, y.source, y.place, y.kind, left(y.doc, 500) AS doc "
            "FROM fhir_refused w JOIN fhir_bodies y ON y.r = w.r ORDER BY w.r"
        )
        self.engine.drop("fhir_refused")
        for row in found:
            name = self.name(row["source"])
            self._reject(name, Damage(row["place"], f"{row['kind']}: {row['reason']}", row["doc"]))
            self.read[name] -= 1
        gone = {"gone": [row["r"] for row in found]}
        for table in ("fhir_bodies", "fhir_resources"):
            self.engine.execute(f"DELETE FROM {table} WHERE r IN (SELECT unnest($gone))", gone)

    def _append(self, name: str, select: str) -> None:
        table = f"fhir_{name}"
        if name in self.made:
            self.engine.execute(f"INSERT INTO {table} {select}")
        else:
            self.engine.execute(f"CREATE OR REPLACE TABLE {table} AS {select}")
            self.made.append(name)


def _dropped(names: Sequence[str], *, views: int) -> str:
    """SQL that drops relations, the first of which are views."""
    return "; ".join(
        f"DROP {'VIEW' if place < views else 'TABLE'} IF EXISTS {name}" for place, name in enumerate(names)
    )
