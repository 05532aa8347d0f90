"""Run coding rules over claims: which lines and claims break which rule, and what judged them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import reference
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.engine import Engine
from cpticd.core.errors import ArgumentError, CpticdError, SchemaError
from cpticd.core.frames import to_frame
from cpticd.reference import store
from cpticd.rules import inputs
from cpticd.rules.registry import Rule, Scope, chosen, registry, scopes

#: Kinds of tables that rules read beside those of ``reference.add``: what no official file says.
OWN_KINDS: Final = ("coverage_logic",)
_COLUMNS: Final = pa.schema(
    [
        ("claim_id", pa.string()),
        ("claim_line_number", pa.int32()),
        ("rule", pa.string()),
        ("family", pa.string()),
        ("severity", pa.string()),
        ("codes", pa.string()),
        ("message", pa.string()),
        ("evidence", pa.string()),
        ("source", pa.string()),
        ("effective_date", pa.date32()),
    ]
)
#: A finder's message as a sentence.
_SENTENCE: Final = """
    upper(substr(coalesce(f.message, ''), 1, 1)) || substr(coalesce(f.message, ''), 2)
        || CASE WHEN coalesce(f.message, '') LIKE '%.' THEN '' ELSE '.' END
"""
_DATES: Final = (("effective_from", pa.date32()), ("effective_to", pa.date32()))


class Run:
    """One run of rules: the engine with the relations of ``inputs``, and the tables that judge."""

    def __init__(self, engine: Engine, tables: Mapping[str, pa.Table], folder: str | Path | None) -> None:
        self.engine = engine
        self._given = dict(tables)
        self.folder = folder
        self._added = {entry.kind for entry in store.added(folder)}
        self._made: dict[str, str] = {}
        self._computed: set[str] = set()

    def has(self, kind: str) -> bool:
        """Whether a table of this kind was passed or has been added."""
        return kind in self._given or kind in self._added

    def table(self, name: str) -> str:
        """Relation that holds a built-in reference table."""
        return self.load(f"table_{name}", lambda: reference.table(name))

    def release(self, kind: str) -> str:
        """Relation that holds every dated row of a kind, passed or added (``reference.release``)."""
        return self.load(f"release_{kind}", lambda: self.rows(kind), copy=False)

    def rows(self, kind: str) -> pa.Table:
        """The rows behind ``release``."""
        return self._given[kind] if kind in self._given else store.release(kind, folder=self.folder)

    def load(self, name: str, data: Any, *, copy: bool = True) -> str:
        """Relation ``name`` from what ``data()`` returns, made once per run; ``name`` begins with ``edit_``."""
        if name not in self._made:
            self.engine.load(name, data(), copy=copy)
            self._made[name] = name
        return name

    def scratch(self, name: str, sql: str) -> str:
        """Relation ``name`` computed once per run from SQL; ``name`` begins with ``edit_``, and is that SQL's alone."""
        if self._made.setdefault(name, sql) != sql:
            raise CpticdError(
                f"rules: relation {name} is made from two queries; give one of them another name"
            )
        if name not in self._computed:
            self.engine.create(name, sql, materialize=True)
            self._computed.add(name)
        return name

    def clear(self) -> None:
        """Forget every relation of the run."""
        for name in reversed(self._made):
            self.engine.drop(name)


def check(
    claims: Claims,
    rules: str | Iterable[str] | None = None,
    *,
    severities: str | Iterable[str] = ("error", "warning"),
    payer_kinds: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame | pa.Table] | None = None,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """One row per finding: a line, or a claim as a whole, that breaks a rule; for a coder to review.

    Parameters
    ----------
    rules: names of rules or of families; None is every rule of ``severities``. One that is named runs whatever its
        severity. ``cpticd.rules.catalogue()`` lists them.
    severities: ``error`` (a payer that follows the source denies), ``warning`` (it may), ``information`` (codes that
        could be more specific, notes about order: many).
    payer_kinds: payer's name → medicare, medicare advantage, medicaid, commercial, marketplace. A payer whose kind is
        not told is in the scope of every rule.
    tables: kind → rows in the columns that ``reference.release(kind)`` has (effective_from and effective_to may be
        missing: open), judged by instead of what has been added: ncci_ptp, ncci_mue, ncci_addon, coverage, …
    folder: where added releases lie, the user's own folder unless it is named (``cpticd.reference.store``).

    Columns
    -------
    claim_id, claim_line_number (missing: the claim as a whole), rule, family, severity; codes, the codes that
    conflict; message, in plain words; evidence, what was seen; source, the document that defines the rule, and the
    table and release that judged; effective_date, first day of the edit that fired, missing where it has none.

    Every rule is judged at the date of service, under the tables of that date. A diagnosis is found on each line
    that points to it; on the claim where no line does, or where the source has no pointers. A claim and what
    replaces it are both judged and never compared with each other.

    The contract's ``records["rules"]``: one record per rule: rule, severity, status (ran, no table, not asked),
    detail, findings. Raises ArgumentError for a rule, severity or kind that there is not, SchemaError for a table
    without its kind's columns.
    """
    kinds = _payer_kinds(payer_kinds)
    given = {kind: _given(kind, table) for kind, table in (tables or {}).items()}
    asked = chosen(rules, severities)
    engine = claims.engine
    run = Run(engine, given, folder)
    found, report = [_COLUMNS.empty_table()], {}
    inputs.prepare(engine, kinds)
    try:
        for rule in asked:
            if missing := _missing(run, rule):
                report[rule.name] = (
                    "no table",
                    f"add one: reference.add({missing!r}, files), or pass tables=",
                    0,
                )
                continue
            rows = _findings(run, rule, scopes()[rule.name])
            found.append(rows)
            report[rule.name] = ("ran", rule.note(run) if rule.note else "", rows.num_rows)
    finally:
        run.clear()
        inputs.clear(engine)
    order = [(name, "ascending") for name in ("claim_id", "claim_line_number", "rule", "codes", "evidence")]
    result = to_frame(pa.concat_tables(found).sort_by(order))
    result["claim_line_number"] = result["claim_line_number"].astype("Int64")
    return _described(result, report, kinds)


def _findings(run: Run, rule: Rule, scope: Scope) -> pa.Table:
    """The rule's findings within its scope."""
    conditions, params = _conditions(scope)
    joins = "JOIN rule_claims c ON c.claim_id = f.claim_id" if conditions else ""
    if scope.effective_from or scope.effective_to:
        joins += (
            " LEFT JOIN rule_lines l ON l.claim_id = f.claim_id AND l.claim_line_number = f.claim_line_number"
        )
    sql = f"""
        SELECT DISTINCT f.claim_id, CAST(f.claim_line_number AS INTEGER) AS claim_line_number,
            coalesce(f.codes, '') AS codes, {_SENTENCE} AS message, coalesce(f.evidence, '') AS evidence,
            coalesce(f.release, '') AS release, CAST(f.effective_date AS DATE) AS effective_date
        FROM ({rule.find(run)}) f {joins}
        {"WHERE " + " AND ".join(conditions) if conditions else ""}
    """
    rows = run.engine.fetch(sql, params)
    release = rows.column("release").to_pandas()
    source = (scope.source + "; " + release.astype(str)).where(release.ne(""), scope.source)
    constant = {"rule": rule.name, "family": scope.family, "severity": scope.severity}
    columns = {
        **{name: rows.column(name) for name in rows.column_names if name != "release"},
        **{name: pa.repeat(pa.scalar(value), rows.num_rows) for name, value in constant.items()},
        "source": pa.array(source, pa.string()),
    }
    return pa.table({name: columns[name] for name in _COLUMNS.names}).cast(_COLUMNS)


def _conditions(scope: Scope) -> tuple[list[str], dict[str, Any]]:
    """SQL and parameters of what a rule's row says of setting, payer kind and dates of service."""
    conditions: list[str] = []
    params: dict[str, Any] = {}
    for column, values in (("setting", scope.settings), ("payer_kind", scope.payer_kinds)):
        if values:
            names = [f"{column}_{i}" for i in range(len(values))]
            params |= dict(zip(names, values, strict=True))
            inside = f"c.{column} IN ({', '.join('$' + name for name in names)})"
            # A payer of unknown kind is in scope; a bill of unknown setting is not.
            conditions.append(f"(c.payer_kind IS NULL OR {inside})" if column == "payer_kind" else inside)
    day = "coalesce(l.service_date, c.service_date)"
    for name, sign in (("effective_from", ">="), ("effective_to", "<=")):
        if value := getattr(scope, name):
            conditions.append(f"{day} {sign} CAST(${name} AS DATE)")
            params[name] = value
    return conditions, params


def _missing(run: Run, rule: Rule) -> str:
    """The kind of table that a rule lacks, '' where it lacks none."""
    absent = [kind for kind in rule.tables if not run.has(kind)]
    if not absent or (rule.any_table and len(absent) < len(rule.tables)):
        return ""
    return absent[0]


def _payer_kinds(payer_kinds: Mapping[str, str] | None) -> dict[str, str]:
    given = {payer: str(kind).strip().lower() for payer, kind in (payer_kinds or {}).items()}
    known = sorted({kind for scope in scopes().values() for kind in scope.payer_kinds} | set(PAYER_KINDS))
    if strange := sorted(set(given.values()) - set(known)):
        raise ArgumentError(f"payer_kinds: found {strange}; there are {', '.join(known)}")
    return given


#: What a payer may be to a rule.
PAYER_KINDS: Final = ("commercial", "marketplace", "medicaid", "medicare", "medicare advantage")


def _given(kind: str, data: pd.DataFrame | pa.Table) -> pa.Table:
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


def _described(
    result: pd.DataFrame, report: dict[str, tuple[str, str, int]], kinds: dict[str, str]
) -> pd.DataFrame:
    asked = {name: report.get(name, ("not asked", "name it, or its severity", 0)) for name in registry()}
    states = [
        {
            "rule": name,
            "severity": scopes()[name].severity,
            "status": status,
            "detail": detail,
            "findings": count,
        }
        for name, (status, detail, count) in asked.items()
    ]
    silent = [name for name, (status, *_) in asked.items() if status == "no table"]
    return attach(
        result,
        measure="findings of coding rules",
        numerator="lines, or claims as a whole, that break a rule",
        denominator="every line and claim in the rule's scope (setting, kind of payer, dates of service)",
        clock="codes as submitted, judged at the date of service (diagnoses of a stay: at discharge)",
        exclusions=f"rules without a table: {', '.join(silent)}" if silent else "none",
        code_set_release="as each finding's source says",
        rules_run=[name for name, (status, *_) in asked.items() if status == "ran"],
        payer_kinds=kinds,
        records={"rules": states},
    )


def catalogue() -> pd.DataFrame:
    """One row per rule: its family, severity and scope, what it is about, its source, and the tables that it needs.

    rule, family, severity, settings and payer_kinds ('' for all), effective_from and effective_to (dates of service,
    inclusive, '' where open), title, source, tables (kinds of ``reference.add``; '' where they are built in).
    """
    known = scopes()
    rows = [
        {
            "rule": name,
            "family": known[name].family,
            "severity": known[name].severity,
            "settings": " ".join(known[name].settings),
            "payer_kinds": "; ".join(known[name].payer_kinds),
            "effective_from": known[name].effective_from,
            "effective_to": known[name].effective_to,
            "title": known[name].title,
            "source": known[name].source,
            "tables": (" or " if rule.any_table else ", ").join(rule.tables),
        }
        for name, rule in registry().items()
    ]
    return pd.DataFrame(rows)
