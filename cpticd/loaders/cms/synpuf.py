"""CMS DE-SynPUF: synthetic Medicare claims of 2008-2010, in the official layout and in its usual long form.

Layout: CMS, "DE 1.0 Codebook" (Medicare Claims Synthetic Public Use Files). Carrier rows are claims with
13 lines side by side; inpatient and outpatient rows are claim segments with 45 procedure codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.repeats import differences, in_order
from cpticd.loaders import closing, repair
from cpticd.loaders.cms import beneficiary_summary, drug_events, layouts
from cpticd.loaders.cms.codebook import FACILITY, HEAD, LINE, MONEY, SLOTS, known, tell
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options
from cpticd.loaders.staging import UNIT, Stage, Staged, TableLike

Tables = TableLike | Iterable[TableLike] | None


def read_synpuf(
    *,
    carrier: Tables = None,
    beneficiary: Tables = None,
    inpatient: Tables = None,
    outpatient: Tables = None,
    pde: Tables = None,
    quiet: bool = False,
    progress: bool = True,
) -> Claims:
    """One data set of DE-SynPUF files: one line per carrier line that holds something.

    Parameters: each a path (CSV, gzip, zip, Parquet; globs), a DataFrame or Arrow table, or a list of
    them. ``carrier`` is the official layout (13 lines side by side, or fewer) or the long form with one
    row per line; ``beneficiary`` files are one row per person and year (the year is in ``BENE_YEAR`` or in
    the file's name); ``pde`` are prescription drug events, one row per fill.

    What the files lack is not invented: there is no submitted charge, so ``charge_amount`` holds the
    allowed charge (LINE_ALOWD_CHRG_AMT; rejects note it), no paid date, no reason codes but deductible
    (PR-1), coinsurance (PR-2) and other payer (OA-23). The processing indicator is a line's outcome,
    whatever was paid beside it. Diagnoses stay ICD-9-CM; a line's own diagnosis is its one pointer, and is
    added to the claim's diagnoses where it is not among them.

    ``quiet``: the line of what was loaded, in rows and dollars, is not printed.

    Raises InputError for what is no table, SchemaError for columns that are not DE-SynPUF's.

    >>> import cpticd as cx, pandas as pd
    >>> row = {"DESYNPUF_ID": "P1", "CLM_ID": "7", "CLM_FROM_DT": "20080105", "CLM_THRU_DT": "20080105"}
    >>> line = {"HCPCS_CD_1": "99213", "LINE_PRCSG_IND_CD_1": "A", "LINE_ALOWD_CHRG_AMT_1": "80"}
    >>> claims = cx.read_synpuf(carrier=pd.DataFrame([row | line]), quiet=True, progress=False)
    >>> claims.table("line_outcomes")["initial_outcome"].tolist()
    ['paid']
    """
    given = {
        "carrier": carrier, "inpatient": inpatient, "outpatient": outpatient, "beneficiary": beneficiary, "pde": pde,
    }  # fmt: skip
    if all(files is None for files in given.values()):
        raise ArgumentError(f"read_synpuf needs at least one of {', '.join(f'{kind}=' for kind in given)}")
    intake = Intake(progress=progress)
    load({kind: [files] for kind, files in given.items() if files is not None}, intake, Options())
    return closing.ended(intake, quiet=quiet)


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the tables from claim files and beneficiary summaries."""
    stage = Stage(intake)
    drug_events.create(intake)
    for kind, given in files.items():
        for table in stage.put(given, name=kind, unit=UNIT, known=known):
            with intake.file(table.source):
                if kind == "beneficiary":
                    beneficiary_summary.load(intake, table)
                elif kind == "pde":
                    drug_events.take(intake, table, layouts.fields("synpuf pde", table.columns))
                elif kind == "carrier":
                    Source(intake, table).carrier()
                else:
                    Source(intake, table).facility(kind)
    stage.clear()
    drug_events.fill(intake)


@dataclass
class Source:
    """One staged claim file."""

    intake: Intake
    staged: Staged

    def __post_init__(self) -> None:
        self.place = {name.strip().upper(): f"c{i}" for i, name in enumerate(self.staged.columns)}
        self.number = self.intake.source_id(self.staged.source)
        missing = [name for name, _ in HEAD.values() if name not in self.place]
        if missing:
            raise SchemaError(
                f"{self.staged.source}: no column {', '.join(missing)}; found {self.staged.columns[:20]}; "
                "a DE-SynPUF claim file has them; read other flat files with cpticd.read_wide()"
            )

    def numbers(self, name: str) -> list[int]:
        """Which of ``name_1``, ``name_2``… are there."""
        return [n for n in range(1, SLOTS + 1) if f"{name}_{n}" in self.place]

    def cells(self, columns: Mapping[str, tuple[str, object]], suffix: str = "") -> str:
        """SQL: trimmed text cells under short names, null where the file has no such column."""
        return ", ".join(
            f"{self.place.get(name + suffix, 'CAST(NULL AS VARCHAR)')} AS {short}"
            for short, (name, _) in columns.items()
        )

    def carrier(self) -> None:
        """Fill the tables from a carrier file, wide or long."""
        long = "HCPCS_CD" in self.place or "LINE_ICD9_DGNS_CD" in self.place
        slots = [] if long else sorted({n for name, _ in LINE.values() for n in self.numbers(name)})
        if not long and not slots:
            raise SchemaError(
                f"{self.staged.source}: neither HCPCS_CD nor HCPCS_CD_1; found {self.staged.columns[:20]}; "
                "not a DE-SynPUF carrier file"
            )
        head, dx = self.cells(HEAD), self._list("ICD9_DGNS_CD")
        if long:
            number = self.place.get("LINE_NUM", "CAST(NULL AS VARCHAR)")
            parts = [
                f"SELECT {head}, {dx} AS dxs, {self.cells(LINE)}, {number} AS line, place FROM "
                f"{self.staged.table}"
            ]
        else:
            parts = [
                f"SELECT {head}, {dx} AS dxs, {self.cells(LINE, f'_{n}')}, '{n}' AS line, place FROM "
                f"{self.staged.table}"
                for n in slots
            ]
        self._typed(" UNION ALL ".join(parts), HEAD | LINE | {"line": ("LINE_NUM", repair.whole)})
        if long and "LINE_NUM" not in self.place:
            self.intake.execute(
                "UPDATE puf SET line = n FROM (SELECT rowid AS rid, row_number() OVER (PARTITION BY "
                "claim_id ORDER BY hcpcs, dx, npi, indicator, allowed, paid, "
                f"{in_order(['deductible', 'coinsurance', 'primary_payer', 'start', 'finish', 'person_id', 'dxs'])}, "
                "place) AS n FROM puf) x WHERE puf.rowid = x.rid"
            )
        self._reject_repeats("claim_id, line" if long else "claim_id", "claim and line" if long else "claim")
        amounts = " OR ".join(f"coalesce({c}, 0) <> 0" for c in MONEY)
        empty = f"hcpcs IS NULL AND dx IS NULL AND indicator IS NULL AND npi IS NULL AND NOT ({amounts})"
        self._finish_rows()
        self.intake.execute(f"CREATE OR REPLACE TABLE puf_lines AS SELECT * FROM puf WHERE NOT ({empty})")
        self._diagnoses()
        self._carrier_tables()

    def _list(self, name: str, kind: Callable[[str], repair.Cell] = repair.diagnosis) -> str:
        """SQL: the cells of ``name_1``, ``name_2``… as a list of codes."""
        cells = ", ".join(self.place[f"{name}_{n}"] for n in self.numbers(name))
        return f"list_transform(CAST([{cells}] AS VARCHAR[]), lambda x: {kind('x').value})"

    def _typed(self, sql: str, columns: Mapping[str, tuple[str, object]]) -> None:
        """``puf``: the rows of ``sql`` in their types; one with a cell that cannot be read is rejected whole."""
        read = {short: kind(short) for short, (_, kind) in columns.items()}  # type: ignore[operator]
        values = ", ".join(f"{cell.value} AS {short}" for short, cell in read.items())
        bad = " ".join(
            f"WHEN {cell.bad} THEN '{columns[short][0]}: {cell.why}: ' || left({short}, 60)"
            for short, cell in read.items()
            if cell.bad != "false"
        )
        self.intake.execute(
            f"CREATE OR REPLACE TABLE puf AS SELECT {values}, dxs, place, "
            f"CASE WHEN claim_id IS NULL THEN 'no CLM_ID' {bad} END AS bad FROM ({sql})"
        )
        self._reject("SELECT place, min(bad) AS reason FROM puf WHERE bad IS NOT NULL GROUP BY place")

    def _reject(self, sql: str) -> None:
        cells = ", ".join(f"c{i}" for i in range(len(self.staged.columns)))
        found = self.intake.query(
            f"SELECT $source AS source, '{self.staged.word} ' || b.place AS location, '{UNIT}' AS "
            f"table_name, "
            f"'rejected' AS action, b.reason, left(concat_ws(', ', {cells}), 500) AS content, "
            f"CAST(NULL AS DECIMAL(18,2)) AS amount, b.place FROM ({sql}) b "
            f"JOIN {self.staged.table} t ON t.place = b.place ORDER BY b.place",
            {"source": self.staged.source},
        )
        if found.num_rows:
            self.intake.reject_many(found)
            self.intake.engine.load("puf_gone", found.select(["place"]))
            self.intake.execute("DELETE FROM puf WHERE place IN (SELECT place FROM puf_gone)")
            self.intake.execute("DROP TABLE puf_gone")

    def _used(self) -> list[str]:
        """Columns of the file that are read, in the order of the codebook."""
        plain = [name for name, _ in [*HEAD.values(), *FACILITY.values(), *LINE.values()]] + ["LINE_NUM"]
        families = ("ICD9_DGNS_CD", "ICD9_PRCDR_CD", "HCPCS_CD", *(name for name, _ in LINE.values()))
        every = [*plain, *(f"{name}_{n}" for n in range(1, SLOTS + 1) for name in families)]
        return [name for name in dict.fromkeys(every) if name in self.place]

    def _reject_repeats(self, key: str, what: str) -> None:
        """Of rows with the same key the one is kept that sorts first by its cells, in the order of the codebook."""
        keys = f"SELECT DISTINCT place, {key} FROM puf"
        again = f"SELECT {key} FROM ({keys}) GROUP BY ALL HAVING count(*) > 1"
        if not self.intake.holds(f"({again})"):
            return
        used = [name for name in self._used() if name not in ("CLM_ID", "LINE_NUM", "SEGMENT")]
        cells = ", ".join(f"t.{self.place[name]} AS {name}" for name in used)
        same = " AND ".join(f"{{0}}.{name} IS NOT DISTINCT FROM {{1}}.{name}" for name in key.split(", "))
        self._reject(
            f"""
            WITH repeated AS (
                SELECT k.*, {cells} FROM ({keys}) k JOIN ({again}) a ON {same.format("k", "a")}
                JOIN {self.staged.table} t ON t.place = k.place
            ),
            ranked AS (
                SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {in_order(used)}, place) AS nth FROM repeated
            )
            SELECT o.place, min('{what} stand twice in the file'
                || coalesce(': ' || {differences(used, "f", "o")}, '')) AS reason
            FROM ranked o JOIN ranked f ON f.nth = 1 AND {same.format("o", "f")} WHERE o.nth > 1 GROUP BY o.place
            """
        )

    def _finish_rows(self) -> None:
        rows = self.intake.query("SELECT count(DISTINCT place) AS n FROM puf").column("n")[0].as_py()
        self.intake.count(self.staged.source, UNIT, read=rows, loaded=rows)
        used = {*self._used()}
        unused = [name for name in self.staged.columns if name.strip().upper() not in used]
        if unused:
            self._note(f"columns not used: {', '.join(unused)}")

    def _note(self, reason: str, content: str = "") -> None:
        self.intake.reject(
            source=self.staged.source,
            location="",
            table_name=UNIT,
            reason=reason,
            content=content,
            action="noted",
        )

    def _diagnoses(self) -> None:
        """``puf_dx``: claim_id, position, code; diagnoses of lines that the claim lacks come after the others."""
        self.intake.execute(
            """
            CREATE OR REPLACE TABLE puf_dx AS
            WITH listed AS (
                SELECT claim_id, pos, min(code) AS code FROM (
                    SELECT claim_id, unnest(range(1, len(dxs) + 1)) AS pos, unnest(dxs) AS code FROM puf
                ) WHERE code IS NOT NULL GROUP BY claim_id, pos
            ),
            others AS (
                SELECT claim_id, code, min(line) AS line FROM (
                    SELECT claim_id, line, dx AS code FROM puf_lines WHERE dx IS NOT NULL
                    UNION ALL
                    SELECT claim_id, 9999, code FROM (SELECT claim_id, unnest(dxs) AS code FROM puf)
                        WHERE code IS NOT NULL
                ) GROUP BY claim_id, code
            ),
            missing AS (SELECT o.* FROM others o ANTI JOIN listed l ON l.claim_id = o.claim_id
                AND l.code = o.code),
            last AS (SELECT claim_id, max(pos) AS last FROM listed GROUP BY claim_id)
            SELECT claim_id, CAST(pos AS INTEGER) AS position, code FROM listed
            UNION ALL
            SELECT m.claim_id, CAST(coalesce(l.last, 0) + row_number() OVER (
                PARTITION BY m.claim_id ORDER BY m.line, m.code) AS INTEGER), m.code
            FROM missing m LEFT JOIN last l ON l.claim_id = m.claim_id
            """
        )
        self._insert(
            "diagnoses",
            "SELECT claim_id, position AS diagnosis_position, code AS diagnosis_code, 'icd-9-cm' AS "
            "diagnosis_code_type "
            "FROM puf_dx",
        )

    def _insert(self, table: str, select: str) -> None:
        self.intake.insert(table, f"SELECT *, CAST({self.number} AS INTEGER) AS _source FROM ({select})")

    def _claims(self, kind: str, charge: str) -> None:
        source = self.staged.source.replace("'", "''")
        self._insert(
            "claims",
            f"SELECT claim_id, min(person_id) AS person_id, '{kind}' AS claim_type, 'Medicare' AS payer, "
            f"'medicare' AS payer_kind, "
            f"min(start) AS claim_start_date, max(finish) AS claim_end_date, {charge} AS charge_amount, "
            f"'{source}' AS data_source FROM puf GROUP BY claim_id",
        )

    def _carrier_tables(self) -> None:
        self._note(
            "DE-SynPUF has no submitted charge: charge_amount is the allowed charge, LINE_ALOWD_CHRG_AMT",
        )
        self._claims("professional", "sum(allowed)")
        self._insert(
            "lines",
            "SELECT claim_id, line AS claim_line_number, start AS claim_line_start_date, finish AS "
            "claim_line_end_date, "
            "hcpcs AS hcpcs_code, npi AS rendering_npi, allowed AS charge_amount, indicator AS "
            "processing_indicator_code "
            "FROM puf_lines",
        )
        self._insert(
            "pointers",
            "SELECT l.claim_id, l.line AS claim_line_number, 1 AS pointer_position, min(d.position) AS "
            "diagnosis_position "
            "FROM puf_lines l JOIN puf_dx d ON d.claim_id = l.claim_id AND d.code = l.dx GROUP BY "
            "l.claim_id, l.line",
        )
        self._insert(
            "adjudications",
            "SELECT claim_id, 1 AS adjudication_number, 'Medicare' AS payer, sum(allowed) AS charge_amount, "
            "sum(paid) AS paid_amount, sum(coalesce(deductible, 0) + coalesce(coinsurance, 0)) "
            "AS patient_responsibility_amount, min(source) AS data_source "
            f"FROM (SELECT *, '{self.staged.source.replace(chr(39), chr(39) * 2)}' AS source FROM "
            f"puf_lines) GROUP BY claim_id",
        )
        self._insert(
            "line_payments",
            "SELECT claim_id, 1 AS adjudication_number, line AS claim_line_number, hcpcs AS hcpcs_code, "
            "allowed AS charge_amount, allowed AS allowed_amount, paid AS paid_amount, start AS "
            "service_date FROM puf_lines",
        )
        self._shares("claim_id, line AS claim_line_number", "puf_lines")

    def _shares(self, keys: str, table: str) -> None:
        """What patient and other payers bore, as the adjustments that a remittance would show."""
        reasons = (("deductible", "PR", "1"), ("coinsurance", "PR", "2"), ("primary_payer", "OA", "23"))
        parts = " UNION ALL ".join(
            f"SELECT {keys}, {n} AS n, '{group}' AS group_code, '{carc}' AS carc, {column} AS amount FROM "
            f"{table} "
            f"WHERE {column} <> 0"
            for n, (column, group, carc) in enumerate(reasons, start=1)
        )
        self._insert(
            "adjustments",
            "SELECT claim_id, 1 AS adjudication_number, claim_line_number, CAST(row_number() OVER ("
            "PARTITION BY claim_id, claim_line_number ORDER BY n) AS INTEGER) AS adjustment_position, "
            f"group_code, carc, amount FROM ({parts})",
        )

    def facility(self, kind: str) -> None:
        """Fill the tables from an inpatient or outpatient file: claims in segments, payment per claim."""
        hcpcs = self._list("HCPCS_CD", repair.procedure)
        self._typed(
            f"SELECT {self.cells(HEAD)}, {self._list('ICD9_DGNS_CD')} AS dxs, "
            f"struct_pack(h := {hcpcs}, p := {self._list('ICD9_PRCDR_CD')}) AS lists, "
            f"{self.cells(FACILITY)}, place FROM {self.staged.table}",
            HEAD | FACILITY | {"lists": ("", repair.text)},
        )
        self._reject_repeats("claim_id, segment", "claim and segment")
        self._finish_rows()
        self._note(f"DE-SynPUF {kind} claims have no charges, only what was paid for the claim as a whole")
        self.intake.execute(
            f"CREATE OR REPLACE TABLE puf_lines AS SELECT * FROM (SELECT claim_id, start, finish, "
            f"CAST(NULL AS VARCHAR) AS dx, "
            f"CAST((coalesce(segment, 1) - 1) * {SLOTS} + unnest(range(1, len(lists.h) + 1)) AS INTEGER) "
            f"AS line, "
            "unnest(lists.h) AS hcpcs FROM puf) WHERE hcpcs IS NOT NULL"
        )
        self._diagnoses()
        self._claims("institutional", "CAST(NULL AS DECIMAL(18,2))")
        self._insert(
            "lines",
            "SELECT claim_id, line AS claim_line_number, start AS claim_line_start_date, finish AS "
            "claim_line_end_date, "
            "hcpcs AS hcpcs_code FROM puf_lines",
        )
        self._insert(
            "procedures",
            "SELECT claim_id, CAST(row_number() OVER (PARTITION BY claim_id ORDER BY min(pos), code) AS "
            "INTEGER) "
            "AS procedure_position, code AS procedure_code, 'icd-9-pcs' AS procedure_code_type FROM ("
            "SELECT claim_id, unnest(range(1, len(lists.p) + 1)) + 10 * coalesce(segment, 1) AS pos, "
            "unnest(lists.p) AS code FROM puf) WHERE code IS NOT NULL GROUP BY claim_id, code",
        )
        patient = "coalesce(deductible, 0) + coalesce(deductible_b, 0) + coalesce(blood, 0)"
        self.intake.execute(
            f"CREATE OR REPLACE TABLE puf_claims AS SELECT claim_id, sum(paid) AS paid, sum({patient}) AS "
            f"deductible, "
            "sum(coalesce(coinsurance, 0) + coalesce(coinsurance_b, 0)) AS coinsurance, "
            "sum(coalesce(primary_payer, 0)) AS primary_payer FROM puf GROUP BY claim_id"
        )
        self._insert(
            "adjudications",
            "SELECT claim_id, 1 AS adjudication_number, 'Medicare' AS payer, paid AS paid_amount, "
            "deductible + coinsurance AS patient_responsibility_amount FROM puf_claims",
        )
        self._shares("claim_id, CAST(NULL AS INTEGER) AS claim_line_number", "puf_claims")


LOADER = Loader("DE-SynPUF", tell, load, known)
