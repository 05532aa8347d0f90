"""Cells of canonical tables: read as those of flat files are, before they pass the gate into the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.conform import quote
from cpticd.core.tables import Table
from cpticd.loaders import repair
from cpticd.loaders.cell import Cell
from cpticd.loaders.flat import lexicon
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged

_MODIFIERS: Final = tuple(f"hcpcs_modifier_{n}" for n in range(1, 5))
#: Kinds of columns whose cells pass the gate, or not, as they stand.
_GATED: Final = ("date", "money", "number", "integer", "flag")
#: Columns of words: what each distinct cell means in the words of the schema, and what it must be.
WORDS: Final[dict[tuple[str, str], tuple[Callable[[str], str | None], str]]] = {
    ("claims", "payer_kind"): (lexicon.payer_kind, "the name of a kind of payer"),
    ("claims", "claim_type"): (lexicon.claim_type, "professional or institutional"),
    ("diagnoses", "diagnosis_code_type"): (lexicon.code_type, "a version of ICD"),
    ("procedures", "procedure_code_type"): (lexicon.procedure_type, "a version of ICD"),
}


def read(
    intake: Intake,
    table: Table,
    staged: Staged,
    columns: Mapping[str, str],
    *,
    own: Mapping[str, str],
    where: str,
) -> pa.Table:
    """The rows of a staged table where ``where`` holds, by place: its ``columns`` (canonical → staged) in canonical
    form or as text that the gate reads alike, ``own`` columns as they stand, and ``place``.

    Rows with a cell that cannot be read are rejected; what was mended or left out is reported by column.
    """
    select = ", ".join(f"{cell} AS {quote(name)}" for name, cell in {**own, **columns}.items())
    rows = intake.query(f"SELECT {select}, place FROM {staged.table} s WHERE {where} ORDER BY place")
    kinds = {column.name: column.kind for column in table.columns}
    unusual = {
        name: repair.of(name, kinds[name])
        for name in columns
        if not _is_plain(repair.of(name, kinds[name])(name), rows.column(name))
    }
    if unusual:
        rows = _mended(intake, table, staged, rows, unusual)
    return _in_words(intake, table, staged, rows)


def dated(intake: Intake, table: Table, source: str, rows: pa.Table) -> pa.Table:
    """Rows with their dates read: serial numbers, the day before the month, in words; other cells as they stand."""
    texts = {
        column.name: rows.column(column.name).cast(pa.string())
        for column in table.columns
        if column.kind == "date"
        and column.name in rows.column_names
        and (
            pa.types.is_string(kind := rows.schema.field(column.name).type) or pa.types.is_large_string(kind)
        )
    }
    readers = {name: repair.of(name, "date") for name in texts}
    unusual = {name: read for name, read in readers.items() if not _is_plain(read("x"), texts[name])}
    if not unusual:
        return rows
    given = rows
    for name in unusual:
        given = given.set_column(given.column_names.index(name), name, texts[name])
    places = pa.array(range(1, rows.num_rows + 1), pa.int64())
    staged = Staged(source, "", rows.column_names, rows.num_rows, "row")
    return _mended(intake, table, staged, given.append_column("place", places), unusual).select(
        rows.column_names
    )


def _is_plain(cell: Cell, texts: pa.ChunkedArray) -> bool:
    """Whether every cell of a column is its value as it stands."""
    if not cell.plain:
        return False
    return pc.all(pc.match_substring_regex(texts, f"^(?:{cell.plain})$"), min_count=0).as_py() is not False


def _mended(
    intake: Intake, table: Table, staged: Staged, rows: pa.Table, readers: Mapping[str, repair.Reader]
) -> pa.Table:
    """The rows with the columns of ``readers`` read; those that cannot be are rejected."""
    kinds = {column.name: column.kind for column in table.columns}
    required = {column.name for column in table.columns if column.required}
    intake.engine.connection.register("cells_given", rows)
    dates = {name: quote(name) for name in readers if kinds[name] == "date"}
    turned = _turned(intake, table, staged, dates)
    cells = {name: read(turned.get(name, quote(name))) for name, read in readers.items()}
    tests = []
    for name, cell in cells.items():
        shown = f"left({quote(name)}, 60)"
        if kinds[name] not in _GATED and cell.bad != "false":
            tests.append(f"WHEN {cell.bad} THEN '{name}: {cell.why}: ' || {shown}")
        if name in required and kinds[name] not in _GATED:
            empty = f"{quote(name)} IS NOT NULL AND ({cell.value}) IS NULL"
            tests.append(f"WHEN {empty} THEN '{name}: not what the column holds: ' || {shown}")
    why = f"CASE {' '.join(tests)} END" if tests else "CAST(NULL AS VARCHAR)"
    values = {name: _value(cell, name, kinds[name], turned) for name, cell in cells.items()}
    if "hcpcs_code" in readers or any(name in readers for name in _MODIFIERS):
        values |= _modifiers(rows.column_names)
    changed = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
    same = [name for name in rows.column_names if name not in values]
    select = ", ".join([*map(quote, same), changed, f"{why} AS why"])
    read_ = intake.query(f"SELECT {select} FROM cells_given ORDER BY place")
    _report(intake, table, staged, cells)
    intake.engine.connection.unregister("cells_given")
    bad = pc.is_valid(read_.column("why"))
    if pc.any(bad).as_py():
        _reject(intake, table, staged, rows.filter(bad), read_.filter(bad))
        read_ = read_.filter(pc.invert(bad))
    return read_.drop_columns(["why"])


def _value(cell: Cell, name: str, kind: str, turned: Mapping[str, str]) -> str:
    """SQL of the value; a cell that cannot be read stays as it is, for the gate to refuse."""
    if kind not in _GATED or cell.bad == "false":
        return cell.value
    return f"CASE WHEN {cell.bad} THEN {quote(name)} ELSE CAST({cell.value} AS VARCHAR) END"


def _modifiers(given: list[str]) -> dict[str, str]:
    """SQL of each modifier: those of their columns, then those behind the procedure code."""
    parts = [repair.modifiers(quote(name)).value for name in _MODIFIERS if name in given]
    if "hcpcs_code" in given:
        parts.append(repair.modifiers_behind('"hcpcs_code"'))
    every = " || ".join(f"CAST({part} AS VARCHAR[])" for part in parts)
    listed = f"list_filter({every}, lambda m: m IS NOT NULL)"
    return {name: f"({listed})[{n}]" for n, name in enumerate(_MODIFIERS, 1)}


def _turned(intake: Intake, table: Table, staged: Staged, dates: Mapping[str, str]) -> dict[str, str]:
    """SQL of the cells of columns of dates that have the day first; what was decided is reported."""
    found = {}
    for name, order in repair.decided(intake.records, "cells_given", dates).items():
        if order.day_first:
            found[name] = repair.turned(dates[name])
        if order.note:
            _note(intake, table, staged, f"{name}: {order.note}", order.example)
    return found


def _report(intake: Intake, table: Table, staged: Staged, cells: Mapping[str, Cell]) -> None:
    """Report what was mended or left out: one entry for each column and kind, with its number and the first place."""
    for name, cell in cells.items():
        if not cell.repairs:
            continue
        counts = ", ".join(
            f"count(*) FILTER ({test}) AS n{i}, arg_min({quote(name)}, place) FILTER ({test}) AS x{i}, "
            f"min(place) FILTER ({test}) AS p{i}"
            for i, test in enumerate(cell.repairs.values())
        )
        row = intake.records(f"SELECT {counts} FROM cells_given")[0]
        for i, what in enumerate(cell.repairs):
            if number := row[f"n{i}"]:
                intake.reject(
                    source=staged.source, location=f"{staged.word} {row[f'p{i}']}", table_name=table.name,
                    action="repaired", content=row[f"x{i}"],
                    reason=f"{name}: {what}: {number:,} {'cell' if number == 1 else 'cells, the first here'}",
                )  # fmt: skip


def _reject(intake: Intake, table: Table, staged: Staged, given: pa.Table, read_: pa.Table) -> None:
    """Reject rows with a cell that cannot be read, with the dollars that they carry."""
    size = given.num_rows
    cells = [column.cast(pa.string()) for column in given.drop_columns(["place"]).columns]
    amount = pa.nulls(size, pa.decimal128(18, 2))
    if table.amount in given.column_names:
        money = repair.money("amount").value
        intake.engine.connection.register("amounts_given", pa.table({"amount": given.column(table.amount)}))
        amount = intake.query(f"SELECT {money} AS amount FROM amounts_given").column("amount")
        intake.engine.connection.unregister("amounts_given")
    intake.reject_many(
        pa.table(
            {
                "source": pa.array([staged.source] * size),
                "location": pa.array(
                    [f"{staged.word} {place}" for place in given.column("place").to_pylist()]
                ),
                "table_name": pa.array([table.name] * size),
                "action": pa.array(["rejected"] * size),
                "reason": read_.column("why"),
                "content": pc.utf8_slice_codeunits(
                    pc.binary_join_element_wise(*cells, ", ", null_handling="replace", null_replacement=""),
                    0,
                    500,
                ),
                "amount": amount,
            }
        )
    )


def _in_words(intake: Intake, table: Table, staged: Staged, rows: pa.Table) -> pa.Table:
    """The rows with words in the words of the schema; a cell that means none of them is emptied, and noted."""
    for (name, column), (read_, what) in WORDS.items():
        if name != table.name or column not in rows.column_names:
            continue
        coded = rows.column(column).combine_chunks().dictionary_encode()
        texts = coded.dictionary.to_pylist()
        words = [read_(text) for text in texts]
        if unknown := [text for text, word in zip(texts, words, strict=True) if word is None]:
            reason = f"{column}: not {what}, not loaded: {len(unknown):,}"
            _note(intake, table, staged, reason, ", ".join(unknown))
        values = pc.take(pa.array(words, pa.string()), coded.indices)
        rows = rows.set_column(rows.column_names.index(column), column, values)
    return rows


def _note(intake: Intake, table: Table, staged: Staged, reason: str, content: str = "") -> None:
    intake.reject(
        source=staged.source, location="", table_name=table.name, action="noted", reason=reason, content=content
    )  # fmt: skip
