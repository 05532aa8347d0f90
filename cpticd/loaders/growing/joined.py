"""The next state of a store of X12 files: records that an addition touches are joined and derived anew, others stay."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd import __version__, model, reference, sql
from cpticd.claims import REFERENCES
from cpticd.core.engine import DuckDBEngine
from cpticd.core.repeats import repeated
from cpticd.core.schema import REJECTS, SEVERITIES, TABLES, graded
from cpticd.loaders import payers
from cpticd.loaders.accounts import ZERO, Accounts
from cpticd.loaders.growing import counts, segments
from cpticd.loaders.growing.parsed import Cannot, Parsed
from cpticd.loaders.growing.segments import BESIDE, DERIVED, KEYS, Live, State
from cpticd.loaders.intake import OF_SERVICES, UNNUMBERED, Intake
from cpticd.loaders.parts import own_columns
from cpticd.loaders.x12.join import join
from cpticd.loaders.x12.segment_accounts import account

#: What else a state of another kind would be read wrongly by.
_FORMAT: Final = "counts"
#: Tables whose rows name a payer, who may be called otherwise when more is known.
_PAID: Final = ("claims", "adjudications", "payments")


def stamp() -> str:
    """What a segment was derived by: those of another release are not read on."""
    text = "\n".join([__version__, duckdb.__version__, _FORMAT, *sql.derivations()])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Joined:
    """Records of X12 files, joined and derived: those that new files touch, or all."""

    def __init__(
        self, parsed: Parsed, engine: DuckDBEngine, names: Mapping[int, str], live: Live | None
    ) -> None:
        """``names``: of every file by its number; ``live``: the state before, None where all is made anew."""
        self.parsed, self.engine, self.names, self.live = parsed, engine, names, live
        order = sorted(names, key=lambda number: names[number])
        self.ranks = {number: rank for rank, number in enumerate(order)}
        self.state = State(stamp=stamp(), names={str(number): name for number, name in names.items()})

    def make(self, new: Sequence[int], target: Path, folder: Path) -> None:
        """Write a segment of what the ``new`` files touch, and the folder of the state that it makes."""
        self.parsed.touch(None if self.live is None else new)
        self.new = new
        self.staged = self.parsed.touched(self.ranks, new)
        self._old()
        target.mkdir(parents=True)
        folder.mkdir(parents=True)
        intake = Intake()
        said = self._said()
        self._join(intake, said)
        for table in _PAID:
            intake.engine.execute(
                f"ALTER TABLE {table} ADD COLUMN _payer VARCHAR; UPDATE {table} SET _payer = payer"
            )
        self._settle(intake, folder)
        self._write(intake, target)
        self._derive(intake, target)
        intake.engine.close()
        self._gone(folder)
        self.state.segments = [*(self.live.state.segments if self.live else []), target.name]
        before = self.live.state.contents if self.live else {}
        self.state.contents = before | {target.name: segments.hold(target)}
        self._finish(folder, target.parent)

    # -- joining -----------------------------------------------------------------------------------

    def _said(self) -> pa.Table:
        """Names of payer ids that claims report of, as all files have them; Cannot where they changed."""
        said = self.parsed.said()
        best: dict[str, tuple[int, str]] = dict.fromkeys(self.parsed.reported(), (0, ""))
        for row in said.to_pylist():
            best[row["payer_id"]] = max(best[row["payer_id"]], (row["n"], row["payer"]))
        self.state.reported = {payer_id: name for payer_id, (_, name) in sorted(best.items())}
        for payer_id, name in self.live.state.reported.items() if self.live else ():
            if self.state.reported.get(payer_id) != name:
                raise Cannot(f"payer id {payer_id} is now mostly called otherwise")
        return said

    def _join(self, intake: Intake, said: pa.Table) -> None:
        """Join records that are touched into an intake; notes, links and identifiers are kept beside."""
        staged = self.staged
        sources = {rank: self.names[number] for number, rank in self.ranks.items()}
        self.beside: dict[str, pa.Table] = {}
        told = Intake()

        def tell(joined: Intake) -> None:
            notes = pa.concat_tables(
                [joined.query(sql.text("x12/notes")), joined.query(sql.text("x12/imbalances"))],
                promote_options="permissive",
            )
            joined.engine.load("notes_found", notes)
            found = joined.query(sql.text("growing/notes"))
            joined.engine.drop("notes_found")
            of_files = pc.equal(found["table_name"], "payments")
            fresh = pc.is_in(found["source"], pa.array([self.names[number] for number in self.new]))
            self.beside["notes"] = found.filter(pc.invert(of_files))
            for table in (joined.query(sql.text("x12/rejects")), found.filter(pc.and_(of_files, fresh))):
                if table.num_rows:
                    told.reject_many(table.select(REJECTS.names))
            self.beside["ids"] = self._numbered(joined.query("SELECT key, claim_id FROM x12_id"))
            self.beside["links"] = self._numbered(joined.query(sql.text("growing/links")))
            self.state.has_keyed_ids = joined.holds("x12_id WHERE ends_with(claim_id, '/' || key)")

        join(intake, staged, sources, said=said, tell=tell)
        kept = {name: staged[name] for name in ("sets", "left_out")}
        account(told, self.parsed.outcomes(self.ranks, self.new), sources, kept, {})
        self.file_rejects, self.file_accounts = told.rejects(), told.accounting()
        told.engine.close()

    def _numbered(self, table: pa.Table) -> pa.Table:
        """A table whose keys bear ranks of files, with their numbers instead."""
        number_of = pa.array(
            [number for number, _ in sorted(self.ranks.items(), key=lambda item: item[1])], pa.int64()
        )
        key = table["key"]
        numbers = pc.take(number_of, pc.shift_right(key, pa.scalar(32, pa.int64())))
        made = pc.bit_wise_or(
            pc.shift_left(numbers, pa.scalar(32, pa.int64())),
            pc.bit_wise_and(key, pa.scalar(0xFFFFFFFF, pa.int64())),
        )
        return table.set_column(0, "key", made)

    # -- what holds for all ------------------------------------------------------------------------

    def _old(self) -> None:
        """What stood of touched claims: their identifiers by segment, and counts of all rows without theirs.

        Also the persons of touched records, whose members are made anew.
        """
        self.engine.execute("CREATE OR REPLACE TABLE old_claims (claim_id VARCHAR, segment INTEGER)")
        self.engine.load(
            "old_persons", pa.table({"person_id": self.staged["claims"]["person_id"].drop_null().unique()})
        )
        self.counts = counts.SCHEMA.empty_table()
        if self.live is None:
            return
        for number, _ in enumerate(self.live.state.segments):
            self.engine.execute(
                f"INSERT INTO old_claims SELECT DISTINCT claim_id, {number} FROM "
                f"({self.live.select('ids', only=[number])}) SEMI JOIN touched USING (key)"
            )
            for kind, key in KEYS.items():
                mine = f"WHERE segment = {number}" if kind == "claims" else ""
                gone = self.live.gone(number, kind)
                before = f" EXCEPT SELECT {key} FROM {gone}" if gone else ""
                self.engine.execute(
                    f"CREATE OR REPLACE TABLE leaving_{kind}_{number} AS "
                    f"SELECT DISTINCT {key} FROM old_{kind} {mine}{before}"
                )
        leaving = counts.count(self.engine, self.live.leaving)
        self.counts = counts.together(self.engine, counts.read(self.live.folder), leaving, less=True)

    def _settle(self, intake: Intake, folder: Path) -> None:
        """Give payers the names that all data give them; Cannot where that changes what is not touched."""
        number = "SELECT rank FROM ranks_of_new"
        new_ranks = [self.ranks[each] for each in self.new]
        intake.engine.load("ranks_of_new", pa.table({"rank": pa.array(new_ranks, pa.int64())}))
        self._check_identifiers(intake, number)
        intake.engine.execute("DELETE FROM members")
        intake.engine.append("members", self.engine.fetch(sql.text("growing/members")))
        intake.execute(f"DELETE FROM payments WHERE _source NOT IN ({number})")
        intake.engine.drop("ranks_of_new")
        for table in OF_SERVICES:
            intake.execute(f"UPDATE {table} SET service_number = claim_line_number WHERE {UNNUMBERED}")
        said = intake.query(sql.text("payers/said"))
        if self.live is not None:
            self.engine.load("said_now", said)
            self.engine.load("said_else", self.counts.filter(pc.equal(self.counts["kind"], "payer")))
            said = self.engine.fetch(
                "SELECT payer, payer_id, CAST(sum(n) AS BIGINT) AS n, 0 AS _source FROM ("
                "SELECT payer, payer_id, n FROM said_now UNION ALL SELECT word, other, n FROM said_else "
                "WHERE word IS NOT NULL OR other IS NOT NULL) GROUP BY ALL"
            )
        named = payers.settle(intake, {}, said)
        if self.live is not None:
            self._check_names(named)
        pq.write_table(named, folder / "payer_names.parquet")
        rejects = intake.rejects()
        self.payer_notes = rejects.filter(pc.equal(rejects["source"], payers.SOURCE))
        for name in TABLES:
            if repeated(intake.engine.fetch, TABLES[name], [*self.names.values()]).num_rows:
                raise Cannot(f"rows of {name} have one key")

    def _check_identifiers(self, intake: Intake, new: str) -> None:
        """Cannot where an identifier is also that of a claim that is not touched, or a payment's is now another."""
        if self.live is None:
            return
        if self.state.has_keyed_ids or self.live.state.has_keyed_ids:
            raise Cannot("claims are told apart by their place in the files")
        self.engine.load("ids_now", self.beside["ids"])
        every = self.live.select("ids")
        others = f"(SELECT claim_id FROM ({every}) ANTI JOIN old_claims USING (claim_id)) o"
        if self.engine.holds(f"ids_now SEMI JOIN {others} USING (claim_id)"):
            raise Cannot("a number is also that of a claim told apart")
        names = "data_source, trace_number, paid_date, payment_id"
        now = intake.query(f"SELECT {names} FROM payments WHERE _source NOT IN ({new})")
        self.engine.load("payments_now", now)
        before = self.live.select("payments", names) or f"SELECT {names} FROM payments_now WHERE false"
        changed = (
            f"(SELECT {names} FROM payments_now EXCEPT ALL {before}) UNION ALL ({before} EXCEPT ALL "
            f"SELECT {names} FROM payments_now)"
        )
        if self.engine.holds(f"({changed})"):
            raise Cannot("payments are numbered otherwise")

    def _check_names(self, named: pa.Table) -> None:
        """Cannot where a payer whose rows stand has another name now."""
        assert self.live
        self.engine.load("named_now", named)
        self.engine.load("named_before", pq.read_table(self.live.folder / "payer_names.parquet"))
        changed = (
            "named_before b JOIN named_now n ON n.payer IS NOT DISTINCT FROM b.payer "
            "AND n.payer_id IS NOT DISTINCT FROM b.payer_id WHERE n.name IS DISTINCT FROM b.name"
        )
        if self.engine.holds(changed):
            raise Cannot("a payer is called otherwise now")

    # -- writing -----------------------------------------------------------------------------------

    def _write(self, intake: Intake, target: Path) -> None:
        """Write the tables with the numbers of files, and what stands beside them."""
        number_of = sorted(self.ranks.items(), key=lambda item: item[1])
        intake.engine.load(
            "file_numbers",
            pa.table(
                {"number": pa.array([n for n, _ in number_of], pa.int32()), "rank": [r for _, r in number_of]}
            ),
        )
        for name, table in TABLES.items():
            own = "" if "_row" not in own_columns(name) else "EXCLUDE (_row) "
            segments.copy(
                intake.engine,
                f"SELECT t.* {own}REPLACE (f.number AS _source) FROM {name} t "
                "JOIN file_numbers f ON f.rank = t._source "
                f"ORDER BY {', '.join(f't.{key}' for key in table.key)}",
                target / f"{name}.parquet",
            )
        for name in BESIDE:
            pq.write_table(self.beside[name], target / f"{name}.parquet")

    def _derive(self, intake: Intake, target: Path) -> None:
        """Derive what is computed of lines and claims from the tables, and write it."""
        for name in TABLES:
            for column in own_columns(name):
                intake.engine.execute(f"ALTER TABLE {name} DROP COLUMN {column}")
        for name in _PAID:
            intake.engine.execute(f"ALTER TABLE {name} DROP COLUMN _payer")
        for name in (*REFERENCES, "bill_types"):
            intake.engine.load(name, reference.table(name))
        model.derive(intake.engine, model.order())
        for name in DERIVED:
            segments.copy(intake.engine, f"SELECT * FROM {name}", target / f"{name}.parquet")

    def _gone(self, folder: Path) -> None:
        """Write which claims and persons of each segment before stand in the new one."""
        for number, _ in enumerate(self.live.state.segments if self.live else ()):
            for kind, key in KEYS.items():
                rows = f"SELECT {key} FROM leaving_{kind}_{number}"
                if gone := self.live and self.live.gone(number, kind):
                    rows += f" UNION ALL SELECT {key} FROM {gone}"
                if self.engine.holds(f"({rows})"):
                    segments.copy(self.engine, rows, folder / f"gone_{kind}_{number}.parquet")

    def _finish(self, folder: Path, place: Path) -> None:
        """Write what holds for all: families, accounting, rejects, the last day, and the list of segments."""
        engine = DuckDBEngine()
        live = Live(engine, folder, self.state, place)
        newest = [len(self.state.segments) - 1]
        fresh = counts.count(engine, lambda name: live.select(name, only=newest))
        self.counts = counts.together(engine, self.counts, fresh)
        pq.write_table(self.counts, folder / f"{counts.COUNTS}.parquet")
        engine.load("counts", self.counts)
        for name, columns in _CODES.items():
            engine.create(name, f"SELECT {columns} FROM counts WHERE table_name = '{name}' AND kind = 'code'")
        model.derive(engine, model.FAMILIES)
        for name in model.FAMILIES:
            pq.write_table(engine.fetch(f"SELECT * FROM {name}"), folder / f"{name}.parquet")
        last = engine.fetch("SELECT max(day) AS day FROM counts")["day"][0].as_py()
        self.state.last_day = last.isoformat() if last else None
        before = self.live.folder if self.live else None
        self.file_rejects = _with(before, "file_rejects", self.file_rejects)
        self.file_accounts = _with(before, "file_accounts", self.file_accounts)
        pq.write_table(self.file_rejects, folder / "file_rejects.parquet")
        pq.write_table(self.file_accounts, folder / "file_accounts.parquet")
        links = engine.records(_LINKS.format(rows=live.select("links")))
        notes = engine.fetch(f"SELECT * EXCLUDE (claim_id) FROM ({live.select('notes')})")
        accounts = self._accounting(links, notes)
        pq.write_table(accounts.table(), folder / "accounting.parquet")
        pq.write_table(self._rejects(links, notes), folder / "rejects.parquet")
        engine.close()
        self.state.write(folder)

    def _accounting(self, links: Iterable[Mapping[str, Any]], notes: pa.Table) -> Accounts:
        """Rows and dollars by file and table: what stands, what was rejected, what answers what."""
        made = Accounts()
        for row in self.file_accounts.to_pylist():
            count = made[row["source"], row["table_name"]]
            for name in ("read", "loaded", "rejected", "left_out"):
                setattr(count, name, row[name])
            for name in ("amount_read", "amount_loaded", "amount_rejected"):
                setattr(count, name, row[name] or ZERO)
        for row in self.counts.filter(pc.equal(self.counts["kind"], "file")).to_pylist():
            count = made[self.names[row["number"]], row["table_name"]]
            count.read += row["n"]
            count.loaded += row["n"]
            count.amount_read += row["amount"]
            count.amount_loaded += row["amount"]
        for row in notes.filter(pc.equal(notes["action"], "rejected")).to_pylist():
            count = made[row["source"], row["table_name"]]
            count.read += 1
            count.rejected += 1
            count.amount_read += row["amount"] or ZERO
            count.amount_rejected += row["amount"] or ZERO
        for row in links:
            for what in ("claims", "lines"):
                for matched, words in ((True, "matched to an 837"), (False, "without an 837")):
                    n = row[f"{what}_{'matched' if matched else 'alone'}"]
                    if n:
                        count = made[self.names[row["number"]], f"remittance {what} {words}"]
                        count.read, count.loaded = n, n
        return made

    def _rejects(self, links: Iterable[Mapping[str, Any]], notes: pa.Table) -> pa.Table:
        """Everything rejected, repaired or noted: of files, of claims, of payers; the gravest first."""
        alone = [
            {
                "source": self.names[row["number"]], "location": "", "table_name": "adjudications", "action": "noted",
                "severity": "note", "amount": None,
                "reason": "remittance claims that answer no claim of the files, which stand as claims of their own: "
                f"{row['claims_alone']}",
                "content": f"such as {row['example']}",
            }
            for row in links
            if row["claims_alone"] and self.parsed.has_claims()
        ]  # fmt: skip
        parts = [
            self.file_rejects,
            notes,
            self.payer_notes,
            pa.Table.from_pylist(alone, REJECTS.arrow_schema),
        ]
        found = pa.concat_tables(
            [graded(part).select(REJECTS.names).cast(REJECTS.arrow_schema) for part in parts]
        )
        rank = pc.index_in(found["severity"], value_set=pa.array(SEVERITIES))
        order = [
            ("rank", "ascending"),
            ("source", "ascending"),
            ("action", "descending"),
            ("location", "ascending"),
        ]
        return found.append_column("rank", rank).sort_by(order).select(REJECTS.names)


#: Codes of the data by the columns of the tables that hold them.
_CODES: Final = {
    "lines": "word AS hcpcs_code",
    "diagnoses": "word AS diagnosis_code, other AS diagnosis_code_type",
}
#: What remittances answer, by file.
_LINKS: Final = """
SELECT key >> 32 AS number, count(*) FILTER (matched) AS claims_matched, count(*) FILTER (NOT matched) AS claims_alone,
    sum(lines_matched) AS lines_matched, sum(lines_alone) AS lines_alone,
    min(coalesce(number, '(no number)')) FILTER (NOT matched) AS example
FROM ({rows}) GROUP BY 1 ORDER BY 1
"""


def _with(folder: Path | None, name: str, rows: pa.Table) -> pa.Table:
    """A table of the state before, and what is new."""
    if folder is None:
        return rows
    return pa.concat_tables([pq.read_table(folder / f"{name}.parquet").cast(rows.schema), rows])
