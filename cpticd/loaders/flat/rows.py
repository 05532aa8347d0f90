"""From flat rows as text to flat rows as they will be loaded: typed, repaired, numbered; the rest rejected.

One row of a flat file is a service line together with its claim, its diagnoses and, where it has any, one
adjudication of it. The tables ``flat_text`` and ``flat`` live in the intake's engine while it is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from cpticd.core.conform import quote
from cpticd.core.repeats import in_order
from cpticd.loaders import repair
from cpticd.loaders.flat import shape_overlaps, shape_totals, typed
from cpticd.loaders.flat.headings import VOCABULARY, Guess
from cpticd.loaders.flat.money_forms import usual
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT, Staged

#: Cells from which on memory is kept for the rest of the machine, and how many bytes the tables may then have of it.
_LARGE, _MEMORY = 10_000_000, 540 << 20
SHOWN_EACH = 50  # repairs of one kind in one source that are listed row by row; beyond, their number

#: Columns of ``flat`` that no source may give, and their types, so that the SQL after it is one text.
_TYPES = {
    "claim_line_number": "INTEGER", "payer_sequence": "INTEGER", "service_unit_quantity": "DECIMAL(18,3)",
    **dict.fromkeys(
        ("claim_start_date", "claim_end_date", "claim_line_start_date", "claim_line_end_date",
         "received_date", "paid_date", "birth_date"),
        "DATE",
    ),
    **dict.fromkeys(
        ("charge_amount", "claim_charge_amount", "allowed_amount", "paid_amount", "claim_paid_amount",
         "deductible_amount", "patient_responsibility_amount", "coinsurance_amount", "copay_amount"),
        "DECIMAL(18,2)",
    ),
}  # fmt: skip
_ALWAYS = (
    "claim_id", "claim_line_number", "person_id", "payer", "payer_kind", "payer_sequence", "drg_code",
    "discharge_status_code", "ndc_code", "unit_of_measure", "claim_type", "billing_npi",
    "billing_taxonomy", "facility_npi", "rendering_npi", "rendering_taxonomy",
    "place_of_service_code", "bill_type_code", "frequency_code", "original_payer_claim_id",
    "claim_start_date", "claim_end_date", "claim_line_start_date", "claim_line_end_date", "received_date",
    "paid_date", "hcpcs_code", "paid_hcpcs_code", "modifiers", "revenue_center_code",
    "service_unit_quantity", "charge_amount", "claim_charge_amount", "allowed_amount", "paid_amount",
    "claim_paid_amount", "payment_id", "adjustment_type",
    "patient_responsibility_amount", "deductible_amount", "coinsurance_amount", "copay_amount", "status",
    "denial_flag", "payer_claim_id", "diagnosis_codes", "diagnosis_code_type", "diagnosis_pointers",
    "procedure_code_type", "birth_date", "sex",
)  # fmt: skip

#: Forms of cells that need no look for what is noted of others: of providers and diagnoses.
_USUAL = {
    **dict.fromkeys(("billing_npi", "rendering_npi", "facility_npi"), "[0-9]{10}"),
    "diagnosis_code_@": "[A-TV-Z][0-9][0-9A-Z.]*",
}
#: Of these, columns that are settled later from others.
_SETTLED = ("charge_amount", "claim_charge_amount", "paid_amount", "claim_paid_amount")
#: What describes a service line, in the order of the schema: of contradictory rows it decides first which is kept.
_LINE = (
    "claim_line_start_date", "claim_line_end_date", "hcpcs_code", "_modifiers", "revenue_center_code",
    "service_unit_quantity", "unit_of_measure", "ndc_code", "place_of_service_code", "rendering_npi",
    "rendering_taxonomy", "charge_amount",
)  # fmt: skip


def cell(column: str) -> repair.Cell:
    """How a column of the flat form is read from its text."""
    return repair.of(column)(column)


def _written(column: str | None) -> str:
    """The column of ``flat_text`` that has a column's cells as they stand in their file."""
    return f"written:{column}"


class Flat:
    """The flat rows of several staged tables, in the intake's engine."""

    def __init__(self, intake: Intake, staged: Sequence[tuple[Staged, list[Guess]]]) -> None:
        self.intake = intake
        # Numbered by name: nothing depends on the order in which files were given.
        for name in sorted(table.source for table, _ in staged):
            intake.source_id(name)
        self.words = {intake.source_id(table.source): table.word for table, _ in staged}
        self.names = {intake.source_id(table.source): table.source for table, _ in staged}
        meanings = [guess.meaning for _, guesses in staged for guess in guesses if guess.meaning]
        self.columns = list(dict.fromkeys(meanings))
        #: Attributes that are kept: name → column of ``flat``.
        self.kept = {
            name: f"kept:{name}"
            for name in sorted({g.kept for _, guesses in staged for g in guesses if g.kept})
        }
        self.told: list[str] = []
        self.wordings: dict[str, str | None] = {}  # what words of the user's systems stand for, folded
        #: Columns that were made of others: amounts of the claim that its lines repeat.
        self.made: set[str] = set()
        self.empty: set[str] = set()  # columns that no row has a cell in
        self.odd: set[str] = set()  # those of which some cell has not the form that most files have
        self._headed = {
            (intake.source_id(table.source), guess.meaning): guess.column
            for table, guesses in staged
            for guess in guesses
        }
        #: What a row is, by source, where it is not a service line.
        self.grains: dict[int, str] = {}
        #: Columns of which some source writes cells in another way than they are read, and stand as written, too.
        self._rewritten = {
            guess.meaning
            for table, guesses in staged
            for place, guess in enumerate(guesses)
            if guess.meaning and (guess.day_first or guess.written or place in table.translated)
        }
        self.has_parts = False  # whether rows are parts of the decisions of others
        self._priced = {
            intake.source_id(table.source)
            for table, guesses in staged
            if any(guess.meaning in ("charge_amount", "claim_charge_amount") for guess in guesses)
        }
        self._staged = [table.table for table, _ in staged]
        self.is_large = sum(table.rows * len(table.columns) for table, _ in staged) > _LARGE
        if self.is_large:
            intake.engine.spill_beyond(_MEMORY)
        self._text(staged)
        self._typed()
        shape_totals.mark(self, staged)
        self._reject_bad()
        shape_overlaps.reject(self)
        self._split_claims()

    def has(self, *columns: str) -> bool:
        """Whether any source gives one of the columns."""
        return any(column in self.columns or column in self.made for column in columns)

    def is_headed(self, column: str, pattern: str) -> str:
        """SQL: the row's source has the column under a heading in which a pattern is found."""
        headed = [
            str(number)
            for (number, meaning), heading in self._headed.items()
            if meaning == column and re.search(pattern, heading, re.IGNORECASE)
        ]
        return f"_source IN ({', '.join(headed)})" if headed else "false"

    def family(self, prefix: str) -> list[str]:
        """Columns of a numbered family that are there, by number."""
        members = [
            c for c in self.columns if c.rpartition("_")[0] == prefix and c.rpartition("_")[2].isdigit()
        ]
        return sorted(members, key=lambda column: int(column.rpartition("_")[2]))

    def numbered(self, prefix: str) -> dict[int, str]:
        """The same, number → column."""
        return {int(column.rpartition("_")[2]): column for column in self.family(prefix)}

    def whole(self, prefix: str = "") -> str:
        """SQL of a row's content as one number: rows that are alike in all of it are copies."""
        return f"hash({', '.join(prefix + quote(column) for column in self.columns)})"

    def as_read(self, column: str) -> str:
        """SQL of a cell of ``flat_text`` as ``t``, as it stands in its file."""
        return f"t.{quote(_written(column) if column in self._rewritten else column)}"

    def order(self, prefix: str = "") -> str:
        """SQL to sort rows by what the reader sees of them: the line first, then every other column."""
        place = {column: n for n, column in enumerate(VOCABULARY)}
        others = [column for column in self.columns if column not in _LINE]
        others.sort(key=lambda c: (place.get(c, place.get(c.rpartition("_")[0] + "_@", 0)), len(c), c))
        return in_order([*_LINE, *map(quote, [*others, *self.kept.values()])], prefix)

    def location(self, prefix: str = "") -> str:
        """SQL for where a row stands in its source."""
        cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in self.words.items())
        return f"(CASE {prefix}_source {cases} END || ' ' || {prefix}_place)"

    def source_name(self, prefix: str = "") -> str:
        """SQL for the name of a row's source."""
        literal = {n: "'" + name.replace("'", "''") + "'" for n, name in self.names.items()}
        return (
            f"(CASE {prefix}_source {' '.join(f'WHEN {n} THEN {text}' for n, text in literal.items())} END)"
        )

    def note(self, reason: str, sql: str, *, action: str = "noted", table: str | None = None) -> None:
        """Report the rows of ``sql`` (``_source``, ``_place``, ``content``): the first ones each, then their number."""
        found = self.intake.records(f"SELECT _source, count(*) AS n FROM ({sql}) GROUP BY 1 ORDER BY 1")
        for row in found:
            number, total = row["_source"], row["n"]
            listed = self.intake.records(
                f"SELECT {self.source_name()} AS source, {self.location()} AS location, "
                f"CAST(content AS VARCHAR) AS content FROM ({sql}) WHERE _source = {number} "
                f"ORDER BY _place LIMIT {SHOWN_EACH}"
            )
            for each in listed:
                self.intake.reject(
                    source=each["source"], location=each["location"], table_name=table, action=action,
                    reason=reason, content=each["content"] or "",
                )  # fmt: skip
            if total > SHOWN_EACH:
                self.intake.reject(
                    source=self.names[number], location="", table_name=table, action=action,
                    reason=f"{reason}: {total - SHOWN_EACH:,} more rows",
                )  # fmt: skip

    def distinct(self, column: str, rows: str = "flat f") -> list[str]:
        """The different texts of a column of ``flat``, or of other rows."""
        found = self.intake.records(
            f"SELECT DISTINCT {column} AS x FROM {rows} WHERE {column} IS NOT NULL ORDER BY x"
        )
        return [row["x"] for row in found]

    def any(self, sql: str) -> bool:
        """Whether a SELECT has a row."""
        return self.intake.holds(f"({sql})")

    def tally(
        self, reason: str, sql: str, *, action: str = "noted", table: str | None = None, tell: bool = False
    ) -> None:
        """Report the rows of ``sql`` (as :meth:`note` does) in one row for each source: how many, and where the
        first stands. ``tell``: it is printed as well, for who does not look into rejects."""
        found = self.intake.records(
            f"SELECT {self.source_name()} AS source, arg_min({self.location()}, _place) AS location, "
            f"arg_min(left(CAST(content AS VARCHAR), 500), _place) AS content, count(*) AS n "
            f"FROM ({sql}) GROUP BY _source ORDER BY _source"
        )
        for row in found:
            words = f"{reason}: {row['n']:,} {'row' if row['n'] == 1 else 'rows, the first here'}"
            self.intake.reject(
                source=row["source"], location=row["location"], table_name=table, action=action,
                reason=words, content=row["content"] or "",
            )  # fmt: skip
            if tell:
                self.told.append(f"{row['source']}, {row['location']}: {words}")

    def tally_where(
        self, tests: Mapping[str, tuple[str, str]], *, table: str, and_where: str = "true"
    ) -> None:
        """Tally rows of ``flat`` by several tests, {reason: (content, SQL of the test)}: all are asked at once."""
        if not tests:
            return
        asked = ", ".join(f"bool_or({test}) AS t{n}" for n, (_, test) in enumerate(tests.values()))
        found = self.intake.records(f"SELECT {asked} FROM flat WHERE {and_where}")[0]
        for (reason, (content, test)), is_so in zip(tests.items(), found.values(), strict=True):
            if is_so:
                rows = f"SELECT _source, _place, {content} AS content FROM flat WHERE {and_where} AND {test}"
                self.tally(reason, rows, table=table)

    def _text(self, staged: Sequence[tuple[Staged, list[Guess]]]) -> None:
        """``flat_text``: the cells under their canonical names, a view."""
        parts = []
        for table, guesses in staged:
            given = {
                guess.meaning: repair.turned(f"c{i}") if guess.day_first else usual(f"c{i}", guess.written)
                for i, guess in enumerate(guesses)
                if guess.meaning
            }
            given |= {self.kept[guess.kept]: f"c{i}" for i, guess in enumerate(guesses) if guess.kept}
            given |= {
                _written(guess.meaning): table.as_written(i)
                for i, guess in enumerate(guesses)
                if guess.meaning in self._rewritten
            }
            written = [_written(column) for column in self.columns if column in self._rewritten]
            cells = [
                f"{given.get(column, 'CAST(NULL AS VARCHAR)')} AS {quote(column)}"
                for column in [*self.columns, *self.kept.values(), *written]
            ]
            number = self.intake.source_id(table.source)
            parts.append(
                f"SELECT {', '.join(cells)}, CAST({number} AS INTEGER) AS _source, place AS _place FROM "
                f"{table.table}"
            )
        self.intake.execute(f"CREATE OR REPLACE TEMP VIEW flat_text AS {' UNION ALL '.join(parts)}")

    def _typed(self) -> None:
        """``flat``: the cells in their types, and why a row must be rejected; what was mended is reported."""
        reader = typed.Reader(self.intake, self.columns, self.as_read)
        found = reader.read()
        self.empty, self.odd = reader.empty, reader.odd(_USUAL)
        absent = [column for column in _ALWAYS if column not in self.columns]
        values = [f"{read.value} AS {quote(column)}" for column, read in found.items()]
        values += [f"CAST(NULL AS {_TYPES[column]}) AS {column}" for column in absent if column in _SETTLED]
        values += [f"t.{quote(column)}" for column in self.kept.values()]
        why = [
            "CASE WHEN t.claim_id IS NULL THEN 'no claim id' END",
            *(r.bad for r in found.values() if r.bad),
        ]
        own = [c for c in [*self.family("hcpcs_modifier"), "modifiers"] if self.has(c)]
        modifiers = typed.modifiers(reader, own, behind=self.has("hcpcs_code"))
        given = (
            f"SELECT {', '.join(values)}, {found['claim_id'].value} AS source_claim_id, {modifiers} AS _modifiers, "
            f"coalesce({', '.join(why)}) AS _bad, t._source, t._place, "
            # no service at all; the row whose decision it is a part of; the one that a cancellation takes back
            "CAST(NULL AS BOOLEAN) AS _void, CAST(NULL AS BIGINT) AS _head, CAST(NULL AS BOOLEAN) AS _cancels, "
            "CAST(NULL AS BOOLEAN) AS _carried, "
            # its line where it has no number, the decision that it is, and what of it orders decisions
            "CAST(NULL AS INTEGER) AS _line, CAST(NULL AS INTEGER) AS _adj, CAST(NULL AS VARCHAR) AS _state, "
            "CAST(NULL AS BOOLEAN) AS _reversal, CAST(NULL AS INTEGER) AS _nth, CAST(NULL AS INTEGER) AS _n "
            f"FROM flat_text t {' '.join(r.join for r in found.values())}"
        )
        kinds = self.intake.records(f"DESCRIBE {given}")
        columns = [f"{quote(kind['column_name'])} {kind['column_type']}" for kind in kinds]
        # Columns that no file has take no room: a statement finds them, and they are null.
        columns += [
            f"{column} {_TYPES.get(column, 'VARCHAR')} GENERATED ALWAYS AS (NULL) VIRTUAL"
            for column in absent
            if column not in _SETTLED
        ]
        self.intake.execute(f"CREATE OR REPLACE TABLE flat ({', '.join(columns)}); INSERT INTO flat {given}")
        for column, read in found.items():
            for what, rows in read.repairs.items():
                self.note(
                    f"{column}: {what}",
                    f"SELECT t._source, t._place, {self.as_read(column)} AS content {rows} AND NOT EXISTS ("
                    "SELECT 1 FROM flat f WHERE f._bad IS NOT NULL AND f._source = t._source AND f._place = t._place)",
                    action="repaired", table=UNIT,
                )  # fmt: skip
        reader.clear()

    def _reject_bad(self) -> None:
        self.reject("SELECT _source, _place, _bad AS reason FROM flat WHERE _bad IS NOT NULL")

    def reject(self, sql: str) -> None:
        """Reject the rows of ``sql`` (``_source``, ``_place``, ``reason``) and take them out of ``flat``."""
        cells = ", ".join(self.as_read(column) for column in self.columns)
        found = self.intake.query(
            f"SELECT {self.source_name('b.')} AS source, {self.location('b.')} AS location, '{UNIT}' AS "
            f"table_name, "
            f"'rejected' AS action, b.reason, left(concat_ws(', ', {cells}), 500) AS content, "
            f"CASE WHEN f._void OR f._carried THEN 0 ELSE f.charge_amount END AS amount, "
            "CASE WHEN f._void THEN 'note' END AS severity, "
            f"b._source, b._place FROM ({sql}) b JOIN flat_text t ON t._source = b._source AND t._place = "
            f"b._place "
            "JOIN flat f ON f._source = b._source AND f._place = b._place ORDER BY b._source, b._place"
        )
        if not found.num_rows:
            return
        self.intake.reject_many(found)
        self.intake.engine.load("flat_gone", found.select(["_source", "_place"]))
        self.intake.execute(
            "DELETE FROM flat USING flat_gone g WHERE flat._source = g._source AND flat._place = g._place"
        )
        self.intake.execute("DROP TABLE flat_gone")

    def _split_claims(self) -> None:
        """A claim number that two persons share is two claims; its person is appended to tell them apart."""
        shared = "SELECT claim_id FROM flat GROUP BY claim_id HAVING min(person_id) <> max(person_id)"
        if self.intake.holds(f"({shared})"):
            self._one_person(shared)
            self.note(
                "a claim number that several persons share: read as one claim for each",
                f"SELECT _source, min(_place) AS _place, claim_id AS content FROM flat SEMI JOIN "
                f"({shared}) s "
                "USING (claim_id) GROUP BY _source, claim_id",
            )
            self.intake.execute(
                "UPDATE flat SET claim_id = claim_id || '/' || coalesce(person_id, '') "
                f"WHERE claim_id IN ({shared})"
            )

    def _one_person(self, shared: str) -> None:
        """A person whose identifier rows of one claim write in two ways (zeros, capitals, signs) is one person."""
        folded = "ltrim(regexp_replace(upper(person_id), '[^A-Z0-9]', '', 'g'), '0')"
        alike = (
            f"SELECT claim_id, min(person_id) AS person FROM flat WHERE claim_id IN ({shared}) "
            f"GROUP BY claim_id HAVING min({folded}) = max({folded})"
        )
        self.tally(
            "one person stands twice under a claim number, written in two ways: read as one",
            "SELECT f._source, f._place, concat(f.claim_id, ': ', f.person_id) AS content FROM flat f "
            f"JOIN ({alike}) a ON a.claim_id = f.claim_id AND f.person_id <> a.person",
            action="repaired", table=UNIT,
        )  # fmt: skip
        self.intake.execute(
            f"UPDATE flat SET person_id = a.person FROM ({alike}) a "
            "WHERE flat.claim_id = a.claim_id AND flat.person_id IS NOT NULL"
        )

    def release(self) -> None:
        """Forget the cells as they were read: no row is rejected any more."""
        self.intake.execute("DROP VIEW flat_text")
        for table in self._staged:
            self.intake.engine.connection.unregister(table)

    def finish(self) -> None:
        """Count the rows that were loaded, and drop what was only needed on the way."""
        found = self.intake.records(
            "SELECT _source, count(*) AS n, CAST(coalesce(sum(charge_amount), 0) AS DECIMAL(18,2)) AS amount, "
            "count(*) - count(charge_amount) AS unpriced FROM ("
            # the rows of one decision have one charge
            "SELECT _source, CASE WHEN _head IS NULL THEN charge_amount ELSE 0 END AS charge_amount FROM flat"
            ") f GROUP BY 1"
        )
        loaded = {row["_source"]: row for row in found}
        for number, name in self.names.items():
            row = loaded.get(number, {"n": 0, "amount": Decimal(0), "unpriced": 0})
            amount = row["amount"] if number in self._priced else None
            rejected = self.intake.count(name, UNIT, read=row["n"], loaded=row["n"], amount=amount)
            if number in self._priced and rejected + row["unpriced"]:
                self.intake.reject(
                    source=name, location="", table_name=UNIT, action="noted",
                    reason="rows without a charge that can be read, which the dollars of accounting lack: "
                    f"{row['unpriced']:,} loaded, {rejected:,} rejected",
                )  # fmt: skip
        self.intake.execute("DROP TABLE flat")
