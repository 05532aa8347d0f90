"""Canonical tables as DataFrames, Arrow tables, CSV or Parquet; and Tuva's wide ``medical_claim``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.claims import Claims
from cpticd.core import enrollment
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.records import Places
from cpticd.core.schema import FORMER, TABLES
from cpticd.core.sources import paths_of
from cpticd.core.tables import Table
from cpticd.loaders import canonical_cells, canonical_plain, canonical_whole, closing, repair, results, tuva
from cpticd.loaders.attributes import attribute_name, check_keep, kept, refusal
from cpticd.loaders.canonical_plain import Scan
from cpticd.loaders.excel import SheetChoice
from cpticd.loaders.flat import headings
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Keep, Loader, Options, Rename, Sample
from cpticd.loaders.payers import Aliases, aliases
from cpticd.loaders.staging import Stage, Staged, TableLike, items

Tables = TableLike | Iterable[TableLike] | None

_BATCH = 1 << 17
#: What pandas calls an index that it writes as a column.
_INDEX: Final = re.compile(r"__index_level_\d+__$")
#: Tables whose columns of the user's own become attributes.
_WITH_ATTRIBUTES: Final = ("claims", "lines")
#: Tables that hang on no claim or line, and Tuva's, which completes its own.
_APART: Final = ("members", "drugs", "observations", "payments", "provider_adjustments", "medical_claim")
#: What must be there for a row to mean something: child table → parents, any of which will do, and their key.
_PARENTS = {
    "diagnoses": (("claims", "lines"), ("claim_id",)),
    "procedures": (("claims", "lines"), ("claim_id",)),
    "pointers": (("lines",), ("claim_id", "claim_line_number")),
}


def read_tables(
    *,
    claims: Tables = None,
    lines: Tables = None,
    diagnoses: Tables = None,
    pointers: Tables = None,
    procedures: Tables = None,
    adjudications: Tables = None,
    line_payments: Tables = None,
    adjustments: Tables = None,
    remarks: Tables = None,
    payments: Tables = None,
    provider_adjustments: Tables = None,
    attributes: Tables = None,
    members: Tables = None,
    drugs: Tables = None,
    observations: Tables = None,
    medical_claim: Tables = None,
    rename: Rename | None = None,
    keep: Keep = None,
    payers: Aliases | None = None,
    sheet: SheetChoice = None,
    quiet: bool = False,
    progress: bool = True,
) -> Claims:
    """One data set of tables in the canonical form (``cpticd.core.schema.TABLES``), one keyword each.

    Parameters: each a DataFrame, an Arrow table, a CSV, Excel or Parquet path, or a list of them.
    ``medical_claim`` is Tuva's input layer: one row per line, diagnosis_code_1…25 beside it. ``rename`` is
    {their column: canonical column} for every table, or {table: {…}} for one. ``payers`` says which payer a name or a
    payer id stands for, as in ``read``. ``sheet`` names the sheet of workbooks, as in ``read_wide``; what was read is
    printed in one line unless ``quiet``.

    Columns are matched without regard to case, blanks or dashes, those of ``members`` by their usual headings. Columns
    that ``claims`` or ``lines`` do not know become attributes of the claim or the line, ``plan_type`` for "Plan Type":
    dimensions that lines can be divided (``by=``) and chosen (``where``) by. ``keep`` names those that are wanted
    (``[]`` for none); those of ``medical_claim`` are kept only where ``keep`` names them, or is "all". Others are
    reported in ``rejects`` (noted). Where tables do not fit together nothing is lost:

    - a line whose claim is in no ``claims`` table makes one (sum of charges, first and last date);
    - diagnoses and procedures of a claim that is nowhere, and pointers of a line that is nowhere, are
      rejected, since no pair can come of them;
    - payments without their adjudication make one; payments of claims or lines that are nowhere stay, and
      are noted;
    - of rows with the same key the one is kept that sorts first by its columns, in the order of the schema.

    Raises SchemaError where a required column is missing (it lists what was found), InputError for what is
    no table, and where not one row could be loaded.

    >>> import cpticd as cx, pandas as pd
    >>> lines = pd.DataFrame({"claim_id": ["A1"], "claim_line_number": [1], "hcpcs_code": "99213", "clinic": "east"})
    >>> claims = cx.read_tables(lines=lines, quiet=True, progress=False)
    >>> len(claims.table("claims")), claims.table("attributes")["value"].tolist()
    (1, ['east'])
    """
    given = {
        "claims": claims, "lines": lines, "diagnoses": diagnoses, "procedures": procedures,
        "pointers": pointers, "adjudications": adjudications, "line_payments": line_payments,
        "adjustments": adjustments, "remarks": remarks, "payments": payments,
        "provider_adjustments": provider_adjustments,
        "attributes": attributes, "members": members, "drugs": drugs, "observations": observations,
        "medical_claim": medical_claim,
    }  # fmt: skip
    if all(table is None for table in given.values()):
        raise ArgumentError(f"read_tables needs at least one table: {', '.join(given)}")
    intake = Intake(progress=progress)
    intake.aliases = aliases(payers)
    load(
        {name: [table] for name, table in given.items() if table is not None},
        intake,
        Options(rename=rename, keep=keep, sheet=sheet, quiet=True),
    )
    return closing.ended(intake, quiet=quiet)


def tell(sample: Sample) -> str | None:
    """The canonical table whose columns a sample has, or ``medical_claim``."""
    if sample.is_folder:
        return None
    return tuva.tell(sample) or _canonical(sample)


def _canonical(sample: Sample) -> str | None:
    """The canonical table whose columns these are; the file's name decides where several would do."""
    columns = sample.lower
    stem = re.sub(r"[^a-z_]+", "_", sample.path.name.lower().split(".")[0]).strip("_")
    fitting = {
        name: len(columns & {*table.names})
        for name, table in TABLES.items()
        if {*table.required} <= columns and len(columns - {*table.names}) <= 0.2 * len(columns)
    }
    if not fitting:
        return None
    named = [name for name in fitting if stem == name or stem.endswith("_" + name)]
    return named[0] if named else max(fitting, key=lambda name: (fitting[name], len(TABLES[name].required)))


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the canonical tables from tables of their form, and complete what hangs on nothing."""
    renames = _renames(options.rename or {})
    stage = Stage(intake, sheet=options.sheet)
    try:
        # Members that are given go before those that are made of claims, and claims before what belongs to them.
        if "members" in files:
            _members(intake, files["members"], renames["members"])
        if "medical_claim" in files:
            tuva.load(intake, stage, files["medical_claim"], renames["medical_claim"], options.keep)
        found = [
            (TABLES[name], each)
            for name in TABLES
            if name in files and name != "members"
            for each in _found(intake, stage, name, files[name], renames[name])
        ]
        if not intake.lenient:
            columns = [column for each in stage.staged for column in each.columns]
            columns += [column for _, each in found if isinstance(each, Scan) for column in each.columns]
            check_keep(options.keep, columns)
        for table, each in found:
            with intake.file(each.source):
                _add(intake, table, each, renames[table.name], keep=options.keep)
        if not {*files} <= {*_APART}:
            names = [*stage.names().values(), *(each.source for _, each in found)]
            canonical_whole.complete(intake, {intake.source_id(name): name for name in names})
    finally:
        stage.clear()


def _found(
    intake: Intake, stage: Stage, name: str, given: Sequence[Any], rename: Mapping[str, Any]
) -> list[Staged | Scan]:
    """What is given of one table: Parquet files and tables of databases where they lie, all else staged."""
    # A value of an attribute may be any text, "None" too; elsewhere such words say that nothing is there.
    header = partial(_known, {*TABLES[name].names, *rename})
    put = partial(stage.put, name=name, unit=name, known=header, clean=name != "attributes")
    found: list[Staged | Scan] = []
    others = []
    for item in items([*given]):
        if isinstance(item, Scan):
            found.append(item)
        elif paths := canonical_plain.parquet(item):
            intake.name(paths)
            for path in paths:
                with intake.file(intake.shown(path)):
                    cells = partial(_one, put, path)
                    found.append(canonical_plain.of_parquet(intake, path, cells))
        else:
            others.append(item)
    return found + (put(others) if others or not found else [])


def _one(put: Callable[..., list[Staged]], path: Path) -> Staged:
    """A Parquet file as one staged table."""
    return put([path])[0]


def _members(intake: Intake, given: Sequence[Any], rename: Mapping[str, str]) -> None:
    """Members under their usual headings."""
    rename = {theirs: ours for theirs, ours in rename.items() if ours in TABLES["members"].names}
    for item in items(given):
        name = "members"
        if isinstance(item, (str, os.PathLike)):
            intake.name(paths_of(item))
            name = intake.shown(Path(item))
        with intake.file(name):
            for sheet in enrollment.sheets(item, rename=rename, shown=intake.shown):
                for each in sheet.rejects:
                    intake.reject(
                        source=sheet.source, location=each.location, table_name="members", action=each.action,
                        reason=each.reason, content=each.content,
                    )  # fmt: skip
                rows = canonical_cells.dated(intake, TABLES["members"], sheet.source, sheet.rows)
                intake.add("members", rows, source=sheet.source, locations=sheet.places)


def _renames(rename: Rename) -> dict[str, dict[str, Any]]:
    """Per table, their column → ours, None: not used."""
    everywhere = {theirs: ours for theirs, ours in rename.items() if ours is None or isinstance(ours, str)}
    apart = {table: dict(ours) for table, ours in rename.items() if isinstance(ours, Mapping)}
    tables = [*TABLES, "medical_claim"]
    if unknown := [table for table in apart if table not in tables]:
        raise SchemaError(f"rename: no table {unknown}; there are {tables}")
    return {table: everywhere | apart.get(table, {}) for table in tables}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _known(columns: Iterable[str], cells: list[str]) -> int:
    folded = {_folded(column) for column in columns}
    return sum(1 for cell in cells if _folded(cell) and _folded(cell) in folded)


def _columns(table: Table, staged: Staged | Scan, rename: Mapping[str, str | None]) -> dict[str, str]:
    """Canonical column → staged column; SchemaError where a required one is missing."""
    ours = {_folded(old): name for old, name in FORMER.items() if name in table.names}
    ours |= {_folded(name): name for name in table.names}
    theirs = {_folded(name): target for name, target in rename.items()}
    found: dict[str, str] = {}
    for place, column in enumerate(staged.columns):
        target = theirs.get(_folded(column), ours.get(_folded(column)))
        if target is None or target not in table.names:
            continue
        if target in found:
            raise SchemaError(
                f"{staged.source}: {table.name}: two columns mean {target!r}, one of them {column!r}; "
                "drop one, or rename it"
            )
        found[target] = f"c{place}"
    missing = [name for name in table.required if name not in found]
    if missing:
        close = {name: _closest(name, staged.columns) for name in missing}
        example = ", ".join(f"{close[name] or '<your column>'!r}: {name!r}" for name in missing)
        raise SchemaError(
            f"{staged.source}: {table.name}: no column {', '.join(map(repr, missing))}; found "
            f"{staged.columns[:40]}; "
            f"pass rename={{{example}}}"
        )
    return found


def _closest(name: str, columns: list[str]) -> str | None:
    """The user's column that most likely means ``name``."""
    for column in columns:
        if (guess := headings.meaning(column)) and guess[0] == name:
            return column
    folded = {_folded(column): column for column in columns}
    near = get_close_matches(_folded(name), folded, 1, 0.75)
    return folded[near[0]] if near else None


def _add(
    intake: Intake, table: Table, staged: Staged | Scan, rename: Mapping[str, str], *, keep: Keep = None
) -> None:
    columns = _columns(table, staged, rename)
    used = set(columns.values())
    unread = [
        column for i, column in enumerate(staged.columns) if f"c{i}" not in used and not _INDEX.match(column)
    ]
    own: dict[str, str] = {}  # attribute → staged column
    if table.name in _WITH_ATTRIBUTES:
        found = kept(staged.columns, "all" if keep is None else keep, unread=unread)
        own = {name: f"c{staged.columns.index(column)}" for column, name in found.names.items()}
        for reason in found.refused.values():
            _tell(intake, table, staged, f"not kept: {reason}")
    if own:
        _tell(intake, table, staged, f"columns kept as attributes: {', '.join(own)}"[:500])
    if unused := [column for column in unread if f"c{staged.columns.index(column)}" not in own.values()]:
        _tell(intake, table, staged, f"columns not used: {', '.join(unused)}"[:500])
    if isinstance(staged, Scan):
        if not own and canonical_plain.take(intake, table, staged, columns, _PARENTS.get(table.name)):
            return
        staged = staged.staged()
    left = _reject_orphans(intake, table, staged, columns) if table.name in _PARENTS else "true"
    cells = {f"kept:{name}": cell for name, cell in own.items()}
    read = results.split(columns) if table.name == "observations" else columns
    rows = canonical_cells.read(intake, table, staged, read, own=cells, where=left)
    ours = [name for name in table.names if name in rows.column_names]
    for start in range(0, rows.num_rows, _BATCH):
        part = rows.slice(start, _BATCH)
        intake.add(
            table.name,
            _named(staged, table, part.select(ours)),
            source=staged.source,
            locations=Places(staged.word, part.column("place").to_numpy()),
            attributes={name: part.column(f"kept:{name}") for name in own},
        )


def _tell(intake: Intake, table: Table, staged: Staged | Scan, reason: str, content: str = "") -> None:
    intake.reject(
        source=staged.source, location="", table_name=table.name, action="noted", reason=reason, content=content
    )  # fmt: skip


def _named(staged: Staged, table: Table, rows: pa.Table) -> pa.Table:
    """The rows of attributes with names in their normal form; SchemaError for a name that cannot be one."""
    if table.name != "attributes" or "name" not in rows.column_names:
        return rows
    coded = rows.column("name").combine_chunks().dictionary_encode()
    texts = coded.dictionary.to_pylist()
    if reasons := [why for text in texts if text.strip() and (why := refusal(text))]:
        raise SchemaError(f"{staged.source}: attributes: {reasons[0]}")
    names = pc.take(pa.array([attribute_name(text) for text in texts], pa.string()), coded.indices)
    return rows.set_column(rows.column_names.index("name"), "name", names)


def _reject_orphans(intake: Intake, table: Table, staged: Staged, columns: Mapping[str, str]) -> str:
    """Reject the rows whose parent is nowhere; returns the SQL condition of those that are left."""
    parents, key = _PARENTS[table.name]
    names_of = {"claim_id": repair.identifier(f"s.{columns['claim_id']}").value}
    if "claim_line_number" in key:
        names_of["claim_line_number"] = f"TRY_CAST(s.{columns['claim_line_number']} AS DOUBLE)"
    conditions = " AND ".join(
        "NOT EXISTS (SELECT 1 FROM {} p WHERE {})".format(
            intake.every(parent), " AND ".join(f"p.{name} = {names_of[name]}" for name in key)
        )
        for parent in parents
    )
    filled = " AND ".join(
        f"{value} IS NOT NULL AND CAST({value} AS VARCHAR) <> ''" for value in names_of.values()
    )
    cells = ", ".join(f"s.c{i}" for i in range(len(staged.columns)))
    found = intake.query(
        f"SELECT $source AS source, '{staged.word} ' || s.place AS location, '{table.name}' AS table_name, "
        f"'rejected' AS action, 'no row of {' or '.join(parents)} has its {' and '.join(key)}' AS reason, "
        f"left(concat_ws(', ', {cells}), 500) AS content, CAST(NULL AS DECIMAL(18,2)) AS amount, s.place "
        f"FROM {staged.table} s WHERE {filled} AND {conditions} ORDER BY s.place",
        {"source": staged.source},
    )
    if found.num_rows:
        intake.reject_many(found)
    return f"NOT ({filled} AND {conditions})"


def _any_known(cells: list[str]) -> int:
    """How many cells are columns of the canonical table that most of them are columns of."""
    return max(len({*cells} & {*table.names}) for table in TABLES.values())


LOADER = Loader("canonical tables", tell, load, _any_known, frozenset({"rename", "keep", "sheet"}))
