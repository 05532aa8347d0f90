"""Which reader a file needs, told by what is in it."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd import claims as saved
from cpticd.claims import Claims
from cpticd.core import sources
from cpticd.core.delimited import open_text
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.schema import TABLES
from cpticd.loaders import canonical
from cpticd.loaders.cms import synpuf
from cpticd.loaders.flat import headings, wide
from cpticd.loaders.x12.reader import looks_like_x12, read_x12

#: Families of inputs; those of one family are read together as one data set.
X12, TABLES_FAMILY, SYNPUF, FLAT = "X12", "canonical tables", "DE-SynPUF", "flat file"

_TUVA_ONLY = {
    "rendering_id",
    "billing_id",
    "copayment_amount",
    "total_cost_amount",
    "claim_line_end_date",
    "drg_code",
}
_SYNPUF_SIGNS = {
    "beneficiary": {"DESYNPUF_ID", "BENE_BIRTH_DT"},
    "inpatient": {"DESYNPUF_ID", "CLM_ID", "CLM_ADMSN_DT"},
    "outpatient": {"DESYNPUF_ID", "CLM_ID", "NCH_BENE_PTB_DDCTBL_AMT"},
}


#: Where ``cpticd simulate`` puts what it planted, beside the claims: no claims.
_TRUTH = "truth"


@dataclass(frozen=True)
class Found:
    """What one file is: its family, and which keyword of the family's reader takes it."""

    path: Path
    family: str
    keyword: str = ""


def read(
    *paths: sources.PathLike | Iterable[sources.PathLike], progress: bool = True, **options: Any
) -> Claims:
    """Claims from files whose format is told by their content.

    Parameters: ``paths`` are files, globs, or folders (searched through): X12, canonical tables (CSV or
    Parquet, by their columns), Tuva's medical_claim, DE-SynPUF, flat exports, or one folder that
    ``Claims.save`` wrote. All must be of one kind. ``options`` go to that kind's reader, such as
    ``rename`` for flat files.

    Raises InputError for what is not there or is none of these; it says what was seen. In a folder, files
    that are none of these are skipped with a warning; ``truth``, which ``cpticd simulate`` writes, is no claims.
    """
    given = [each for item in paths for each in ([item] if isinstance(item, (str, os.PathLike)) else item)]
    found = sources.paths_of(given, folders=True)
    if any(path.is_dir() and (path / "cpticd.json").is_file() for path in found):
        if len(found) > 1:
            raise InputError(
                f"{found[0]} and others: a saved data set is read alone; open it with cpticd.open()"
            )
        return _call(saved.open, found[0], **options)
    rename = options.get("rename")
    kinds: list[Found] = []
    for path in found:
        kinds += _folder(path, rename) if path.is_dir() else [tell(path, rename)]
    return _read(kinds, progress, options)


def _folder(folder: Path, rename: Mapping[str, str] | None) -> list[Found]:
    files_in = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    inside = sorted(p for p in files_in if _TRUTH not in p.relative_to(folder).parts[:-1])
    if not inside:
        raise InputError(
            f"{folder}: the folder holds no files; pass the folder or the files that hold the claims"
        )
    found, skipped = [], []
    for path in inside:
        try:
            found.append(tell(path, rename))
        except InputError as error:
            skipped.append(str(error))
    if not found:
        raise InputError(
            f"{folder}: none of its {len(inside)} files can be read as claims, e.g. {skipped[0]}"
        )
    if skipped:
        warnings.warn(f"{folder}: skipped {len(skipped)} files: " + "; ".join(skipped[:5]), stacklevel=3)
    return found


def _read(kinds: list[Found], progress: bool, options: dict[str, Any]) -> Claims:
    families = {kind.family: kind.path for kind in kinds}
    if len(families) > 1:
        seen = ", ".join(f"{path.name} ({family})" for family, path in families.items())
        raise InputError(f"files of several kinds: {seen}; read each kind by itself")
    family = next(iter(families))
    if family == X12:
        return _call(read_x12, [kind.path for kind in kinds], progress=progress, **options)
    if family == FLAT:
        return _call(wide.read_wide, [kind.path for kind in kinds], progress=progress, **options)
    by_keyword: dict[str, list[Path]] = {}
    for kind in kinds:
        by_keyword.setdefault(kind.keyword, []).append(kind.path)
    reader = synpuf.read_synpuf if family == SYNPUF else canonical.read_tables
    return _call(reader, progress=progress, **by_keyword, **options)


def _call(reader: Any, *args: Any, **options: Any) -> Claims:
    known = reader.__kwdefaults__ or {}
    if unknown := [name for name in options if name not in known]:
        raise ArgumentError(
            f"{reader.__name__} has no option {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return reader(*args, **options)


def tell(path: Path, rename: Mapping[str, str] | None = None) -> Found:
    """What one file is, its columns renamed as ``rename`` says.

    Raises InputError, which says what was seen, where it is nothing that cpticd reads.
    """
    renamed = {theirs.strip().casefold(): ours for theirs, ours in (rename or {}).items()}
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] == b"PAR1":
        try:
            columns = pq.ParquetFile(path).schema_arrow.names
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{path}: a damaged Parquet file: {error}; get the file again") from error
        return _by_columns(path, [renamed.get(name.strip().casefold(), name) for name in columns])
    if not start:
        raise InputError(f"{path}: the file is empty")
    source = next(sources.texts(path))
    if looks_like_x12(sources.sample(source)):
        return Found(path, X12)
    columns = open_text(
        source, lambda cells: _any_name(cells) + sum(c.strip().casefold() in renamed for c in cells)
    ).columns
    return _by_columns(path, [renamed.get(name.strip().casefold(), name) for name in columns])


def _any_name(cells: list[str]) -> int:
    return max(
        headings.known(cells),
        synpuf.known(cells),
        *(len({*cells} & {*table.names}) for table in TABLES.values()),
    )


def _by_columns(path: Path, columns: list[str]) -> Found:
    upper, lower = {name.upper() for name in columns}, {name.lower() for name in columns}
    if "DESYNPUF_ID" in upper:
        for keyword, signs in _SYNPUF_SIGNS.items():
            if signs <= upper:
                return Found(path, SYNPUF, keyword)
        if any(
            name.startswith(("LINE_PRCSG_IND_CD", "LINE_ICD9_DGNS_CD", "LINE_NCH_PMT_AMT")) for name in upper
        ):
            return Found(path, SYNPUF, "carrier")
        raise InputError(f"{path}: DE-SynPUF, but neither claims nor beneficiaries; found {columns[:12]}")
    if (
        "claim_id" in lower
        and any(name.startswith("diagnosis_code_") for name in lower)
        and len(_TUVA_ONLY & lower) >= 2
    ):
        return Found(path, TABLES_FAMILY, "medical_claim")
    if table := _canonical(path, lower):
        return Found(path, TABLES_FAMILY, table)
    meanings = {guess.meaning for guess in headings.guess(columns) if guess.meaning}
    if "claim_id" in meanings and len(meanings) >= 3:
        return Found(path, FLAT)
    raise InputError(
        f"{path}: not told what it is: columns {columns[:20]}; if it is one row per service line, read it "
        "with cpticd.read_wide(path, rename={'<your column>': 'claim_id', …}); tables in the canonical form with "
        "cpticd.read_tables(lines=…, …)"
    )


def _canonical(path: Path, columns: set[str]) -> str | None:
    """The canonical table whose columns these are; the file's name decides where several would do."""
    stem = re.sub(r"[^a-z_]+", "_", path.name.lower().split(".")[0]).strip("_")
    fitting = {
        name: len(columns & {*table.names})
        for name, table in TABLES.items()
        if {*table.required} <= columns and len(columns - {*table.names}) <= 0.2 * len(columns)
    }
    if not fitting:
        return None
    named = [name for name in fitting if stem == name or stem.endswith("_" + name)]
    return named[0] if named else max(fitting, key=lambda name: (fitting[name], len(TABLES[name].required)))
