"""One run of rules: the session in which they work, and the tables that judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.session import Session
from cpticd.reference import store

#: Kinds of tables that rules read beside those of ``reference.add``: what no official file says.
OWN_KINDS: Final = ("coverage_logic",)
_DATES: Final = (("effective_from", pa.date32()), ("effective_to", pa.date32()))


#: Built-in tables that rules hold in relations of other names.
_HELD: Final = {
    "rule_mce": "mce_edits",
    "rule_mce_built_in": "mce_edits",
    "rule_code_periods": "icd10cm_periods",
}


#: Relations that rules of several modules read, and the last of these. What a module makes for itself alone is dropped
#: when its rules have run.
_LAST_READ: Final = {
    "rule_modifiers": "beside", "rule_pointed": "beside", "rule_placed": "demography", "rule_traits": "exclusion",
    "rule_mce": "demography", "rule_coded": "duplicates", "rule_code_prefixes": "exclusion",
    "rule_billed_codes": "beside", "rule_services": "beside", "rule_visits": "frequency", "rule_global": "frequency",
    "rule_codes": "coverage",
    "rule_repeated": "duplicates",
}  # fmt: skip
#: What follows the last rule.
END: Final = "end"


@dataclass(frozen=True)
class Stretch:
    """The days between which one release of a kind holds, as YYYY-MM-DD, for one setting ('': any)."""

    setting: str
    release: str
    first: str
    last: str

    def described(self) -> str:
        """Setting, release and days, for a reader."""
        begins = "" if self.first <= "0001-01-01" else f"from {self.first}"
        ends = "" if self.last >= "9999-12-31" else f"to {self.last}"
        days = " ".join(filter(None, (begins, ends)))
        return " ".join(filter(None, (self.setting, self.release, f"({days})" if days else "")))


class Run:
    """One run of rules: the session with the relations of ``inputs``, and the tables that judge."""

    def __init__(self, s: Session, tables: Mapping[str, pa.Table], folder: str | Path | None) -> None:
        self.session = s
        self.folder = folder
        self._given = dict(tables)
        self._rows: dict[str, pa.Table] = {}
        self._entries = store.added(folder)
        self._added = {entry.kind for entry in self._entries}
        self._reaches: dict[str, list[Stretch]] = {}
        self._used: set[str] = set()
        self._asked: set[str] = set()
        self._module = ""
        self._scratch = {"rule_modifiers", "rule_pointed"}

    def has(self, kind: str) -> bool:
        """Whether a table of this kind was passed or has been added."""
        return kind in self._given or kind in self._added

    def once(self, name: str, **parts: str) -> str:
        """Relation ``rule_<name>``: the statement ``rules/<name>``, computed once per run."""
        self._scratch.add(f"rule_{name}")
        return self.session.once(f"rule_{name}", sql.text(f"rules/{name}"), **parts)

    def load(self, relation: str, data: Callable[[], pa.Table], *, copy: bool = True) -> str:
        """A relation of what ``data()`` returns, made once per run."""
        if relation in _HELD:
            self._used.add(_HELD[relation])
        if not self.session.has(relation):
            self.session.load(relation, data(), copy=copy)
        if relation.startswith("rule_"):
            self._scratch.add(relation)
        return relation

    def table(self, name: str) -> str:
        """Relation ``table_<name>``: a built-in reference table."""
        self._used.add(name)
        return self.load(f"table_{name}", lambda: reference.table(name))

    def release(self, kind: str) -> str:
        """Relation ``release_<kind>``: every dated row of a kind, passed or added (``reference.release``)."""
        self._asked.add(kind)
        return self.load(f"release_{kind}", lambda: self.rows(kind), copy=False)

    def rows(self, kind: str) -> pa.Table:
        """The rows behind ``release``, read once."""
        if kind not in self._rows:
            given = self._given.get(kind)
            self._rows[kind] = store.release(kind, folder=self.folder) if given is None else given
        return self._rows[kind]

    def reach(self, kind: str) -> list[Stretch]:
        """The days between which the releases of a kind hold, by setting; of a history those of its own rows."""
        if kind not in self._reaches:
            rows = self.session.rows(sql.text("rules/reach"), relation=self.release(kind))
            self._reaches[kind] = [Stretch(**row) for row in rows]
        return self._reaches[kind]

    def lacking(self, kind: str) -> dict[str, tuple[str, ...]]:
        """The parts that added releases of a kind lack yet, by name."""
        entries = [e for e in self._entries if e.kind == kind and e.missing and kind not in self._given]
        return {" ".join(filter(None, (kind, e.setting, e.release))): e.missing for e in entries}

    def begin(self, module: str) -> None:
        """Forgets which tables were asked for: a rule of this module follows, or END. What none reads any more goes."""
        self._used, self._asked = set(), set()
        if module == self._module:
            return
        over = {
            name
            for name in self._scratch
            if module == END or _LAST_READ.get(name, self._module) == self._module
        }
        self.session.drop(*sorted(over))
        self._scratch -= over
        self._module = module

    def asked(self) -> list[str]:
        """The kinds of official tables that were asked for since ``begin``."""
        return sorted(self._asked)

    def built_in(self) -> list[str]:
        """The built-in tables that were asked for since ``begin``, with their releases."""
        return [" ".join(filter(None, (name, reference.edition(name)))) for name in sorted(self._used)]


def passed(kind: str, data: pd.DataFrame | pa.Table) -> pa.Table:
    """A table that was passed, with open dates and no release where it has none."""
    if kind not in store.KINDS and kind not in OWN_KINDS:
        raise ArgumentError(f"tables: found {kind!r}; there are {', '.join([*store.KINDS, *OWN_KINDS])}")
    table = pa.Table.from_pandas(data, preserve_index=False) if isinstance(data, pd.DataFrame) else data
    needed = store.key(kind) if kind in store.KINDS else ()
    if missing := [name for name in needed if name not in table.column_names and name not in dict(_DATES)]:
        raise SchemaError(f"tables[{kind!r}]: no column {missing}; found {table.column_names}")
    for name, kind_of in (*_DATES, ("release", pa.string()), ("setting", pa.string())):
        if name not in table.column_names:
            value = pa.scalar({"release": "as passed", "setting": ""}.get(name), kind_of)
            table = table.append_column(name, pa.repeat(value, table.num_rows))
        elif table[name].type != kind_of:
            table = table.set_column(
                table.column_names.index(name), name, _cast(kind, table[name], name, kind_of)
            )
    return table


def _cast(kind: str, column: pa.ChunkedArray, name: str, to: pa.DataType) -> pa.ChunkedArray:
    try:
        return column.cast(to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"tables[{kind!r}]: column {name!r} is not {to}: {error}") from error
