"""CMS's reports to Medicare Advantage plans, read by their published layouts: MMR, MOR and MAO-004.

The Monthly Membership Detail Data File (what was paid for whom), the Model Output Report (which HCCs were paid) and the
MAO-004 report (which diagnoses of encounters count) are records of fixed width. Where each field stands is the table
``plan_report_layouts``, with the source of every position, and ``verified`` false where no public source was found.
A frame with the columns named here is read as well. Names of persons are not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference
from cpticd.core import sources
from cpticd.core.conform import as_arrow, conform
from cpticd.core.errors import InputError, SchemaError
from cpticd.core.frames import to_frame
from cpticd.core.tables import Table, declare

#: What a report is given as: files, folders, or a frame with named columns.
Given: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | pd.DataFrame | pa.Table | None

MMR: Final[Table] = declare(
    "mmr",
    "One row per payment, or adjustment of earlier payments, for a person.",
    "",
    """
    person_id       text!   Medicare Beneficiary Identifier, or an identifier that persons= translates
    start_date      date!   first day of the months that are paid or adjusted
    end_date        date    the last day; absent: of the same month
    contract_id     code
    plan_id         code
    run_date        date
    payment_month   text    YYYYMM in which it was paid: the latest record of a month says how things stand
    sex             text
    birth_date      date
    county_code     code
    hospice         flag
    esrd            flag
    long_term_institutional flag
    default_factor  code    not empty: CMS paid a default factor
    risk_factor_a   number  risk score of Part A
    risk_factor_b   number  risk score of Part B
    months_a        integer
    months_b        integer
    adjustment_reason_code code
    amount_a        money   risk-adjusted payment of Part A
    amount_b        money   risk-adjusted payment of Part B
    factor_type     code    CN, CP, CF, I, E, SE, D, …
    frailty         flag
    original_reason_entitlement_code code
    lag             flag    scored on diagnoses of July to June
    frailty_factor  number
    dual_status_code code
    """,
)
MOR: Final[Table] = declare(
    "mor",
    "One row per person, model and HCC that CMS paid.",
    "",
    """
    person_id       text!
    model           text!   V24, V28, RxHCC V08
    hcc             text    empty: CMS scored him, without an HCC
    payment_month   text    YYYYMM
    run_date        date
    contract_id     code
    birth_date      date
    sex             text
    """,
)
MAO004: Final[Table] = declare(
    "mao004",
    "One row per diagnosis of an encounter or chart review.",
    "",
    """
    person_id       text!
    diagnosis_code  code!
    icn             text    CMS's number of the record
    linked_icn      text    of the record that it replaces, voids, adds to or deletes from
    encounter_type  code    1 encounter, 2 its void, 3 its replacement, 4-9 chart reviews
    phase           code    of the report
    submission_date date
    report_date     date
    from_date       date
    through_date    date    absent: from_date
    service_type    code    P, I, O, D, N
    allowed         code    A allowed, D disallowed; empty for voids and deletions
    reason_code     code    H, T, Q, D, N
    flag            code    A added, D deleted
    """,
)
_TABLES: Final = {"mmr": MMR, "mor": MOR, "mao004": MAO004}
#: Below this many characters a record holds nothing that is compared.
_LEAST: Final = {"mmr": 190, "mor": 70, "mao004": 119}


@dataclass
class Report:
    """What one report says, as a frame of its table's columns, and an account of its reading."""

    rows: pd.DataFrame
    account: dict[str, Any]
    rejects: list[dict[str, str]] = field(default_factory=list)


def read(report: str, given: Given, layouts: pd.DataFrame | None = None) -> Report | None:
    """The report of that name (mmr, mor, mao004); None where none is given.

    Raises InputError for a file that is not there or holds no record of the report, SchemaError for a frame that
    lacks columns.
    """
    if given is None:
        return None
    if isinstance(given, pd.DataFrame | pa.Table):
        return _of_frame(report, as_arrow(given))
    table = reference.table("plan_report_layouts").to_pandas()
    if layouts is not None:
        own = reference.replacement("plan_report_layouts", layouts).to_pandas()[list(table.columns)]
        table = pd.concat([own, table]).drop_duplicates(["report", "record", "field"], keep="first")
    laid = table[table["report"] == report]
    rejects: list[dict[str, str]] = []
    lines = _lines(report, given, rejects)
    made = {"mmr": _mmr, "mor": _mor, "mao004": _mao004}[report](lines, laid, rejects)
    account: dict[str, Any] = {
        "files": len(lines["file"].unique()),
        "lines": len(lines),
        "rejected_lines": sum(row["location"].startswith("line") for row in rejects),
    }
    if made.num_rows == 0:
        raise InputError(
            f"{report}: no record of CMS's layout in {lines['file'].unique().tolist()[:3]}; "
            + (f"line 1 of the rejects: {rejects[0]['reason']}; " if rejects else "")
            + "pass the data file as CMS sends it, or a frame with named columns"
        )
    done = conform(_TABLES[report], made.drop_columns(["_line", "_file"]))
    for row in done.failed.to_pylist():
        place = row["index"]
        rejects.append(
            _reject(made["_file"][place].as_py(), made["_line"][place].as_py(), row["reason"], row["content"])
        )
    unverified = laid[~laid["verified"]]["record"].unique()
    account["unverified"] = sorted(set(unverified) & set(lines["record"].unique())) if report == "mor" else []
    return Report(to_frame(done.rows), account | {"records": done.rows.num_rows}, rejects)


def _reject(file: str, line: int, reason: str, content: str = "") -> dict[str, str]:
    return {"source": file, "location": f"line {line}", "reason": reason, "content": content}


def _reject_all(rejects: list[dict[str, str]], lines: pd.DataFrame, reason: str, content: str = "") -> None:
    """An entry for each of ``lines`` (file, line), with the value of the column ``content`` where one is named."""
    for row in lines.to_dict("records"):
        said = str(row[content]) if content else ""
        rejects.append(_reject(str(row["file"]), int(row["line"]), reason, said))


def _of_frame(report: str, arrow: pa.Table) -> Report:
    """A report that is given as a frame: columns of its table, or of the MOR a column per HCC."""
    if report == "mor" and "hcc" not in arrow.column_names:
        arrow = _unpivoted(arrow)
    table = _TABLES[report]
    known = [name for name in arrow.column_names if name in table.names]
    done = conform(table, arrow.select(known))
    rejects = [
        {
            "source": report,
            "location": f"row {row['index'] + 1}",
            "reason": row["reason"],
            "content": row["content"],
        }
        for row in done.failed.to_pylist()
    ]
    ignored = [name for name in arrow.column_names if name not in table.names]
    account = {"files": 0, "lines": arrow.num_rows, "records": done.rows.num_rows, "columns_ignored": ignored}
    return Report(to_frame(done.rows), account, rejects)


def _unpivoted(arrow: pa.Table) -> pa.Table:
    """One row per person, model and HCC of a frame with a column per HCC (HCC037, RXHCC5)."""
    wide = arrow.to_pandas()
    named = wide.columns.astype(str).str.upper().str.extract(r"^(?:RX)?HCC_?0*(\d+)$")[0]
    flags = {column: hcc for column, hcc in zip(wide.columns, named, strict=True) if isinstance(hcc, str)}
    if not flags:
        raise SchemaError(f"mor: no column 'hcc', nor one per HCC such as HCC37; found {arrow.column_names}")
    rest = [column for column in wide.columns if column not in flags]
    return pa.Table.from_pandas(
        _flagged(wide[rest], wide[list(flags)].rename(columns=flags)), preserve_index=False
    )


def _flagged(people: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """``people`` with a row for each HCC whose flag is 1, one without an HCC for those who have none."""
    on = flags.astype("str").apply(lambda column: column.str.strip().isin(["1", "1.0", "Y", "True"]))
    row, column = on.to_numpy().nonzero()
    found = people.iloc[row].assign(hcc=flags.columns.to_numpy(dtype=object)[column].astype(str))
    none = people[~on.to_numpy().any(axis=1)].assign(hcc=None)
    return pd.concat([found, none], ignore_index=True) if len(none) else found.reset_index(drop=True)


def _lines(report: str, given: Any, rejects: list[dict[str, str]]) -> pd.DataFrame:
    """One row per line that holds anything: file, line, record (its first character), text."""
    parts = []
    paths = list(_files(given))
    for path, name in sources.names_of(paths).items():
        for source in sources.texts(path, name):
            text = b"".join(sources.lines_in_blocks(source)).decode("utf-8", errors="replace")
            part = pd.DataFrame({"file": source.name, "text": pd.Series(text.split("\n"), dtype="str")})
            part.insert(1, "line", range(1, len(part) + 1))
            parts.append(part[part["text"].str.strip() != ""])
    lines = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"file": [], "line": [], "text": []})
    )
    short = lines["text"].str.len() < _LEAST[report]
    first = lines["text"].str[:1]
    short &= ~first.isin({"mmr": [], "mor": ["1", "3"], "mao004": ["0", "9"]}[report])
    _reject_all(rejects, lines[short], f"shorter than a record of the {report.upper()}")
    again = lines["text"].duplicated() & ~short
    if report == "mmr" and again.any():
        for file, count in lines[again].groupby("file").size().items():
            why = f"{count} records stand word for word in a file or line before: counted once"
            rejects.append({"source": str(file), "location": "file", "reason": why, "content": ""})
        short |= again
    return lines[~short].assign(record=first[~short]).reset_index(drop=True)


def _files(given: Any) -> Iterator[Path]:
    if not isinstance(given, str | os.PathLike | Iterable):
        raise InputError(
            f"a report is a file, a list of files, a folder or a DataFrame; found {type(given).__name__}"
        )
    for path in sources.paths_of(given, folders=True):
        if path.is_dir():
            yield from sorted(
                each for each in path.rglob("*") if each.is_file() and not each.name.startswith(".")
            )
        else:
            yield path


def _cut(lines: pd.DataFrame, laid: pd.DataFrame) -> dict[str, pa.Array]:
    """The fields of records of one kind, as trimmed text; null where empty."""
    text = pa.array(lines["text"], pa.string())
    found: dict[str, pa.Array] = {}
    for each in laid.to_dict("records"):
        start = int(each["start"]) - 1
        cell = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(text, start, start + int(each["width"])))
        found[str(each["field"])] = pc.if_else(pc.equal(cell, ""), pa.scalar(None, pa.string()), cell)
    return found | {
        "_file": pa.array(lines["file"], pa.string()),
        "_line": pa.array(lines["line"], pa.int64()),
    }


def _mmr(lines: pd.DataFrame, laid: pd.DataFrame, rejects: list[dict[str, str]]) -> pa.Table:
    return pa.table(_cut(lines, laid))


def _headed(lines: pd.DataFrame, laid: pd.DataFrame, record: str) -> pd.DataFrame:
    """What the header above each line says."""
    header = lines["record"] == record
    facts = pa.table(_cut(lines[header], laid[laid["record"] == record])).to_pandas()
    number = header.groupby(lines["file"]).cumsum()
    facts = facts.drop(columns=["_line"]).assign(number=number[header].to_numpy())
    return pd.DataFrame({"_file": lines["file"], "number": number}).merge(
        facts, on=["_file", "number"], how="left"
    )


def _mor(lines: pd.DataFrame, laid: pd.DataFrame, rejects: list[dict[str, str]]) -> pa.Table:
    above = _headed(lines, laid, "1")
    parts = []
    for record, fields in laid[laid["model"] != ""].groupby("record", sort=True):
        mine = lines["record"] == record
        if not mine.any():
            continue
        cells = pa.table(_cut(lines[mine], fields)).to_pandas()
        is_hcc = cells.columns.str.startswith("hcc ")
        people = cells.loc[:, ~is_hcc].assign(model=fields["model"].iloc[0])
        for name in ("payment_month", "run_date", "contract_id"):
            people[name] = above.loc[mine, name].to_numpy()
        flags = cells.loc[:, is_hcc].rename(columns=lambda name: name.removeprefix("hcc "))
        odd = flags.notna() & ~flags.isin(["0", "1"])
        wrong = odd.any(axis=1)
        _reject_all(rejects, _placed(people[wrong]), f"record {record}: a flag that is neither 0 nor 1")
        parts.append(_flagged(people[~wrong], flags[~wrong]))
    known = {"1", "3", *laid["record"].unique()}
    _reject_all(
        rejects, lines[~lines["record"].isin(known)], "no layout of this record type; pass layouts=", "record"
    )
    names = [*MOR.names, "_line", "_file"]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return pa.Table.from_pandas(found.reindex(columns=names), preserve_index=False)


def _placed(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[["_file", "_line"]].rename(columns={"_file": "file", "_line": "line"})


def _mao004(lines: pd.DataFrame, laid: pd.DataFrame, rejects: list[dict[str, str]]) -> pa.Table:
    above = _headed(lines, laid, "0")
    detail = lines["record"] == "1"
    framed = lines["text"].str[1:2].eq("*") & lines["text"].str[109:110].eq("*")
    _reject_all(rejects, lines[detail & ~framed], "no * at positions 2 and 110, where the layout has them")
    _reject_all(
        rejects, lines[~lines["record"].isin(["0", "1", "9"])], "record type: not one of 0, 1, 9", "record"
    )
    mine = detail & framed
    cells = pa.table(_cut(lines[mine], laid[laid["record"] == "1"])).to_pandas()
    for name in ("report_date", "phase"):
        cells[name] = above.loc[mine, name].to_numpy()
    old = cells["diagnosis_version"] == "9"
    _reject_all(rejects, _placed(cells[old]), "ICD-9-CM codes, which no model of these years maps")
    cells = cells[~old]
    fixed = [name for name in cells.columns if name in MAO004.names or name.startswith("_")]
    parts = []
    for number in sorted(int(name.split()[1]) for name in cells.columns if name.startswith("diagnosis ")):
        code, flag = cells[f"diagnosis {number}"], cells[f"flag {number}"]
        given = code.notna()
        if given.any():
            parts.append(cells.loc[given, fixed].assign(diagnosis_code=code[given], flag=flag[given]))
    names = [*MAO004.names, "_line", "_file"]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return pa.Table.from_pandas(found.reindex(columns=names), preserve_index=False)
