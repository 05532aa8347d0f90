"""Releases that the user adds: read in the official layout, checked, kept as Parquet, compared, found by date.

They lie in the user's data folder (platformdirs: ``…/cpticd/reference``), in the folder that the environment
variable CPTICD_REFERENCE names, or in ``folder``, such as a project's. ``releases.json`` beside them says of each
what it is, from which files, of when, and with which sha256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from cpticd.core.errors import ArgumentError, InputError
from cpticd.reference.changes import changes
from cpticd.reference.manifest import Release, home, listed, load, save, write

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
    "opps": _RELEASE,
    "contract_rates": _ROWS,
    "drug_classes": _RELEASE,
    "rbcs": _HISTORY,
    "medicare_services": _RELEASE,
}
#: Kinds that are published for each setting by itself.
SETTINGS: Final = {
    "ncci_ptp": ("practitioner", "outpatient"),
    "ncci_mue": ("practitioner", "outpatient", "dme"),
    "coverage": ("article", "lcd"),
}
#: Months for which a release is published: it says nothing of the time after them, unless ``effective_to`` says so.
MONTHS: Final = {"ncci_ptp": 3, "ncci_mue": 3, "ncci_addon": 3, "fee_schedule": 12, "mce": 12}
#: Kinds whose year ends with September.
_FISCAL: Final = ("mce",)


def add(
    kind: str | Path | Iterable[str | Path],
    files: str | Path | Iterable[str | Path] | None = None,
    *,
    effective_from: date | str | None = None,
    effective_to: date | str | None = None,
    setting: str | None = None,
    folder: str | Path | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per change against the release before: change (added, retired, revised), key, column, before, after.

    ``kind`` is one of KINDS; the module of the same name in ``cpticd.reference.layouts`` says which official
    layout it reads and where that is described. It may be left out, ``add(files)``: what a file is, its content says;
    names do not matter, and neither do notices and whatever else lies in a zip file. ``files`` are one or more paths of
    files or folders, plain, ``.gz`` or ``.zip``. ``effective_from`` and ``setting`` are told from the files' names and
    headings; pass them where these do not say. ``effective_to`` is the last day of a release that no later one ends;
    without it NCCI's tables hold for their quarter, a fee schedule and the code editor's lists for their year. A
    release of the same kind, setting and first day is replaced; parts of it that come in several files (NCCI's f1 to
    f4) add up, in one call or in several.

    Prints, unless ``quiet``, which parts are missing yet and what of the files was left out. ``attrs``: kind, setting,
    release, effective_from, against (the release before, '' for the first, whose rows are not listed), rows, the
    numbers added, retired and revised, parts, missing, notes and replaced (the files of the release before it, of
    which nothing is kept). Raises InputError for a file that does not fit, with its line, ArgumentError for a kind or
    setting that there is not, or a first day that is not known.
    """
    import pandas as pd

    if files is None:
        if isinstance(kind, str) and kind in KINDS:
            raise ArgumentError(f"files: none given for {kind}; pass one path or more")
        name, readings, digests = _read(None, kind)
    else:
        name, readings, digests = _read(str(kind), files)
    given = (effective_from, effective_to, setting)
    found = [_entered(name, reading, digests, given, home(folder)) for reading in readings]
    if not quiet:
        for change in found:
            _say(change.attrs)
    if len(found) == 1:
        return found[0]
    every = pd.concat([change.assign(setting=change.attrs["setting"]) for change in found], ignore_index=True)
    numbers = ("rows", "added", "retired", "revised")
    sums = {name: sum(change.attrs[name] for change in found) for name in numbers}
    every.attrs.update({str(name): value for name, value in found[0].attrs.items()} | {"setting": ""} | sums)
    return every


def _entered(
    kind: str, reading: Any, digests: dict[str, str], given: tuple[Any, Any, str | None], root: Path
) -> pd.DataFrame:
    """The changes of one reading, entered in the manifest."""
    effective_from, effective_to, setting = given
    own = reading.setting if kind == "coverage" else setting or reading.setting
    allowed = SETTINGS.get(kind, ("",))
    if own not in allowed:
        raise ArgumentError(f"setting: found {own!r}; pass setting=, for {kind} one of {', '.join(allowed)}")
    first = _iso(effective_from or reading.effective_from, "effective_from")
    if not first:
        raise ArgumentError(
            f"effective_from: {', '.join(digests)} does not say; pass the release's first day"
        )
    name = f"{kind}{'-' * bool(own)}{own}-{first}.parquet"
    told = str(reading.effective_from or "") == first
    entries = listed(root)
    same = next((e for e in entries if (e.kind, e.setting, e.effective_from) == (kind, own, first)), None)
    table, parts = reading.table, reading.parts
    kept: dict[str, str] = {}
    if same and parts:
        table, parts, kept = _together(root, same, reading)
    missing = tuple(part for part in reading.expected if part not in parts)
    digest = write(table, root / name)
    entry = Release(
        kind, own, reading.release if told and reading.release else first, first, _iso(effective_to, "effective_to"),
        table.num_rows, kept | digests, name, digest, parts, missing,
    )  # fmt: skip
    others = [e for e in entries if e is not same]
    save(root, [*others, entry])
    before = [e for e in others if (e.kind, e.setting) == (kind, own) and e.effective_from < first]
    last = max(before, key=lambda e: e.effective_from, default=None)
    found = changes(root, entry, last, key(kind))
    replaced = [] if same is None else sorted(set(same.files) - set(entry.files))
    found.attrs.update(parts=list(parts), missing=list(missing), notes=list(reading.notes), replaced=replaced)
    return found


def _together(root: Path, same: Release, reading: Any) -> tuple[pa.Table, tuple[str, ...], dict[str, str]]:
    """Rows, parts and files of a release and of further parts of it; a part that is added again is replaced.

    Where a file does not say which part it is, its rows stand in place of those of the same key.
    """
    import pyarrow.compute as pc

    old = load(root, same)
    stay: Any
    if "" in reading.parts or "" in same.parts:
        import duckdb

        with duckdb.connect() as connection:
            connection.register("o", old)
            connection.register("n", reading.table)
            join = " AND ".join(f'o."{c}" IS NOT DISTINCT FROM n."{c}"' for c in key(same.kind))
            stay = connection.sql(f"SELECT o.* FROM o ANTI JOIN n ON {join}").to_arrow_table()
    else:
        again = pc.is_in(old["part"], value_set=pa.array(reading.parts))
        stay = old.filter(pc.invert(again))
    parts = tuple(sorted({*stay["part"].unique().to_pylist(), *reading.parts}))
    kept = same.files if stay.num_rows else {}
    return pa.concat_tables([stay.cast(reading.table.schema), reading.table]), parts, kept


def _say(attrs: Mapping[Any, Any]) -> None:
    """Prints what a release lacks yet, and what was left out."""
    name = " ".join(filter(None, (attrs["kind"], attrs["setting"], attrs["release"])))
    if attrs["missing"]:
        lacks = ", ".join(attrs["missing"])
        print(
            f"{name}: has {', '.join(attrs['parts'])}; add {lacks} as well, where they are published: it lacks them"
        )
    for note in attrs["notes"]:
        print(f"{name}: {note}")


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
    root = home(folder)
    entries = [e for e in listed(root) if e.kind == kind and setting in (None, e.setting)]
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
    entries = listed(home(folder))
    kinds = sorted({entry.kind for entry in entries})
    return [
        replace(e, effective_to=_end(e, group))
        for kind in kinds
        for group in _by_setting([entry for entry in entries if entry.kind == kind])
        for e in group
    ]


def stored(entry: Release, folder: str | Path | None = None) -> pa.Table:
    """One row per row of one release, as it was added. Raises InputError where the file is another one."""
    return load(home(folder), entry)


def key(kind: str) -> tuple[str, ...]:
    """The columns that make a row of a kind unique. Raises ArgumentError for a kind that there is not."""
    _check_kind(kind)
    return tuple(_layout(kind).KEY)


# Files ------------------------------------------------------------------------------------------------------


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ArgumentError(f"kind: found {kind!r}; there are {', '.join(KINDS)}")


def _read(kind: str | None, files: Any) -> tuple[str, list[Any], dict[str, str]]:
    """The kind (None: found by content), what its layout's reader finds, and the sha256 of each file by name."""
    from cpticd.reference.layouts import recognised

    if kind is not None:
        _check_kind(kind)
    paths = _paths(files)
    unpacked = recognised.unpacked(paths)
    if kind is None:
        kind = _recognised(paths, recognised.kinds(unpacked))
    try:
        reading = _layout(kind).read(unpacked)
    except InputError as error:
        others = [other for other in recognised.kinds(unpacked) if other != kind]
        if len(others) != 1 or kind in recognised.kinds(unpacked):
            raise
        raise InputError(f"{error}; it looks like {others[0]}: reference.add({others[0]!r}, …)") from error
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return kind, (reading if isinstance(reading, list) else [reading]), digests


def _recognised(paths: list[Path], found: list[str]) -> str:
    """The one kind that was found; ArgumentError where there are others, or none."""
    if len(found) != 1:
        what = f"they may be {' or '.join(found)}" if found else "no official file that is known here"
        raise ArgumentError(
            f"{', '.join(path.name for path in paths)}: {what}; pass the kind first, one of {', '.join(KINDS)}"
        )
    return found[0]


def _paths(files: Any) -> list[Path]:
    given = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    paths = [
        file
        for path in given
        for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        if not file.is_dir()
    ]
    if not paths:
        raise ArgumentError(f"files: none given in {[str(path) for path in given]}; pass one path or more")
    return paths


def _layout(kind: str) -> Any:
    return import_module(f"cpticd.reference.layouts.{kind}")


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
    own = entry.effective_to or _published_until(entry)
    return min([*ends, *filter(None, [own])], default="")


def _published_until(entry: Release) -> str:
    """The last day of the quarter, or year, that a release of its kind is published for; '' where it is for no time."""
    months = MONTHS.get(entry.kind)
    if not months:
        return ""
    first = date.fromisoformat(entry.effective_from)
    if entry.kind in _FISCAL:
        return f"{first.year + (first.month > 9)}-09-30"
    month = (first.month - 1) // months * months + months
    return str(date(first.year + month // 12, month % 12 + 1, 1) - timedelta(days=1))


def _dated(root: Path, entry: Release, group: Sequence[Release]) -> pa.Table:
    """The rows of a release with the days between which they hold, within the release's own."""
    import pyarrow.compute as pc

    table = load(root, entry)
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
    if end:
        last = pc.min_element_wise(last, pa.scalar(date.fromisoformat(end)))
    columns = {c: table[c] for c in table.column_names if c not in ("effective_from", "effective_to", "part")}
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
