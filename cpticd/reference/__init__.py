"""Dated reference tables: where they lie, what they hold, and where each comes from.

The tables are small CSV files, the large ones Parquet. A checkout keeps them in ``data/reference/``, a wheel
carries the same files in ``cpticd/reference/data/``. ``SOURCES.toml`` beside them names each one's source,
licence and dates. ``icd10cm`` answers which diagnosis codes were valid on a date, ``traits`` what a diagnosis code
leaves open; ``add`` reads official files of the user's own.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc

from cpticd.core.errors import ArgumentError, CpticdError, InputError, SchemaError

if TYPE_CHECKING:
    from cpticd.reference import icd10cm as icd10cm
    from cpticd.reference import traits as traits
    from cpticd.reference.store import add as add
    from cpticd.reference.store import release as release

#: Where the names live that are loaded when first used.
_HOMES: Final = {
    "add": "cpticd.reference.store",
    "icd10cm": "cpticd.reference.icd10cm",
    "release": "cpticd.reference.store",
    "traits": "cpticd.reference.traits",
}
__all__ = [
    "add",
    "folder",
    "icd10cm",
    "names",
    "path",
    "release",
    "releases",
    "replacement",
    "table",
]

#: How a table may be kept, in the order in which they are looked for.
_SUFFIXES: Final = (".csv", ".parquet")
_FOLDERS: Final = (
    Path(__file__).resolve().parent / "data",
    Path(__file__).resolve().parents[2] / "data" / "reference",
)
_KINDS: Final = {
    "flags": pa.bool_(),
    "integers": pa.int32(),
    "numbers": pa.float64(),
    "dates": pa.date32(),
}


def folder() -> Path:
    """Folder of the reference tables: the wheel's own, else the checkout's."""
    for place in _FOLDERS:
        if (place / "SOURCES.toml").is_file():
            return place
    raise CpticdError(
        f"reference tables: no SOURCES.toml in {_FOLDERS[0]} nor in {_FOLDERS[1]}; install cpticd again"
    )


@cache
def _sources() -> dict[str, dict[str, Any]]:
    text = (folder() / "SOURCES.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tables"]


def names() -> list[str]:
    """Names of the reference tables, sorted."""
    return sorted(_sources())


def edition(name: str) -> str:
    """The release of a built-in table, as SOURCES.toml has it."""
    return str(_sources().get(_stem(name), {}).get("release", ""))


def path(name: str) -> Path:
    """Path of one reference table, named with or without its suffix, or of ``SOURCES.toml``.

    Raises ArgumentError for a name that is not in SOURCES.toml, CpticdError where the file is absent.
    """
    if name == "SOURCES.toml":
        return folder() / name
    stem = _stem(name)
    if stem not in _sources():
        raise ArgumentError(f"reference: no table {name!r}; there are {', '.join(names())}")
    files = [folder() / f"{stem}{suffix}" for suffix in _SUFFIXES]
    for file in files:
        if file.is_file():
            return file
    raise CpticdError(f"reference: {files[0]} is absent although SOURCES.toml names it; install cpticd again")


def _stem(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


@cache
def table(name: str) -> pa.Table:
    """One row per line of a reference table; text as string, flags as bool, whole numbers as int32, others as float64.

    Empty cells of text columns are empty strings.
    """
    return _read(path(name), _stem(name))


def _types(name: str) -> dict[str, pa.DataType]:
    source = _sources()[name]
    return {column: kind for key, kind in _KINDS.items() for column in source.get(key, [])}


def _read(file: Path, name: str) -> pa.Table:
    if file.suffix == ".parquet":
        return _read_parquet(file, name)
    try:
        with file.open(encoding="utf-8-sig") as text:
            header = [column.strip() for column in text.readline().rstrip("\r\n").split(",")]
        types = {column: _types(name).get(column, pa.string()) for column in header}
        found = pc.read_csv(
            file,
            read_options=pc.ReadOptions(skip_rows=1, column_names=header),
            convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise InputError(f"{file}: cannot be read as the reference table {name}: {error}") from error
    return found


def _read_parquet(file: Path, name: str) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{file}: cannot be read as the reference table {name}: {error}") from error


def replacement(name: str, data: str | Path | pd.DataFrame | pa.Table) -> pa.Table:
    """One row per line of a table that a user supplies in place of the reference table ``name``.

    ``data`` is a CSV or Parquet file, a DataFrame or an Arrow table with the columns of ``table(name)``, which come
    first here; further columns are kept after them. Raises SchemaError for a column that is missing,
    that does not cast, or for an empty or repeated key; InputError for a file that cannot be read.
    """
    model = table(name)
    stem = _stem(name)
    if isinstance(data, str | Path):
        data = _read(Path(data), stem)
    elif isinstance(data, pd.DataFrame):
        data = pa.Table.from_pandas(data, preserve_index=False)
    if missing := [column for column in model.column_names if column not in data.column_names]:
        raise SchemaError(
            f"{stem}: no column {missing}; found {data.column_names}; name={stem!r} needs them all"
        )
    order = model.column_names + [column for column in data.column_names if column not in model.column_names]
    data = data.select(order)
    for field in model.schema:
        index = data.column_names.index(field.name)
        try:
            cast = data.column(index).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaError(f"{stem}: column {field.name!r} is not {field.type}: {error}") from error
        data = data.set_column(index, field.name, cast)
    _check_key(stem, data)
    return data


def amended(name: str, table: pa.Table, rows: pa.Table) -> pa.Table:
    """``table`` with ``rows`` in place of its own of the same keys: rows as of :func:`replacement`."""
    key = _sources()[name]["key"]
    columns = table.column_names
    kept = table.to_pandas().merge(rows.select(key).to_pandas(), on=key, how="left", indicator=True)
    stay = pa.array(kept["_merge"].eq("left_only").to_numpy())
    return pa.concat_tables([table.filter(stay), rows.select(columns)])


def _check_key(name: str, data: pa.Table) -> None:
    key = _sources()[name]["key"]
    frame = data.select(key).to_pandas()
    empty = frame.isna().any(axis=1) | frame.astype(str).eq("").any(axis=1)
    if empty.any():
        raise SchemaError(
            f"{name}: {int(empty.sum())} rows have no {key}; the first is row {int(empty.argmax()) + 1}"
        )
    repeated = frame[frame.duplicated()]
    if len(repeated):
        raise SchemaError(f"{name}: {key} repeats: {repeated.iloc[0].tolist()}; keep one row of each")


def releases(folder: str | Path | None = None) -> pd.DataFrame:
    """One row per table: first those that come with cpticd, then the releases that were added to ``folder``.

    name, setting (of an edit table), source (where it is from; of an added release its files), licence, release,
    effective_from, effective_to (the last day, '' where open), sha256 (of the file that is read), added.
    ``folder`` is the user's own unless it is named (``cpticd.reference.store``). ``table(name)`` reads what comes
    with cpticd, ``release(name, on=date)`` what was added.
    """
    from cpticd.reference import store

    columns = ["source", "licence", "release", "effective_from", "effective_to", "sha256"]
    rows: list[dict[str, Any]] = [
        {"name": name, "setting": "", **{c: _sources()[name].get(c, "") for c in columns}, "added": False}
        for name in names()
    ]
    rows += [
        {"name": e.kind, "setting": e.setting, "source": ", ".join(e.files), "licence": "", "release": e.release,
         "effective_from": e.effective_from, "effective_to": e.effective_to, "sha256": e.sha256, "added": True}
        for e in store.added(folder)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "setting", *columns, "added"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cpticd.reference' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = home if _HOMES[name].endswith(f".{name}") else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
