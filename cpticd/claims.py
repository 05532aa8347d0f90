"""Claims: the tables of one data set or of a selection of it, what could not be read, and the relations over both."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import exports, model, reference, sql
from cpticd.core import left_out, store
from cpticd.core.chosen import both, choose, written
from cpticd.core.engine import DataEngine, Engine
from cpticd.core.enrollment import members_table
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.core.guard import check
from cpticd.core.opening import opened
from cpticd.core.partial import next_calls
from cpticd.core.reading import closing
from cpticd.core.schema import REJECTS, TABLES, graded
from cpticd.core.selection import DIMENSIONS, By, Dimension, Grouping, attribute, grouping
from cpticd.core.session import Session

if TYPE_CHECKING:
    from cpticd.core.engine_spark import SparkSession

#: Reference tables that the model reads; :meth:`Claims.with_references` replaces one.
REFERENCES: Final = (
    "carc_categories", "carc_rarc_overrides", "adjustment_meanings", "claim_status_codes", "line_processing_indicators",
)  # fmt: skip
#: Of these, those of which a user replaces rows, not the whole.
IN_PART: Final = ("adjustment_meanings",)
_PAIRS: Final = tuple(name for name in sql.PAIRS if name not in sql.PASSING)
_SAVED: Final = (*(name for name, computed in sql.LINES.items() if computed), *_PAIRS, *model.FAMILIES)
#: What a saved data set must have been derived by, to be read as it stands.
_MODEL: Final = store.digest([*sql.derivations(), *map(sql.relation, sql.PAIRS)])


class Claims:
    """One data set of claims, or a selection of one, with the pairs, outcomes and accounting derived from it.

    Made by the ``read_*`` functions, :func:`open`, ``demo()``, ``simulate()`` and :meth:`where`, never by hand. Several
    threads may use one.
    """

    def __init__(
        self,
        engine: DataEngine,
        *,
        accounting: pa.Table,
        rejects: pa.Table,
        references: Mapping[str, pa.Table] | None = None,
        derived: bool = False,
        kept: Collection[str] = (),
        progress: bool = False,
    ) -> None:
        self.engine: Engine = engine
        self._accounting = accounting
        self._rejects = graded(rejects).select(REJECTS.names)
        self._progress = progress
        self._lock = threading.RLock()
        self._groups = model.Groups(engine, self._lock)
        self._parent: Claims | None = None
        #: The criteria of the selection, by name; none of a whole data set.
        self.selection: dict[str, Any] = {}
        self._references = {name: reference.table(name) for name in REFERENCES} | dict(references or {})
        for name, table in (self._references | {"bill_types": reference.table("bill_types")}).items():
            engine.load(name, table)
        #: Relations of ``sql.SENT`` that are of a larger data set, and not to be derived from these tables.
        self._kept = tuple(kept)
        if derived:
            for name in (name for name, computed in sql.LINES.items() if not computed and name not in kept):
                engine.create(name, sql.relation(name))
        #: The model is derived when it is first asked for, and so are pairs; those of a saved data set are there.
        self._pending = () if derived else model.order(kept)
        self._has_pairs = derived
        engine.seal()

    def _derive(self, text: str | None = None, *named: str) -> None:
        """Derive the relations of lines and claims, once, up to those that a statement names; without one, all."""
        self._groups.ready(text or "", *named)
        if model.needed(self._pending, text):
            with self._lock:
                wanted = model.needed(self._pending, text)
                model.derive(self.engine, wanted, progress=self._progress)
                self._pending = tuple(name for name in self._pending if name not in wanted)

    def _derive_pairs(self) -> None:
        """Add up the pairs, once, when they are first asked for."""
        self._derive()
        with self._lock:
            if not self._has_pairs:
                model.derive_pairs(self.engine, progress=self._progress)
                self._has_pairs = True

    def _of(self, engine: Engine) -> Claims:
        """These claims over a scope of their engine."""
        made = object.__new__(Claims)
        made.__dict__ |= self.__dict__ | {"engine": engine, "_parent": self, "_lock": threading.RLock()}
        return made

    # -- which lines, and where an analysis works --------------------------------------------------

    def session(self, *, pairs: bool = False) -> Session:
        """Where one analysis works, in ``with``: relations of its own, gone at its end (cpticd.core.session).

        ``pairs``: it reads relations of pairs (strata, pair_totals, cells, …), added up when they are first asked for.
        """
        if pairs:
            self._derive_pairs()
        with self._lock:
            scope = self.engine.scope()
        return Session(scope, reserved=[*self.tables, *sql.PASSING, *model.GROUPS], prepare=self._derive)

    def where(self, **criteria: Any) -> Claims:
        """The claims and lines that meet all criteria: a view over these, which stay as they are.

        Keyword: ``dates``, a pair of first and last day of service, either of them None; ``persons``, person_ids as
        list, set, Series or a DataFrame with that column; ``hcpcs``; ``diagnosis``, that a line points to (``"E11"``
        stands for every code below it); ``provider``, a billing or rendering NPI; and any dimension of
        :meth:`dimensions` (payer, payer_kind, place, setting, claim_type, facility, specialty, …, columns of your
        own). A value or several; None does not restrict.

        A line is chosen where it meets all criteria; its claim stands, with what belongs to its other lines left out.
        Members are those with a chosen claim, and those named by ``persons``. Every analysis of the view is that of
        the chosen lines alone: what is expected is worked out among them. ArgumentError for a criterion that is not
        there, or a value that no line has.

        >>> import cpticd as cx
        >>> claims = cx.demo()
        >>> len(claims.where(place="11", dates=("2024-01-01", None)).table("lines")) < len(claims.table("lines"))
        True
        """
        self._derive(None, *criteria)
        with self._lock:
            choice = choose(self.engine, self.known_dimensions(), criteria, sql.LINES)
        made = self._of(choice.engine)
        made.selection = both(self.selection, choice.terms)
        made._kept = sql.SENT
        made._has_pairs = False
        return made

    def dimensions(self) -> pd.DataFrame:
        """One row per dimension that ``by=`` and :meth:`where` accept: name, label, of (claim, line, diagnosis), unit.

        Columns that you brought along (table ``attributes``) stand last; RBCS is there once its file was added.
        """
        known = [each for each in self.known_dimensions().values() if each.name not in model.not_added()]
        rows = [(each.name, each.label, each.level, each.unit) for each in known]
        return pd.DataFrame(rows, columns=["name", "label", "of", "unit"], dtype="str")

    def known_dimensions(self) -> dict[str, Dimension]:
        """Every dimension of these claims by name, those of your own columns among them."""
        with self._lock:
            if "_known" not in self.__dict__:
                names = self.engine.fetch("SELECT DISTINCT name FROM attributes ORDER BY name")
                own = {
                    name: attribute(name) for name in names.column(0).to_pylist() if name not in DIMENSIONS
                }
                self.__dict__["_known"] = {**DIMENSIONS, **own}
            known: dict[str, Dimension] = self.__dict__["_known"]
            return known

    def grouping(self, by: By, *, argument: str = "by") -> Grouping:
        """The dimensions of a ``by=`` as pieces of a query; ArgumentError for one that is not there."""
        return grouping(by, self.known_dimensions(), argument=argument)

    # -- what is there ---------------------------------------------------------------------------

    @property
    def tables(self) -> list[str]:
        """Names that :meth:`table` and :meth:`query` know."""
        return [*TABLES, *sql.LINES, *_PAIRS, *model.FAMILIES, *REFERENCES]

    def table(self, name: str) -> pd.DataFrame:
        """The rows of one table or view, in the order of its key.

        ``name`` is one of :attr:`tables`; ArgumentError otherwise. Money is float64 dollars.
        """
        if name not in self.tables:
            raise ArgumentError(f"no table {name!r}; there are {self.tables}")
        with self.session(pairs=name in _PAIRS) as s:
            key = (
                TABLES[name].key if name in TABLES else s.fetch(f"SELECT * FROM {name} LIMIT 0").column_names
            )
            return s.frame(f"SELECT * FROM {name} ORDER BY {', '.join(key)}")

    def query(self, sql: str, **params: Any) -> pd.DataFrame:
        """The rows of one SELECT, in DuckDB's dialect, over :attr:`tables`.

        ``$name`` in the text stands for the keyword argument of that name. Statements that write, attach,
        install, read files or reach settings raise QueryError.
        """
        used = check(sql, self.tables)
        with self.session(pairs=not used.isdisjoint(_PAIRS)) as s:
            return s.frame(sql, params)

    def accounting(self) -> pd.DataFrame:
        """One row per source and table: rows and dollars read, loaded, rejected and left out.

        read = loaded + rejected + left_out, always; what was repaired or noted is loaded. Dollars are the table's
        charge (adjustments: the adjusted) amount, null where a table has none. Of "file rows", the rows of
        flat files, they are the charges as the rows give them, each adjudication of a line again; rows
        without a charge that can be read are in ``rejects``, counted. Of a selection, rows of the source ``selection:
        …`` say for each table how much of the data set it holds (loaded) and leaves out.
        """
        accounts = to_frame(self._accounting)
        for name in ("left_out", "amount_left_out"):
            if name not in accounts:
                accounts[name] = 0 if name == "left_out" else accounts["amount_read"].astype(float) * 0
        if self._parent is None or not self.selection:
            return accounts
        return pd.concat([accounts, self._selected()], ignore_index=True)

    def _selected(self) -> pd.DataFrame:
        """Of each table, how much the selection holds and leaves out."""
        whole: Claims = self
        while whole._parent is not None and whole.selection:
            whole = whole._parent
        words = "; ".join(f"{name}: {written(value)}" for name, value in self.selection.items())
        with whole.session() as every, self.session() as part:
            return pd.DataFrame(left_out.accounts(every, part, words))

    @property
    def rejects(self) -> pd.DataFrame:
        """One row per thing that was rejected, repaired or noted: source, location, reason, content.

        Whatever was rejected stands here, each with its place. Of many repairs or notes of one kind the first
        are listed, then how many more there are.
        """
        return to_frame(self._rejects)

    def summary(self) -> pd.DataFrame:
        """One row per figure that describes the data set: measure, value, unit."""
        figures = pd.DataFrame(self._figures(), columns=["measure", "value", "unit"], dtype=object)
        return figures.astype({"measure": str, "unit": str})

    def _figures(self) -> list[tuple[str, Any, str]]:
        """Measure, value and unit of each figure of the summary."""
        with self.session() as s:
            row = s.rows(sql.text("summary"))[0]
        rejected = sum(1 for action in self._rejects.column("action").to_pylist() if action == "rejected")
        return [
            ("claims", row["claims"], ""),
            ("service lines", row["lines"], ""),
            ("persons", row["persons"], ""),
            ("payers", row["payers"], ""),
            ("billing providers", row["providers"], ""),
            ("diagnoses", row["diagnoses"], ""),
            ("first service date", row["first_service_date"], "date"),
            ("last service date", row["last_service_date"], "date"),
            ("charges", row["charge"], "US dollars"),
            ("adjudications", row["adjudications"], ""),
            ("adjudicated lines", row["adjudicated"], ""),
            ("initially denied lines", row["denied"], ""),
            ("initially denied amount", row["denied_amount"], "US dollars"),
            ("returned as unprocessable", row["returned"], ""),
            ("rejected", rejected, ""),
        ]

    def __repr__(self) -> str:
        figures = {measure: value for measure, value, _ in self._figures()}
        text = (
            f"Claims: {figures['claims']:,} claims, {figures['service lines']:,} lines, "
            f"{figures['persons']:,} persons, {figures['payers']:,} payers"
        )
        if figures["first service date"] is not None:
            text += f", {figures['first service date']} to {figures['last service date']}"
        if figures["rejected"]:
            text += f"; {figures['rejected']:,} rejected (see .rejects)"
        calls = next_calls(self)
        read = "" if self.selection else closing(self._accounting, self._rejects)
        return "\n".join(filter(None, (text, read, f"Next: {calls}")))

    # -- what it is judged by, and where it is kept ------------------------------------------------

    def with_references(self, **references: str | Path | pd.DataFrame | pa.Table) -> Claims:
        """These claims as other reference tables judge them: a view, with outcomes derived by the tables given.

        Keyword: one of ``carc_categories``, ``carc_rarc_overrides``, ``adjustment_meanings`` (replaced row by row:
        what you give is added, and goes before the row of the same key), ``claim_status_codes``,
        ``line_processing_indicators``; the table, or its CSV file, needs the columns of the built-in one
        (``cpticd.reference.table(name)``) and one row per key, SchemaError otherwise. Criteria of :meth:`where` are
        kept.
        """
        for name in references:
            if name not in REFERENCES:
                raise ArgumentError(f"no reference table {name!r} to replace; there are {list(REFERENCES)}")
        replaced = {name: reference.replacement(name, table) for name, table in references.items()}
        for name in {*replaced} & {*IN_PART}:
            replaced[name] = reference.amended(name, self._references[name], replaced[name])
        self._derive()
        made = self._of(self.engine.scope(lasting=True))
        made._references = self._references | replaced
        for name, table in replaced.items():
            made.engine.load(name, table)
        model.derive(made.engine, model.order(sql.SENT))
        made._has_pairs = False
        return made

    def with_members(self, members: str | Path | pd.DataFrame | pa.Table) -> Claims:
        """These claims with another table of members: a view.

        ``members``: a CSV or Parquet file or a table with the columns of ``members``, under their usual names. What
        cannot be read of it stands in ``rejects`` and counts in the accounting. Raises SchemaError where no column
        names the person or the year, InputError for what is no table.
        """
        found = members_table(members)
        self._derive()
        made = self._of(self.engine.scope(lasting=True))
        made.engine.load("members", found.rows)
        made._rejects = pa.concat_tables([self._rejects, found.rejects], promote_options="default")
        made._accounting = pa.concat_tables([self._accounting, found.accounting], promote_options="default")
        return made

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write every table as Parquet into ``folder``, from which :func:`open` reads them. Returns it.

        Of a selection, what it holds. Raises OutputExistsError where the folder exists, unless ``overwrite`` and it is
        a saved data set.
        """
        target = store.check_target(folder, overwrite=overwrite)
        with self.session(pairs=True) as s:
            tables, manifest = self._stored(s, _SAVED)
            return store.write(target, tables, manifest)

    def export(
        self, path: str | Path, form: str | None = None, *, overwrite: bool = False, quiet: bool = False
    ) -> pd.DataFrame:
        """One row per table of the data set: rows and dollars that were written, and what the form cannot hold.

        ``form``, which the path's suffix tells: "duckdb" and "parquet" (a folder) hold all, and :func:`open` and
        ``read`` read them; "csv" a row per line and decision for ``read_wide``, codes mended, with outcome and cause;
        "xlsx" the same as a workbook; "tuva" a folder (or .duckdb) of medical_claim, eligibility and pharmacy_claim;
        "rejects" what goes back to the sender. Rejects stand in each: a table, a sheet, ``rejects.csv`` in a folder,
        ``….rejects.csv`` beside a file. It holds persons, line by line: for a disk of your own; results leave by
        ``cx.disclosure.export``. Prints what is left out unless ``quiet``. Raises OutputExistsError where something is
        there, unless ``overwrite`` and it is of this form; ArgumentError for what is no form.

        >>> import cpticd as cx, pandas as pd, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "claims.duckdb"
        >>> claims = cx.read_wide(pd.DataFrame({"Claim": ["A1"], "CPT": "99213"}), quiet=True, progress=False)
        >>> claims.export(path, quiet=True)[["table_name", "written"]].values.tolist()
        [['claims', 1], ['lines', 1]]
        """
        return exports.export(self, path, form, overwrite=overwrite, quiet=quiet)

    def _stored(self, s: Session, derived: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is stored of these claims by name, with derived relations of these names; and its manifest."""
        small = {**self._references, "accounting": self._accounting, "rejects": self._rejects}
        manifest = {
            "model": _MODEL,
            "tables": list(TABLES),
            "derived": list(derived),
            "kept": list(self._kept),
            "references": list(REFERENCES),
        }
        names = dict.fromkeys((*TABLES, *derived, *self._kept))
        return {name: store.batches(s.engine, name) for name in names} | small, manifest


def open(
    folder: str | Path,
    *,
    engine: str = "duckdb",
    session: SparkSession | None = None,
    memory_limit: str | None = None,
) -> Claims:
    """The data set that ``Claims.save(folder)`` wrote, or ``Claims.export`` as one DuckDB file.

    ``engine`` is "duckdb" (embedded) or "spark" (needs the extra ``spark``; ``session`` is your SparkSession, a local
    one is started without it; ``folder`` may then be a URI, or a database of the session's catalog whose tables have
    names and codes of the schema). ``memory_limit``: DuckDB's, such as "4GB".
    A set that an older release saved opens too: columns that it lacks are null, and what was derived otherwise is
    derived anew. Raises InputError where the folder is not a saved data set, or not whole.
    """
    where, saved = opened(folder, engine, session, memory_limit)
    derived = saved.manifest.get("model") == _MODEL and all(map(saved.has, _SAVED))
    kept = [name for name in saved.manifest.get("kept", []) if saved.has(name)]
    saved.scan(where, dict.fromkeys((*kept, *(_SAVED if derived else ()))))
    found = {name: saved.table(name) for name in ("accounting", "rejects", *REFERENCES)}
    return Claims(
        where,
        accounting=found["accounting"],
        rejects=found["rejects"],
        references={name: table for name in REFERENCES if (table := found[name]) is not None},
        derived=derived,
        kept=kept,
    )


def pairs(claims: Claims) -> pd.DataFrame:
    """One row per service line and diagnosis that it points to (the view ``pairs``).

    claim_id, claim_line_number, hcpcs_code, diagnosis_code, pointer_position, is_primary, share (1/k of
    the line, k its distinct diagnoses) and level: ``line``, or ``claim`` where the source has no pointers
    and every diagnosis of the claim counts. A line without a diagnosis stands once, diagnosis null, share
    1, so that sum(share x charge_amount) is the total of the lines.
    """
    return claims.table("pairs")
