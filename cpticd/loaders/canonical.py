"""Canonical tables as DataFrames, Arrow tables, CSV or Parquet; and Tuva's wide ``medical_claim``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.schema import TABLES, Table
from cpticd.loaders.flat import headings, wide
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.flat.rows import UNIT
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Places, Stage, Staged, TableLike

Tables = TableLike | Iterable[TableLike] | None
Rename = Mapping[str, str | Mapping[str, str]]

_BATCH = 1 << 17
#: Columns of Tuva's input layer that have another name in the flat form (https://thetuvaproject.com).
TUVA = {
    "rendering_id": "rendering_npi",
    "billing_id": "billing_npi",
    "copayment_amount": "copay_amount",
    "member_id": "person_id",
    "patient_id": "person_id",
}
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
    provider_adjustments: Tables = None,
    attributes: Tables = None,
    members: Tables = None,
    medical_claim: Tables = None,
    rename: Rename | None = None,
    progress: bool = True,
) -> Claims:
    """Claims from tables in the canonical form (``cpticd.core.schema.TABLES``), one keyword each.

    Parameters: each a DataFrame, an Arrow table, a CSV or Parquet path, or a list of them.
    ``medical_claim`` is Tuva's input layer: one row per line, diagnosis_code_1…25 beside it. ``rename`` is
    {their column: canonical column} for every table, or {table: {…}} for one.

    Columns are matched without regard to case, blanks or dashes; those that the table does not know are
    reported in ``rejects`` (noted). Where tables do not fit together nothing is lost:

    - a line whose claim is in no ``claims`` table makes one (sum of charges, first and last date);
    - diagnoses and procedures of a claim that is nowhere, and pointers of a line that is nowhere, are
      rejected, since no pair can come of them;
    - payments without their adjudication make one; payments of claims or lines that are nowhere stay, and
      are noted.

    Raises SchemaError where a required column is missing (it lists what was found), InputError for what is
    no table.
    """
    given = {
        "claims": claims, "lines": lines, "diagnoses": diagnoses, "procedures": procedures,
        "pointers": pointers,
        "adjudications": adjudications, "line_payments": line_payments, "adjustments": adjustments,
        "remarks": remarks, "provider_adjustments": provider_adjustments, "attributes": attributes,
        "members": members,
    }  # fmt: skip
    if all(table is None for table in given.values()) and medical_claim is None:
        raise ArgumentError(f"read_tables needs at least one table: {', '.join(given)} or medical_claim")
    renames = _renames(rename or {})
    intake = Intake(progress=progress)
    stage = Stage(intake, progress=progress)
    if medical_claim is not None:
        _medical_claim(intake, stage, medical_claim, renames["medical_claim"])
    for name, tables in given.items():
        if tables is None:
            continue
        table = TABLES[name]
        header = partial(_known, {*table.names, *renames[name]})
        for staged in stage.put(tables, name=name, unit=name, known=header, clean=False):
            _add(intake, table, staged, renames[name])
    if any(
        table is not None for name, table in given.items() if name not in ("members", "provider_adjustments")
    ):
        _complete(intake, stage.names())
    stage.clear()
    return intake.claims()


def _renames(rename: Rename) -> dict[str, dict[str, str]]:
    """Per table, their column → ours."""
    everywhere = {theirs: ours for theirs, ours in rename.items() if isinstance(ours, str)}
    apart = {table: dict(ours) for table, ours in rename.items() if not isinstance(ours, str)}
    tables = [*TABLES, "medical_claim"]
    if unknown := [table for table in apart if table not in tables]:
        raise SchemaError(f"rename: no table {unknown}; there are {tables}")
    return {table: everywhere | apart.get(table, {}) for table in tables}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _known(columns: Iterable[str], cells: list[str]) -> int:
    folded = {_folded(column) for column in columns}
    return sum(1 for cell in cells if _folded(cell) and _folded(cell) in folded)


def _columns(table: Table, staged: Staged, rename: Mapping[str, str]) -> dict[str, str]:
    """Canonical column → staged column; SchemaError where a required one is missing."""
    ours = {_folded(name): name for name in table.names}
    theirs = {_folded(name): target for name, target in rename.items()}
    found: dict[str, str] = {}
    for place, column in enumerate(staged.columns):
        target = theirs.get(_folded(column)) or ours.get(_folded(column))
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


def _add(intake: Intake, table: Table, staged: Staged, rename: Mapping[str, str]) -> None:
    columns = _columns(table, staged, rename)
    used = set(columns.values())
    if unused := [column for i, column in enumerate(staged.columns) if f"c{i}" not in used]:
        intake.reject(
            source=staged.source, location="", table_name=table.name, action="noted",
            reason=f"columns not used: {', '.join(unused)}"[:500],
        )  # fmt: skip
    left = _reject_orphans(intake, table, staged, columns) if table.name in _PARENTS else "true"
    select = ", ".join(f"{cell} AS {name}" for name, cell in columns.items())
    rows = intake.query(f"SELECT {select}, place FROM {staged.table} s WHERE {left} ORDER BY place")
    for start in range(0, rows.num_rows, _BATCH):
        part = rows.slice(start, _BATCH)
        places = Places(staged.word, part.column("place").to_numpy())
        intake.add(table.name, part.drop_columns(["place"]), source=staged.source, locations=places)


def _reject_orphans(intake: Intake, table: Table, staged: Staged, columns: Mapping[str, str]) -> str:
    """Reject the rows whose parent is nowhere; returns the SQL condition of those that are left."""
    parents, key = _PARENTS[table.name]
    names_of = {"claim_id": f"trim(s.{columns['claim_id']})"}
    if "claim_line_number" in key:
        names_of["claim_line_number"] = f"TRY_CAST(s.{columns['claim_line_number']} AS DOUBLE)"
    conditions = " AND ".join(
        "NOT EXISTS (SELECT 1 FROM {} p WHERE {})".format(
            parent, " AND ".join(f"p.{name} = {names_of[name]}" for name in key)
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


def _medical_claim(
    intake: Intake, stage: Stage, given: TableLike | Iterable[TableLike], rename: dict[str, str]
) -> None:
    guesses: list[tuple[Staged, list[Guess]]] = []
    for staged in stage.put(given, name="medical_claim", unit=UNIT, known=headings.known):
        lower = {column.lower() for column in staged.columns} | set(rename.values())
        tuva: dict[str, str] = {}
        for theirs, ours in TUVA.items():
            if ours not in lower and ours not in tuva.values() and theirs in lower:
                tuva[theirs] = ours
        guesses.append((staged, headings.guess(staged.columns, tuva | rename, exact=True)))
    wide.check(guesses, {})
    wide.load(intake, guesses)


def _complete(intake: Intake, sources: Mapping[int, str]) -> None:
    """Claims of lines, and adjudications of payments, that no row describes; what is left apart is noted."""
    cases = " ".join(f"WHEN {n} THEN '{name.replace(chr(39), chr(39) * 2)}'" for n, name in sources.items())
    _made(
        intake, sources, "claims", "lines of a claim that no row of claims describes: the claim was made "
                                   "from them",
        f"""
        SELECT l.claim_id, min(CASE l._source {cases} END) AS data_source,
            min(l.claim_line_start_date) AS claim_start_date,
               CASE WHEN bool_or(l.revenue_center_code IS NOT NULL) THEN 'institutional'
                   ELSE 'professional' END AS claim_type,
               coalesce(max(l.claim_line_end_date), max(l.claim_line_start_date)) AS claim_end_date,
               min(l.place_of_service_code) AS place_of_service_code,
               sum(l.charge_amount) AS charge_amount, min(l._source) AS _source
        FROM lines l ANTI JOIN claims c ON c.claim_id = l.claim_id GROUP BY l.claim_id
        """,
    )  # fmt: skip
    _made(
        intake, sources, "adjudications", "payments of an adjudication that no row describes: it was made "
                                          "from them",
        """
        SELECT p.claim_id, p.adjudication_number, sum(p.charge_amount) AS charge_amount,
            sum(p.paid_amount) AS paid_amount,
               min(p._source) AS _source
        FROM (
            SELECT claim_id, adjudication_number, charge_amount, paid_amount, _source FROM line_payments
            UNION ALL SELECT claim_id, adjudication_number, NULL, NULL, _source FROM adjustments
            UNION ALL SELECT claim_id, adjudication_number, NULL, NULL, _source FROM remarks
        ) p
        ANTI JOIN adjudications a ON a.claim_id = p.claim_id AND a.adjudication_number = p.adjudication_number
        GROUP BY p.claim_id, p.adjudication_number
        """,
    )  # fmt: skip
    for table, parent, key in (
        ("adjudications", "claims", ("claim_id",)),
        ("line_payments", "lines", ("claim_id", "claim_line_number")),
    ):
        same = " AND ".join(f"p.{name} = t.{name}" for name in key)
        _note(
            intake, sources, table, f"rows whose {' and '.join(key)} no row of {parent} has: loaded",
            f"SELECT t._source, t.claim_id FROM {table} t ANTI JOIN {parent} p ON {same}",
        )  # fmt: skip


def _made(intake: Intake, sources: Mapping[int, str], table: str, reason: str, select: str) -> None:
    _note(intake, sources, table, reason, f"SELECT _source, claim_id FROM ({select})")
    intake.insert(table, select)


def _note(intake: Intake, sources: Mapping[int, str], table: str, reason: str, select: str) -> None:
    rows = intake.query(
        f"SELECT _source, count(*) AS n, min(claim_id) AS one FROM ({select}) GROUP BY 1 ORDER BY 1"
    )
    for row in rows.to_pylist():
        intake.reject(
            source=sources[row["_source"]], location="", table_name=table, action="noted",
            reason=f"{reason}: {row['n']:,}", content=f"claim_id {row['one']}",
        )  # fmt: skip
