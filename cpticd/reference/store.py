"""Releases that the user adds: read in the official layout, checked, kept as Parquet, compared, found by date.

They lie in the user's data folder (platformdirs: ``…/cpticd/reference``), in the folder that the environment
variable CPTICD_REFERENCE names, or in ``folder``, such as a project's. ``releases.json`` beside them says of each
what it is, from which files, of when, and with which sha256.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from cpticd.core.errors import ArgumentError, InputError

if TYPE_CHECKING:
    import pandas as pd

#: How long the rows of a kind hold: as long as their release; as their own dates say, within their release; or
#: as their own dates say in the newest release, which has all that went before.
_RELEASE, _ROWS, _HISTORY = "release", "rows", "history"
KINDS: Final = {
    "icd10cm_order": _RELEASE,
    "icd10cm_tabular": _RELEASE,
    "icd10cm_conversion": _HISTORY,
    "poa_exempt": _RELEASE,
    "hcpcs": _ROWS,
    "ncci_ptp": _HISTORY,
    "ncci_mue": _RELEASE,
    "ncci_addon": _HISTORY,
    "coverage": _ROWS,
    "mce": _ROWS,
    "cpt": _RELEASE,
    "fee_schedule": _RELEASE,
    "contract_rates": _ROWS,
}
#: Kinds that are published for each setting by itself.
SETTINGS: Final = {
    "ncci_ptp": ("practitioner", "outpatient"),
    "ncci_mue": ("practitioner", "outpatient", "dme"),
}
ENVIRONMENT: Final = "CPTICD_REFERENCE"
_MANIFEST: Final = "releases.json"


@dataclass(frozen=True)
class Release:
    """One release as the manifest has it; dates are ISO text, '' where open; the sha256 of each file by its name."""

    kind: str
    setting: str
    release: str
    effective_from: str
    effective_to: str
    rows: int
    files: dict[str, str] = field(hash=False)
    file: str
    sha256: str


def add(
    kind: str,
    files: str | Path | Iterable[str | Path],
    *,
    effective_from: date | str | None = None,
    effective_to: date | str | None = None,
    setting: str | None = None,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """One row per change against the release before: change (added, retired, revised), key, column, before, after.

    ``kind`` is one of KINDS; the module of the same name in ``cpticd.reference.layouts`` says which official
    layout it reads and where that is described. ``files`` are one or more paths, plain, ``.gz`` or ``.zip``.
    ``effective_from`` and ``setting`` are told from the files' names and headings; pass them where these do not
    say. ``effective_to`` is the last day of a release that no later one ends. A release of the same kind,
    setting and first day is replaced.

    ``attrs``: kind, release, effective_from, against (the release before, '' for the first, whose rows are not
    listed), rows, and the numbers added, retired and revised. Raises InputError for a file that does not fit,
    with its line, ArgumentError for a kind or setting that there is not, or a first day that is not known.
    """
    reading, digests = _read(kind, files)
    own = setting or reading.setting
    allowed = SETTINGS.get(kind, ("",))
    if own not in allowed:
        raise ArgumentError(f"setting: found {own!r}; pass setting=, for {kind} one of {', '.join(allowed)}")
    first = _iso(effective_from or reading.effective_from, "effective_from")
    if not first:
        raise ArgumentError(
            f"effective_from: {', '.join(digests)} does not say; pass the release's first day"
        )
    root = _folder(folder)
    name = f"{kind}{'-' * bool(own)}{own}-{first}.parquet"
    digest = _write(reading.table, root / name)
    told = str(reading.effective_from or "") == first
    entry = Release(
        kind, own, reading.release if told and reading.release else first, first, _iso(effective_to, "effective_to"),
        reading.table.num_rows, digests, name, digest,
    )  # fmt: skip
    others = [e for e in _entries(root) if (e.kind, e.setting, e.effective_from) != (kind, own, first)]
    _save(root, [*others, entry])
    before = [e for e in others if (e.kind, e.setting) == (kind, own) and e.effective_from < first]
    return _changes(root, entry, max(before, key=lambda e: e.effective_from, default=None))


def release(
    kind: str,
    on: date | str | None = None,
    *,
    setting: str | None = None,
    folder: str | Path | None = None,
) -> pa.Table:
    """One row per row of a kind in force on a date; without ``on`` every row, with the days between which it holds.

    The columns are those of the layout (``cpticd.reference.layouts``), and release, setting, effective_from and
    effective_to (both inclusive, missing where open). Rows of a kind without dates of its own hold from the first
    day of their release until the next one's. Of the NCCI pairs, the add-on codes and the conversion table the
    newest release is read, which has the dates of all that went before.

    Raises ArgumentError where nothing of the kind, or of the setting, has been added; InputError for a stored
    file that is not the one that was added.
    """
    _check_kind(kind)
    root = _folder(folder)
    entries = [e for e in _entries(root) if e.kind == kind and setting in (None, e.setting)]
    if not entries:
        of = f" for {setting!r}" if setting else ""
        raise ArgumentError(f"reference: no {kind}{of} in {root}; add one: reference.add({kind!r}, files)")
    day = _iso(on, "on")
    groups = _by_setting(entries)
    if KINDS[kind] == _HISTORY:
        groups = [group[-1:] for group in groups]
    found = pa.concat_tables(
        [_dated(root, e, group) for group in groups for e in group], promote_options="default"
    )
    return _in_force(found, date.fromisoformat(day)) if day else found


def added(folder: str | Path | None = None) -> list[Release]:
    """The releases in the folder, by kind, setting and first day; one ends where the next of its kind begins."""
    entries = _entries(_folder(folder))
    kinds = sorted({entry.kind for entry in entries})
    return [
        replace(e, effective_to=_end(e, group))
        for kind in kinds
        for group in _by_setting([entry for entry in entries if entry.kind == kind])
        for e in group
    ]


def stored(entry: Release, folder: str | Path | None = None) -> pa.Table:
    """One row per row of one release, as it was added. Raises InputError where the file is another one."""
    return _load(_folder(folder), entry)


def key(kind: str) -> tuple[str, ...]:
    """The columns that make a row of a kind unique. Raises ArgumentError for a kind that there is not."""
    _check_kind(kind)
    return tuple(_layout(kind).KEY)


# Files ------------------------------------------------------------------------------------------------------


def _folder(folder: str | Path | None) -> Path:
    if folder is not None:
        return Path(folder)
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("cpticd", appauthor=False)) / "reference"


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ArgumentError(f"kind: found {kind!r}; there are {', '.join(KINDS)}")


def _read(kind: str, files: str | Path | Iterable[str | Path]) -> tuple[Any, dict[str, str]]:
    """What the layout's reader finds, and the sha256 of each file by name."""
    from cpticd.reference.layouts.files import sources

    _check_kind(kind)
    paths = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not paths:
        raise ArgumentError("files: none given; pass one path or more")
    unpacked = [source for path in paths for source in sources(path)]
    reading = _layout(kind).read(unpacked)
    return reading, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _layout(kind: str) -> Any:
    return import_module(f"cpticd.reference.layouts.{kind}")


def _write(table: pa.Table, file: Path) -> str:
    import pyarrow.parquet as pq

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        pq.write_table(table, partial, compression="zstd")
        digest = hashlib.sha256(partial.read_bytes()).hexdigest()
        partial.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}; pass another folder=") from error
    return digest


def _load(root: Path, entry: Release) -> pa.Table:
    import pyarrow.parquet as pq

    file = root / entry.file
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}; add {entry.kind} again") from error
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise InputError(
            f"{file}: its sha256 is not that of {_MANIFEST}; add {entry.kind} {entry.release} again"
        )
    return pq.read_table(pa.BufferReader(data))


def _entries(root: Path) -> list[Release]:
    file = root / _MANIFEST
    if not file.is_file():
        return []
    try:
        return [Release(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{file}: not a list of releases: {error}; remove it and add the releases again"
        ) from error


def _save(root: Path, entries: Sequence[Release]) -> None:
    ordered = sorted(entries, key=lambda e: (e.kind, e.setting, e.effective_from))
    partial = root / f"{_MANIFEST}.partial"
    partial.write_text(json.dumps([asdict(entry) for entry in ordered], indent=1) + "\n", encoding="utf-8")
    partial.replace(root / _MANIFEST)


# Dates ------------------------------------------------------------------------------------------------------


def _iso(value: date | str | None, name: str) -> str:
    if value is None or value == "":
        return ""
    text = str(value)[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ArgumentError(f"{name}: found {value!r}; pass a date, or text such as 2026-04-01") from error


def _by_setting(entries: Sequence[Release]) -> list[list[Release]]:
    settings = sorted({entry.setting for entry in entries})
    return [
        sorted((e for e in entries if e.setting == own), key=lambda e: e.effective_from) for own in settings
    ]


def _end(entry: Release, group: Sequence[Release]) -> str:
    """Last day of a release: before the next one of its group, or its own."""
    following = [e.effective_from for e in group if e.effective_from > entry.effective_from]
    ends = [str(date.fromisoformat(following[0]) - timedelta(days=1))] if following else []
    return min([*ends, *filter(None, [entry.effective_to])], default="")


def _dated(root: Path, entry: Release, group: Sequence[Release]) -> pa.Table:
    """The rows of a release with the days between which they hold, within the release's own."""
    import pyarrow.compute as pc

    table = _load(root, entry)
    how, open_ = KINDS[entry.kind], pa.scalar(None, pa.date32())
    start = pa.scalar(date.fromisoformat(entry.effective_from))
    end = _end(entry, group)
    first: Any = table["effective_from"] if "effective_from" in table.column_names else open_
    last: Any = table["effective_to"] if "effective_to" in table.column_names else open_
    if how == _ROWS:
        first = pc.fill_null(first, start)
    # The first release that there is may be asked for what its rows say of the time before it.
    if how == _RELEASE or (how == _ROWS and entry != group[0]):
        first = pc.max_element_wise(first, start)
    if how != _HISTORY and end:
        last = pc.min_element_wise(last, pa.scalar(date.fromisoformat(end)))
    columns = {c: table[c] for c in table.column_names if c not in ("effective_from", "effective_to")}
    added: dict[str, Any] = {
        "release": pa.scalar(entry.release), "setting": pa.scalar(entry.setting),
        "effective_from": first, "effective_to": last,
    }  # fmt: skip
    return pa.table(columns | {c: _column(value, table.num_rows) for c, value in added.items()})


def _column(value: Any, count: int) -> Any:
    return pa.repeat(value, count) if isinstance(value, pa.Scalar) else value


def _in_force(table: pa.Table, day: date) -> pa.Table:
    import pyarrow.compute as pc

    began = pc.fill_null(pc.less_equal(table["effective_from"], pa.scalar(day)), True)
    lasts = pc.fill_null(pc.greater_equal(table["effective_to"], pa.scalar(day)), True)
    return table.filter(pc.and_(began, lasts))


# Changes ----------------------------------------------------------------------------------------------------


def _changes(root: Path, entry: Release, before: Release | None) -> pd.DataFrame:
    """Added, retired and revised rows, by SQL over the two tables, so that millions of rows fit."""
    import duckdb
    import pandas as pd

    key = list(_layout(entry.kind).KEY)
    found = pd.DataFrame(columns=["change", *key, "column", "before", "after"], dtype="str")
    if before is not None:
        new, old = _load(root, entry), _load(root, before)
        others = [c for c in new.column_names if c not in key and c in old.column_names]
        with duckdb.connect() as connection:
            connection.register("n", new)
            connection.register("o", old)
            found = connection.execute(_comparison(key, others)).df()
    numbers = found["change"].value_counts()
    found.attrs = {
        "kind": entry.kind,
        "setting": entry.setting,
        "release": entry.release,
        "effective_from": entry.effective_from,
        "against": before.release if before else "",
        "rows": entry.rows,
        **{change: int(numbers.get(change, 0)) for change in ("added", "retired", "revised")},
    }
    return found


def _comparison(key: Sequence[str], others: Sequence[str]) -> str:
    """SQL over the new rows n and the old rows o; all names are those of the layout."""
    join = " AND ".join(f'n."{c}" IS NOT DISTINCT FROM o."{c}"' for c in key)
    new, old = (", ".join(f'{side}."{c}"' for c in key) for side in "no")
    parts = [
        f"SELECT 'added' AS change, {new}, '' AS \"column\", '' AS before, '' AS after FROM n ANTI JOIN o ON {join}",
        f"SELECT 'retired', {old}, '', '', '' FROM o ANTI JOIN n ON {join}",
    ]
    sides = ", ".join(f'{side}."{c}" AS "{side}_{c}"' for side in "no" for c in others)
    differ = " OR ".join(f'n."{c}" IS DISTINCT FROM o."{c}"' for c in others) or "false"
    both = f"SELECT {', '.join([new, *filter(None, [sides])])} FROM n JOIN o ON {join} WHERE {differ}"
    plain = ", ".join(f'"{c}"' for c in key)
    parts += [
        f"SELECT 'revised', {plain}, '{c}', coalesce(CAST(\"o_{c}\" AS VARCHAR), ''), "
        f'coalesce(CAST("n_{c}" AS VARCHAR), \'\') FROM both_sides WHERE "n_{c}" IS DISTINCT FROM "o_{c}"'
        for c in others
    ]
    order = ", ".join(["change", *(f'"{c}"' for c in key), '"column"'])
    return f"WITH both_sides AS MATERIALIZED ({both}) SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY {order}"
