"""Tuva's input layer from files, folders of parts, DuckDB files and frames into an intake."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Union

from cpticd.core import sources
from cpticd.core.database import is_database
from cpticd.core.errors import InputError, QueryError, SchemaError
from cpticd.loaders import closing
from cpticd.loaders.flat import headings
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Keep, Loader, Options, Rename, Sample
from cpticd.loaders.payers import Aliases, aliases
from cpticd.loaders.staging import UNIT, Stage, Staged
from cpticd.loaders.tuva import clinical, database, eligibility, medical_claim, pharmacy_claim
from cpticd.loaders.tuva.lazy import Lazy
from cpticd.loaders.tuva.names import TABLES, table_of

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: What ``read_tuva`` takes: paths, or {table: a path or a frame}.
Given = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]], Mapping[str, Any]]
_UNITS: Final = {
    "medical_claim": UNIT,
    "pharmacy_claim": pharmacy_claim.UNIT,
    "eligibility": eligibility.UNIT,
    **clinical.UNITS,
}


def read_tuva(
    path_or_files: Given,
    *,
    rename: Rename | None = None,
    keep: Keep = None,
    payers: Aliases | None = None,
    quiet: bool = False,
    progress: bool = True,
    memory_limit: str | None = None,
) -> Claims:
    """One data set of Tuva's input layer: medical_claim, and with it eligibility, pharmacy_claim and results.

    Parameters: ``path_or_files`` is a DuckDB file (attached read-only; the schema ``input_layer``, or the one that has
    the tables), a folder (searched through; folders of a Hive partition, ``payer=Acme``, are columns), Parquet or CSV
    files and globs, or {table: a path, a frame, or a list}. Parquet and DuckDB are read where they lie. ``rename`` is
    {their column: Tuva's}, ``keep`` as in ``read_wide``, ``payers`` as in ``read``.

    medical_claim is one row per line with what was paid at last: a line has one decision at most. Columns that a
    connector adds are read as those of the flat form: ``x_carc_1``, ``x_group_code_1``, ``x_status``, …

    eligibility becomes one row of ``members`` per person and year: ``enrolled_months`` counts the months that spans
    touch, each once. Coverage without an end lasts until the last day that coverage and claims name. Months of Part B,
    Part D, hospice or a low-income subsidy are null unless a column gives them (``x_part_b_months``, ``hospice_flag``),
    those of Medicare Advantage unless payer_type names it. The kind of a claim's payer is that of its coverage.
    pharmacy_claim becomes ``drugs``, lab_result and observation become ``observations``.

    ``quiet``: the line of what was loaded, in rows and dollars, is not printed.

    Other files of a folder are rejected as what they are, and a warning names them. Raises InputError where no table of
    the input layer is found, SchemaError where a column is missing.

    >>> import cpticd as cx, pandas as pd
    >>> spans = pd.DataFrame({"person_id": ["P1", "P1"], "enrollment_start_date": ["2024-01-01", "2024-03-01"],
    ...                       "enrollment_end_date": ["2024-03-31", "2024-04-30"], "gender": "female"})
    >>> claims = cx.read_tuva({"eligibility": spans}, quiet=True, progress=False)
    >>> claims.table("members")[["person_id", "year", "enrolled_months"]].values.tolist()
    [['P1', 2024, 4]]
    """
    intake = Intake(progress=progress, memory_limit=memory_limit)
    intake.aliases = aliases(payers)
    files, others = _files(path_or_files)
    given = [each for some in files.values() for each in some if isinstance(each, (str, os.PathLike))]
    intake.name(sources.paths_of(given) if given else ())
    load(files, intake, Options(rename=rename, keep=keep, quiet=True))
    for path, reason in others.items():
        intake.name([path])
        intake.refuse(intake.shown(path), reason)
    claims = closing.ended(intake, quiet=quiet)
    if others:
        shown = ", ".join(intake.shown(path) for path in [*others][:5]) + (", …" if len(others) > 5 else "")
        warnings.warn(
            f"{len(others)} files are no tables of Tuva's input layer, and were not read: {shown}; see claims.rejects",
            stacklevel=2,
        )
    return claims


def tell(sample: Sample) -> str | None:
    """The table of the input layer whose columns a sample has."""
    return None if sample.is_folder else table_of(sample.lower)


def _tell_database(sample: Sample) -> str | None:
    """``database`` for a DuckDB file that holds tables of the input layer; InputError for one that does not."""
    return database.tell(sample.path) if is_database(sample.path) else None


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill claims, drugs, observations and members from the tables of the input layer."""
    rename = _renames(options.rename or {})
    lazy, stage = Lazy(intake), Stage(intake)
    try:
        with _lazily():
            found = {name: _staged(intake, lazy, stage, name, files.get(name, ())) for name in TABLES}
            for path in files.get("database", ()):
                with intake.file(intake.shown(path)):
                    for name, each in database.staged(intake, lazy, path).items():
                        found[name].append(each)
            if found["medical_claim"]:
                wanted = [lazy.filled(each, UNIT, {"claim_id"}) for each in found["medical_claim"]]
                medical_claim.fill(intake, wanted, rename["medical_claim"], options.keep)
            if found["pharmacy_claim"]:
                pharmacy_claim.fill(intake, found["pharmacy_claim"], rename["pharmacy_claim"])
            for name in clinical.UNITS:
                if found[name]:
                    clinical.fill(intake, name, found[name], rename[name])
            if found["eligibility"]:
                eligibility.fill(intake, found["eligibility"], rename["eligibility"])
    finally:
        stage.clear()
        lazy.clear()


@contextmanager
def _lazily() -> Iterator[None]:
    """What turns out to be unreadable only when it is asked for."""
    try:
        yield
    except QueryError as error:
        text = " ".join(str(error).split())[:300]
        raise InputError(
            f"a file of Tuva's tables is damaged, or changed while it was read: {text}"
        ) from error


def _staged(intake: Intake, lazy: Lazy, stage: Stage, name: str, given: Sequence[Any]) -> list[Staged]:
    """Parquet files as views, what else is given as it is staged everywhere."""
    staged: list[Staged] = []
    for item in given:
        if not isinstance(item, (str, os.PathLike)):
            staged += stage.put([item], name=name, unit=_UNITS[name], known=headings.known)
            continue
        for path in sources.paths_of(item):
            intake.name([path])
            with intake.file(intake.shown(path)):
                if _is_parquet(path):
                    staged.append(lazy.parquet(path, intake.shown(path)))
                else:
                    staged += stage.put([path], name=name, unit=_UNITS[name], known=headings.known)
    return staged


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _files(given: Given) -> tuple[dict[str, list[Any]], dict[Path, str]]:
    """What is given, by table, and why other files are none; InputError where nothing of it is one."""
    if isinstance(given, Mapping):
        if unknown := [name for name in given if name not in TABLES]:
            raise SchemaError(f"read_tuva: no table {unknown}; there are {list(TABLES)}")
        return {
            name: list(some) if isinstance(some, (list, tuple)) else [some] for name, some in given.items()
        }, {}
    paths: list[Path] = []
    for path in sources.paths_of(given, folders=True):
        inside = (each for each in path.rglob("*") if each.is_file() and not each.name.startswith((".", "_")))
        paths += sorted(inside) if path.is_dir() else [path]
    found: dict[str, list[Any]] = {}
    others: dict[Path, str] = {}
    for path in paths:
        try:
            sample = Sample(path, headings.known, {})
            kind = _tell_database(sample) or tell(sample)
        except InputError as error:
            others[path] = str(error)
            continue
        if kind is None:
            others[path] = f"{path}: not a table of Tuva's input layer ({', '.join(TABLES)})"
        else:
            found.setdefault(kind, []).append(path)
    if not found:
        raise InputError("; ".join([*others.values()][:3]) or f"{given}: the folder holds no files")
    return found, others


def _renames(rename: Rename) -> dict[str, dict[str, str]]:
    """Per table, their column → Tuva's."""
    everywhere = {theirs: ours for theirs, ours in rename.items() if isinstance(ours, str)}
    apart = {table: dict(ours) for table, ours in rename.items() if not isinstance(ours, str)}
    return {table: everywhere | apart.get(table, {}) for table in TABLES}


LOADER = Loader("Tuva's input layer", tell, load, headings.known, frozenset({"rename", "keep"}))
DATABASE = Loader("Tuva's input layer in a DuckDB file", _tell_database, load)
