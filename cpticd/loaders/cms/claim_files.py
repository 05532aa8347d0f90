"""One file of claims, lines, diagnoses or procedures: its rows in their types, apart by what they are of.

The tables ``cms_parts`` (what the rows of a file say of each claim), ``cms_lines``, ``cms_diagnoses`` and
``cms_procedures`` live in the intake's engine while files are read. A claim is known by its number and, where every
file of its kind names the person, by the person too: LDS numbers claims anew in each file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cpticd import reference
from cpticd.loaders import repair
from cpticd.loaders.cms import cells, layouts
from cpticd.loaders.cms.layouts import Fields
from cpticd.loaders.intake import Intake
from cpticd.loaders.repair import Cell
from cpticd.loaders.staging import UNIT, Staged

_TYPES: Final[dict[cells.Reader, str]] = {
    cells.date: "DATE",
    repair.money: "DECIMAL(18,2)",
    repair.number: "DECIMAL(18,3)",
    repair.whole: "INTEGER",
}
#: Fields whose codes say that a claim is cancelled or adjusted.
_ACTIONS: Final = ("adjustment_type", "entry_code", "disposition", "action_code", "query_code")
_LINE_SIGNS: Final = ("line_number", "hcpcs", "revenue", "line_charge", "ndc")


def _columns(fields: Mapping[str, cells.Reader]) -> str:
    return ", ".join(f"{name} {_TYPES.get(reader, 'VARCHAR')}" for name, reader in fields.items())


def create(intake: Intake) -> None:
    """The tables that files of claims are read into."""
    key = "src INTEGER, number VARCHAR, pk VARCHAR"
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_parts ({key}, person VARCHAR, denied BOOLEAN, action VARCHAR, "
        f"feed BOOLEAN, differs BOOLEAN, {_columns(cells.CLAIM)})"
    )
    intake.execute(f"CREATE OR REPLACE TABLE cms_lines ({key}, place BIGINT, {_columns(cells.LINE)})")
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_diagnoses ({key}, ord INTEGER, kind VARCHAR, code VARCHAR, version VARCHAR, "
        "poa VARCHAR)"
    )
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_procedures ({key}, ord INTEGER, code VARCHAR, version VARCHAR, day DATE)"
    )
    intake.execute(
        "CREATE OR REPLACE TABLE cms_rows (src INTEGER, rows BIGINT, total_lines BIGINT, lines_of BOOLEAN)"
    )


def meanings(field: str, x: str) -> str:
    """SQL of what a code of a field means, null for others."""
    known = layouts.codes(field)
    pairs = " ".join(
        f"WHEN '{_quoted(code)}' THEN '{meaning}'" for code, meaning in known.items() if "_" not in code
    )
    return f"CASE {x} {pairs} END"


def _normal(x: str) -> str:
    """SQL of a code of ICD without its dot; whether it is one is asked once of each code, when all are there."""
    return f"upper(replace({x}, '.', ''))"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


@dataclass
class ClaimFile:
    """One staged file."""

    intake: Intake
    staged: Staged
    kind: str  # layout and files, such as ``rif carrier dme``

    def __post_init__(self) -> None:
        self.fields = layouts.fields(self.kind, self.staged.columns)
        self.src = self.intake.source_id(self.staged.source)
        self.claim = cells.readers(self.fields, cells.CLAIM)
        self.line = cells.readers(self.fields, cells.LINE)
        self.layout = self.kind.split(" ", 1)[0]
        self.gone = ""  # SQL: which rows are left

    def load(self) -> None:
        """Fill the tables from the file's rows."""
        self._reject_bad()
        self._parts()
        totals = self._lines() if any(sign in self.line for sign in _LINE_SIGNS) else 0
        self._diagnoses()
        self._procedures()
        left = self.staged.rows - self._gone_rows()
        has_lines = "true" if any(sign in self.line for sign in _LINE_SIGNS) else "false"
        self.intake.execute(f"INSERT INTO cms_rows VALUES ({self.src}, {left}, {totals}, {has_lines})")

    def _raw(self, name: str) -> str:
        single = self.fields.single
        return cells.raw(single[name]) if name in single else "CAST(NULL AS VARCHAR)"

    def _key(self) -> str:
        """SQL of the source, the claim's number and the person."""
        if self.layout == "idr":
            parts = [
                self._raw(name) for name in ("number_date", "number_bene", "number_type", "number_claim")
            ]
            number, person = " || '/' || ".join(parts), "''"
        else:
            number, person = repair.identifier(self._raw("number")).value, f"coalesce({self._person()}, '')"
        return f"{self.src} AS src, {number} AS number, {person} AS pk"

    def _person(self) -> str:
        return repair.identifier(self._raw("person")).value

    def _rows(self) -> str:
        return f"{self.staged.table} t{self.gone}"

    def _reject_bad(self) -> None:
        """Reject rows with a cell that cannot be read, or without a claim's number."""
        every = self.claim | self.line | self._dates()
        number = "number" if self.layout != "idr" else "number_date"
        reason = (
            f"CASE WHEN {self._raw(number)} IS NULL THEN 'no number of a claim' "
            f"WHEN upper({self._raw('change')}) = 'DELETE' THEN 'DML_IND is DELETE: it takes an earlier row back' "
            f"{cells.bad(self.fields, every, self.staged.columns)} END"
        )
        amount = self.line.get("line_charge") or self.line.get("allowed")
        told = rejected(
            self.intake, self.staged, reason, amount.value if amount else "CAST(NULL AS DECIMAL(18,2))"
        )
        if told:
            self.gone = " WHERE t.place NOT IN (SELECT place FROM cms_gone)"

    def _dates(self) -> dict[str, Cell]:
        if "one_procedure_date" not in self.fields.single:
            return {}
        return {"one_procedure_date": cells.date(self._raw("one_procedure_date"))}

    def _gone_rows(self) -> int:
        if not self.gone:
            return 0
        return int(self.intake.query("SELECT count(*) AS n FROM cms_gone")["n"][0].as_py())

    def _parts(self) -> None:
        """What the rows say of each claim: header cells repeat on every line, and count once."""
        own = {name: cell.value for name, cell in self.claim.items()}
        typed = "".join(f", {value} AS {name}" for name, value in own.items())
        refused = ", ".join(f"'{code}'" for code in denied_codes())
        denied = (
            f"bool_and(coalesce(denial IN ({refused}), false))"
            if "denial" in own
            else "CAST(NULL AS BOOLEAN)"
        )
        actions = [meanings(name, self.claim[name].value) for name in _ACTIONS if name in own]
        says = {
            word: " OR ".join(f"{each} = '{word}'" for each in actions)
            for word in ("cancellation", "adjustment")
        }
        action = "".join(f" WHEN {how} THEN '{word}'" for word, how in says.items() if how)
        action = f"CASE{action} ELSE 'original' END" if action else "CAST(NULL AS VARCHAR)"
        differs = " OR ".join(f"min({name}) <> max({name})" for name in ("paid", "charge") if name in own)
        self.intake.execute(
            f"INSERT INTO cms_parts BY NAME SELECT src, number, pk, min(person) AS person, {denied} AS denied, "
            f"min(action) AS action, {'true' if self.layout == 'cclf' else 'false'} AS feed, "
            f"{differs or 'false'} AS differs"
            + "".join(f", min({name}) AS {name}" for name in own)
            + f" FROM (SELECT {self._key()}, {self._person()} AS person, {action} AS action{typed} "
            f"FROM {self._rows()}) GROUP BY src, number, pk"
        )

    def _lines(self) -> int:
        """Fill ``cms_lines``; returns how many rows were no lines, but totals: revenue 0001 without a procedure."""
        typed = "".join(f", {cell.value} AS {name}" for name, cell in self.line.items())
        filled = " OR ".join(f"{self._raw(name)} IS NOT NULL" for name in _LINE_SIGNS if name in self.line)
        total = "false"
        if "revenue" in self.line:
            total = f"coalesce({self.line['revenue'].value} = '0001', false) AND {self._raw('hcpcs')} IS NULL"
        self.intake.execute(
            f"INSERT INTO cms_lines BY NAME SELECT {self._key()}, t.place{typed} FROM {self._rows()}"
            f"{' AND' if self.gone else ' WHERE'} ({filled}) AND NOT ({total})"
        )
        if total == "false":
            return 0
        totals = f"SELECT count(*) AS n FROM {self._rows()}{' AND' if self.gone else ' WHERE'} {total}"
        return int(self.intake.query(totals)["n"][0].as_py())

    def _slots(self, name: str) -> dict[int, str]:
        """SQL of the cells of a field that stands in several slots."""
        return {slot: cells.raw(at) for slot, at in sorted(self.fields.families.get(name, {}).items())}

    def _diagnoses(self) -> None:
        """Fill ``cms_diagnoses``: the principal one, then slot by slot; ``ord`` keeps the order."""
        if "one" in self.fields.single:
            self._one_a_row()
            return
        every, version, none = [], self._raw("version"), "CAST(NULL AS VARCHAR)"
        kinds = (
            ("other", "other", 0),
            ("visit", "reason for visit", 1100),
            ("external", "external cause", 1200),
        )
        for name, kind, base in (
            ("principal", "principal", 0),
            ("admitting", "admitting", 1000),
            ("first_external", "external cause", 1200),
        ):
            if name in self.fields.single:
                own = self._raw(f"{name}_version") if f"{name}_version" in self.fields.single else version
                every.append((base, kind, self._raw(name), own, none))
        for name, kind, base in kinds:
            versions, present = self._slots(f"{name}_version"), self._slots(f"{name}_poa")
            for slot, cell in self._slots(name).items():
                every.append((base + slot, kind, cell, versions.get(slot, version), present.get(slot, none)))
        if not every:
            return
        items = ", ".join(
            f"{{'ord': {ord}, 'kind': '{kind}', 'code': {_normal(cell)}, 'version': {own}, "
            f"'poa': upper({poa})}}"
            for ord, kind, cell, own, poa in every
        )
        names = ("principal", "admitting", "first_external", "other", "visit", "external", "version")
        places = self._places(*names, *(f"{name}_version" for name in names), "other_poa", "external_poa")
        self._unnested(
            "cms_diagnoses", items, "each.ord, each.kind, each.code, each.version, each.poa", places
        )

    def _unnested(self, table: str, items: str, columns: str, places: set[int]) -> None:
        """Insert what stands in slots, once where the rows of a claim repeat the cells of these places."""
        listed = ", ".join(f"c{place}" for place in sorted(places))
        first = (
            f"SELECT min(place) FROM (SELECT {self._key()}, place, hash({listed}) AS same FROM {self._rows()}) "
            "GROUP BY number, pk, same"
        )
        self.intake.execute(
            f"INSERT INTO {table} SELECT src, number, pk, {columns} FROM ("
            f"SELECT {self._key()}, unnest(list_filter([{items}], lambda x: x.code IS NOT NULL)) AS each "
            f"FROM {self.staged.table} WHERE place IN ({first}))"
        )

    def _places(self, *names: str) -> set[int]:
        """The columns of fields, of every slot."""
        found = {place for name in names for place in self.fields.single.get(name, [])}
        return found | {
            place for name in names for at in self.fields.families.get(name, {}).values() for place in at
        }

    def _one_a_row(self) -> None:
        """Diagnoses of files with one a row, whose product type says what each is."""
        kind = meanings("product", f"upper({self._raw('product')})")
        sequence = f"coalesce(TRY_CAST({self._raw('sequence')} AS INTEGER), 0)"
        base = (
            "CASE kind WHEN 'admitting' THEN 1000 WHEN 'reason for visit' THEN 1100 WHEN 'external cause' THEN 1200 "
            "WHEN 'principal' THEN 0 ELSE 1 END"
        )
        self.intake.execute(
            f"INSERT INTO cms_diagnoses SELECT src, number, pk, {base} + sequence, coalesce(kind, 'other'), code, "
            f"version, poa FROM (SELECT {self._key()}, {kind} AS kind, {sequence} AS sequence, "
            f"{_normal(self._raw('one'))} AS code, {self._raw('version')} AS version, "
            f"upper({self._raw('one_poa')}) AS poa FROM {self._rows()}) WHERE code IS NOT NULL"
        )

    def _procedures(self) -> None:
        """Fill ``cms_procedures``."""
        if "one_procedure" in self.fields.single:
            code = _normal(self._raw("one_procedure"))
            day = self._dates()["one_procedure_date"].value if self._dates() else "CAST(NULL AS DATE)"
            self.intake.execute(
                f"INSERT INTO cms_procedures SELECT src, number, pk, ord, code, version, day FROM ("
                f"SELECT {self._key()}, "
                f"coalesce(TRY_CAST({self._raw('sequence')} AS INTEGER), 0) AS ord, {code} AS code, "
                f"{self._raw('version')} AS version, {day} AS day FROM {self._rows()}) WHERE code IS NOT NULL"
            )
            return
        slots = self._slots("procedure")
        if not slots:
            return
        versions, days = self._slots("procedure_version"), self._slots("procedure_date")
        none = "CAST(NULL AS VARCHAR)"
        items = ", ".join(
            f"{{'ord': {slot}, 'code': {_normal(cell)}, 'version': {versions.get(slot, none)}, "
            f"'day': {cells.date(days.get(slot, none)).value}}}"
            for slot, cell in slots.items()
        )
        places = self._places("procedure", "procedure_version", "procedure_date")
        self._unnested("cms_procedures", items, "each.ord, each.code, each.version, each.day", places)

    def tell_repairs(self) -> None:
        """Say what was mended or left out of cells, and how often; each distinct cell is looked at once."""
        read = {name: cell for name, cell in (self.claim | self.line).items() if cell.repairs}
        if not read:
            return
        distinct = " UNION ALL ".join(
            f"SELECT '{name}' AS field, {self._raw(name)} AS x, count(*) AS n FROM {self._rows()} GROUP BY 2"
            for name in read
        )
        self.intake.execute(
            f"CREATE OR REPLACE TABLE cms_cells AS SELECT * FROM ({distinct}) WHERE x IS NOT NULL"
        )
        plain = " ".join(
            f"WHEN '{name}' THEN regexp_full_match(x, '{cell.plain}')"
            for name, cell in read.items()
            if cell.plain
        )
        odd = self.intake.query(
            f"SELECT DISTINCT field FROM cms_cells WHERE NOT CASE field {plain} ELSE false END"
        )
        for name in sorted(odd["field"].to_pylist()):
            tests = ", ".join(
                f"sum(CASE WHEN {test} THEN n END)".replace(self._raw(name), "x")
                for test in read[name].repairs.values()
            )
            sums = self.intake.query(f"SELECT {tests} FROM cms_cells WHERE field = '{name}'").to_pydict()
            column = self.staged.columns[self.fields.single[name][0]]
            for what, found in zip(read[name].repairs, sums.values(), strict=True):
                if found[0]:
                    reason = f"{column}: {what}: {found[0]:,} cells"
                    note(self.intake, self.staged.source, reason, action="repaired")
        self.intake.execute("DROP TABLE cms_cells")

    def note_unused(self) -> None:
        """Name the columns that nothing was read from."""
        unused = [name for at, name in enumerate(self.staged.columns) if at not in self.fields.used]
        if unused:
            note(self.intake, self.staged.source, f"columns not used: {', '.join(unused)}")


def denied_codes() -> list[str]:
    """Codes of the carrier's payment denial that deny a claim."""
    rows = reference.table("carrier_payment_denial").to_pylist()
    return [row["code"] for row in rows if row["class"] == "denied"]


def note(intake: Intake, source: str, reason: str, *, table: str = UNIT, action: str = "noted") -> None:
    """Note something of a file."""
    intake.reject(source=source, location="", table_name=table, reason=reason, action=action)


def rejected(intake: Intake, staged: Staged, reason: str, amount: str) -> int:
    """Reject the rows of a staged file for which the SQL ``reason`` says why; ``cms_gone`` has their places."""
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_gone AS SELECT * FROM (SELECT place, {reason} AS reason FROM {staged.table}) "
        "WHERE reason IS NOT NULL"
    )
    shown = ", ".join(f"c{i}" for i in range(len(staged.columns)))
    found = intake.query(
        f"SELECT $source AS source, '{staged.word} ' || g.place AS location, '{UNIT}' AS table_name, "
        f"'rejected' AS action, g.reason, left(concat_ws(', ', {shown}), 500) AS content, "
        f"CAST({amount} AS DECIMAL(18,2)) AS amount FROM {staged.table} t JOIN cms_gone g ON g.place = t.place "
        "ORDER BY g.place",
        {"source": staged.source},
    )
    if found.num_rows:
        intake.reject_many(found)
    return found.num_rows


def signatures(intake: Intake, staged: Staged, fields: Fields) -> None:
    """Keep the table of reasons that lines of IDR extracts refer to."""

    def of(name: str) -> str:
        return cells.code(cells.raw(fields.single[name])).value if name in fields.single else "NULL"

    values = ", ".join(
        f"CAST({of(name)} AS VARCHAR) AS {name}" for name in (f"ansi_{n}" for n in range(1, 5))
    )
    key = repair.identifier(cells.raw(fields.single["signature"])).value
    intake.execute(
        f"CREATE OR REPLACE TABLE cms_signatures AS SELECT {key} AS signature, {values} FROM {staged.table}"
    )
    intake.count(staged.source, UNIT, read=staged.rows, loaded=staged.rows)
