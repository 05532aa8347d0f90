"""Members as users have them: one row per person and year, under any of the usual headings, from frames and files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Union

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.core import sources
from cpticd.core.conform import as_arrow, conform
from cpticd.core.delimited import open_text
from cpticd.core.errors import InputError, SchemaError
from cpticd.core.records import Places, Reject
from cpticd.core.repeats import repeated
from cpticd.core.schema import ACCOUNTING, REJECTS, TABLES, graded
from cpticd.core.scratch import scratch

#: One table of members as users pass it, or several.
MembersLike = Union[pd.DataFrame, pa.Table, str, "os.PathLike[str]"]
_TABLE: Final = TABLES["members"]
#: Column: its usual headings, the most usual first, in lower case without blanks and punctuation.
_HEADINGS: Final = """
person_id: memberid patientid beneid beneficiaryid desynpufid mbi subscriberid memberno membernumber memberkey
  patientkey enrolid mrn patient member
year: planyear coverageyear enrollmentyear benefityear calendaryear serviceyear beneyear yearofcoverage
birth_date: dateofbirth dob memberdob patientdob birthdt benebirthdt
death_date: dateofdeath dod deathdt benedeathdt
sex: gender membersex membergender patientsex patientgender beneesexidentcd benesexidentcd
state: statecode memberstate residencestate stateofresidence
county_code: county countyfips fipscode fips fipscounty countyfipscode
dual_status_code: dualstatus dual dualstatuscd dualeligibilitycode dualeligibilitystatus medicaiddualstatus
original_reason_entitlement_code: orec oreccode originalreasonforentitlement originalreasonforentitlementcode
  originalreasonentitlement beneentlmtrsnorig
long_term_institutional: lti ltiflag longterminstitutionalflag institutional
new_enrollee: newenrolleeflag
special_needs_plan: snp snpflag specialneedsplanflag
esrd: esrdflag esrdindicator esrdind beneesrdind
esrd_status: esrdstatuscode statusofesrd
graft_date: transplantdate kidneytransplantdate dateofgraft
enrolled_months: membermonths coveragemonths monthsenrolled enrollmentmonths monthsofcoverage
part_b_months: partbcoveragemonths monthsofpartb benesmicvragetotmons
part_d_months: partdcoveragemonths monthsofpartd plancvrgmosnum
medicare_advantage_months: mamonths hmomonths monthsofhmo benehmocvragetotmons partcmonths
low_income_months: lismonths lowincomesubsidymonths
hospice_months: monthsofhospice
metal_level: metal metaltier planmetal planmetallevel metallevelcode
csr_variant: csr csrvariation csrvariantid hiosvariant planvariant
"""


class Sheet(NamedTuple):
    """One table of members in canonical columns, its cells as they were given."""

    source: str
    rows: pa.Table
    places: Sequence[str]
    rejects: list[Reject]


class Members(NamedTuple):
    """Members in canonical form, what could not be read of them, and the count of both."""

    rows: pa.Table
    rejects: pa.Table
    accounting: pa.Table


def members_table(
    given: MembersLike | Iterable[MembersLike], *, rename: Mapping[str, str] | None = None
) -> Members:
    """One row per person and year.

    Parameters: ``given`` is a DataFrame, an Arrow table, or the path of a CSV or Parquet file, or several; ``rename``
    is {their column: column of ``members``}. Of rows of the same person and year the one is kept that sorts first by
    its columns. Raises SchemaError where no column names the person or the year, InputError for what is no table.

    >>> import pandas as pd
    >>> table = members_table(pd.DataFrame({"Member ID": ["P1"], "Plan Year": [2024], "Gender": ["F"]}))
    >>> table.rows.select(["person_id", "year", "sex"]).to_pylist()
    [{'person_id': 'P1', 'year': 2024, 'sex': 'female'}]
    """
    rows: list[pa.Table] = []
    told: list[tuple[str, Reject]] = []
    loaded: dict[str, int] = {}
    for number, sheet in enumerate(sheets(given, rename=rename)):
        found = conform(_TABLE, sheet.rows)
        tag = pa.repeat(pa.scalar(number, pa.int32()), len(found.rows))
        rows.append(found.rows.append_column("_source", tag))
        loaded[sheet.source] = len(found.rows)
        told += [(sheet.source, each) for each in sheet.rejects]
        for row in found.failed.to_pylist():
            told.append((sheet.source, Reject(sheet.places[row["index"]], row["reason"], row["content"])))
    every, names = pa.concat_tables(rows), list(loaded)
    gone = {row["place"]: row for row in _repeated(every, names).to_pylist()}
    for row in gone.values():
        told.append((names[row["_source"]], Reject("", row["reason"], row["content"])))
        loaded[names[row["_source"]]] -= 1
    keep = pa.array([place not in gone for place in range(len(every))], pa.bool_())
    return Members(every.filter(keep).select(_TABLE.names), _rejects(told), _accounting(told, loaded))


def _rejects(told: list[tuple[str, Reject]]) -> pa.Table:
    rows = [
        {"source": source, "table_name": _TABLE.name, "location": each.location, "action": each.action,
         "reason": each.reason, "content": each.content}
        for source, each in told
    ]  # fmt: skip
    return graded(pa.Table.from_pylist(rows, schema=REJECTS.arrow_schema))


def _accounting(told: list[tuple[str, Reject]], loaded: Mapping[str, int]) -> pa.Table:
    rows = []
    for source, count in loaded.items():
        lost = sum(each.action == "rejected" for name, each in told if name == source)
        row = {"source": source, "table_name": _TABLE.name, "read": count + lost}
        rows.append(row | {"loaded": count, "rejected": lost, "left_out": 0})
    return pa.Table.from_pylist(rows, schema=ACCOUNTING)


def _repeated(rows: pa.Table, names: list[str]) -> pa.Table:
    with scratch() as connection:
        connection.register("incoming", rows)
        connection.execute("CREATE TEMP TABLE members AS SELECT * FROM incoming")
        found = repeated(
            lambda sql, params: connection.sql(sql, params=params).to_arrow_table(), _TABLE, names
        )
        connection.execute("DROP TABLE members")
    return found


def sheets(
    given: MembersLike | Iterable[MembersLike],
    *,
    rename: Mapping[str, str] | None = None,
    shown: Callable[[Path], str] = lambda path: path.name,
) -> Iterator[Sheet]:
    """Each table of ``given``, its columns under canonical names; ``shown`` names a file.

    Sexes become female, male or unknown, states capitals, codes of dual status two digits.
    """
    items = [given] if isinstance(given, (str, os.PathLike, pd.DataFrame, pa.Table)) else list(given)
    frames = 0
    for item in items:
        if isinstance(item, (str, os.PathLike)):
            for path in sources.paths_of(item):
                yield from (_sheet(*each, rename or {}) for each in _file(path, shown(path), rename or {}))
        elif isinstance(item, (pd.DataFrame, pa.Table, pa.RecordBatch)):
            frames += 1
            rows = as_arrow(item)
            source = "members" if frames == 1 else f"members {frames}"
            yield _sheet(source, rows, Places("row", range(1, len(rows) + 1)), [], rename or {})
        else:
            raise InputError(
                f"members: expected a DataFrame, an Arrow table or a path, found {type(item).__name__}"
            )
    if not items:
        raise InputError("members: an empty list; pass at least one table or path")


def known(cells: Iterable[str]) -> int:
    """How many cells of a row are headings of members: distinguishes a header from data."""
    return sum(1 for cell in cells if _meaning(cell) is not None)


def sex(text: str) -> str:
    """female, male or unknown."""
    folded = text.strip().lower()
    if folded in ("2", "2.0") or folded.startswith("f"):
        return "female"
    return "male" if folded in ("1", "1.0") or folded.startswith("m") else "unknown"


def _file(
    path: Path, name: str, rename: Mapping[str, str]
) -> Iterator[tuple[str, pa.Table, Sequence[str], list[Reject]]]:
    """Every table of a file: its source, rows, their places, and lines that are none."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        try:
            rows = pq.read_table(path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise InputError(f"{path}: a damaged Parquet file: {error}; get the file again") from error
        yield name, rows, Places("row", range(1, len(rows) + 1)), []
        return
    theirs = {_folded(column) for column in rename}
    for source in sources.texts(path, name):
        text = open_text(source, lambda cells: known(cells) + sum(_folded(cell) in theirs for cell in cells))
        parts = list(text.batches())
        empty = pa.table({f"c{i}": pa.array([], pa.string()) for i in range(len(text.columns))})
        rows = pa.concat_tables([empty, *(table for table, _ in parts)]).rename_columns(text.columns)
        numbers = [int(number) for _, lines in parts for number in lines]
        yield source.name, rows, Places("line", numbers), text.rejects


def _sheet(
    source: str, rows: pa.Table, places: Sequence[str], rejects: list[Reject], rename: Mapping[str, str]
) -> Sheet:
    columns = _columns(source, rows.column_names, rename)
    unused = [name for place, name in enumerate(rows.column_names) if place not in columns.values()]
    told = [*rejects]
    if unused:
        told.append(Reject("", f"columns not used: {', '.join(unused)}"[:500], "", "noted"))
    cells = {name: rows.column(place) for name, place in columns.items()}
    for name, read in _READ.items():
        if name in cells:
            cells[name] = _mapped(cells[name], read)
    return Sheet(source, pa.table(cells), places, told)


def _columns(source: str, found: list[str], rename: Mapping[str, str]) -> dict[str, int]:
    """Canonical column → place of the user's; the most usual heading where several would do."""
    renamed = {_folded(theirs): ours for theirs, ours in rename.items()}
    if unknown := [ours for ours in rename.values() if ours not in _TABLE.names]:
        raise SchemaError(f"rename: no column {unknown} in members; there are {_TABLE.names}")
    best: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(found):
        meaning = (renamed[_folded(name)], -1) if _folded(name) in renamed else _meaning(name)
        if meaning and (meaning[0] not in best or meaning[1] < best[meaning[0]][0]):
            best[meaning[0]] = (meaning[1], place)
    if missing := [name for name in _TABLE.required if name not in best]:
        example = ", ".join(f"'<your column>': {name!r}" for name in missing)
        raise SchemaError(
            f"{source}: members: no column {', '.join(map(repr, missing))}; found {found[:40]}; "
            f"pass rename={{{example}}}, or add the column: one row per person and year of coverage"
        )
    return {name: best[name][1] for name in _TABLE.names if name in best}


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _headings() -> dict[str, tuple[str, int]]:
    """Folded heading → column, and how unusual the heading is: 0 is the column's own name."""
    found: dict[str, tuple[str, int]] = {_folded(name): (name, 0) for name in _TABLE.names}
    for entry in re.split(r"\n(?=\S)", _HEADINGS.strip()):
        column, _, headings = entry.partition(":")
        for rank, heading in enumerate(headings.split(), start=1):
            found.setdefault(heading, (column, rank))
    return found


_MEANINGS: Final = _headings()


def _meaning(name: str) -> tuple[str, int] | None:
    return _MEANINGS.get(_folded(name))


def _dual(text: str) -> str:
    whole = text.strip().removesuffix(".0")
    return whole.zfill(2) if whole.isdigit() else whole.upper()


_READ: Final[dict[str, Callable[[str], str]]] = {
    "sex": sex,
    "state": lambda text: text.strip().upper(),
    "dual_status_code": _dual,
}


def _mapped(column: pa.ChunkedArray, read: Callable[[str], str]) -> pa.Array:
    """Each filled cell as ``read`` has it; every distinct text is read once."""
    cells = pa.array([None if pd.isna(cell) else str(cell) for cell in column.to_pylist()], pa.string())
    coded = cells.dictionary_encode()
    words = [read(text) if text.strip() else None for text in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(words, pa.string())).dictionary_decode()
