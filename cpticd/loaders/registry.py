"""The kinds of files that cpticd reads, and ``read``, which takes any mixture of them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cpticd import claims
from cpticd.claims import Claims
from cpticd.core import sources
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from cpticd.loaders import canonical, canonical_database, closing, excel, layouts, no_claims, saved
from cpticd.loaders import payers as names_of_payers
from cpticd.loaders.cms import rif, synpuf
from cpticd.loaders.excel import SheetChoice
from cpticd.loaders.fhir import reader as fhir
from cpticd.loaders.flat import wide
from cpticd.loaders.growing import journal
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Keep, Loader, Options, Rename, Sample
from cpticd.loaders.staging import TableLike
from cpticd.loaders.tuva import reader as tuva
from cpticd.loaders.x12 import reader

if TYPE_CHECKING:
    from cpticd.core.engine_spark import SparkSession

#: Every kind of file, in the order in which a sample is shown to it: the first that knows it has it.
LOADERS: Final[tuple[Loader, ...]] = (
    saved.LOADER,
    saved.REJECTS_LOADER,
    reader.LOADER,
    fhir.LOADER,
    canonical_database.LOADER,
    tuva.DATABASE,
    tuva.LOADER,
    rif.LOADER,
    synpuf.LOADER,
    canonical.LOADER,
    wide.LOADER,
)
_NO_OPTIONS: Final = Options()
#: Where ``cpticd simulate`` puts what it planted, beside the claims: no claims.
_TRUTH: Final = "truth"


class Recognised(NamedTuple):
    """What one file is."""

    path: Path
    loader: Loader
    kind: str
    columns: frozenset[str]  # the user's names of its columns, folded; none where it is no table


def read(
    *paths: sources.PathLike | Iterable[sources.PathLike],
    members: TableLike | None = None,
    payers: names_of_payers.Aliases | None = None,
    reasons: Mapping[str, str | None] | None = None,
    rename: Rename | None = None,
    keep: Keep = None,
    layout: str | None = None,
    sheet: SheetChoice = None,
    quiet: bool = False,
    progress: bool = True,
    workers: int | None = None,
    engine: str = "duckdb",
    session: SparkSession | None = None,
    memory_limit: str | None = None,
) -> Claims:
    """One data set of any mixture of files, each recognised by its content.

    Parameters: ``paths`` are files, globs, or folders (searched through), one by one or as lists: X12 claims,
    remittances and enrolments (834), flat exports, canonical tables (CSV, Excel or Parquet, by their columns), Tuva's
    tables, RIF, LDS and CCLF, DE-SynPUF, and folders that ``Claims.save`` wrote. ``members`` is a CSV or Parquet file
    or a DataFrame with the columns of the table ``members`` under their usual names. ``payers`` says which payer a name
    or a payer id stands for: {alias: payer}, or a frame or CSV file of these two columns; names of one payer id are
    one payer without it, and ``rejects`` says which names are likely one. ``rename`` ({their column: ours}) and
    ``keep`` (columns of your own) are those of ``read_wide`` and ``read_tables``, ``layout``, ``sheet`` and
    ``reasons`` of ``read_wide``, ``workers`` that of ``read_x12``, ``engine`` and ``session`` those of ``open``, for
    one saved data set alone.
    ``quiet``: neither the guess at the columns of flat files nor what was read is printed; ``memory_limit``: DuckDB's,
    such as "4GB".

    A claim's identifier is unique in the data set: the number of a claim that another kind of file has too is ended
    by ``#2``, and ``rejects`` says so. Remittances answer claims of every kind of file, by number, person, charge and
    days. A person and year that ``members`` has is not made from claims. In a folder, ``truth``, which
    ``cpticd simulate`` writes, is no claims.

    A file that cannot be read is rejected with its reason, and a warning names it, as long as another was read. Raises
    InputError for a path that is not there, and where nothing at all was read; it says what was found.

    >>> import cpticd as cx, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "lines.csv").write_text("Claim #,CPT,Dx1,Charges,Member ID\\nA1,99213,I10,80,P1\\n")
    >>> _ = (folder / "members.csv").write_text("Member ID,Year,DOB,Gender\\nP1,2024,1950-02-01,F\\n")
    >>> claims = cx.read(folder / "lines.csv", members=folder / "members.csv", quiet=True, progress=False)
    >>> claims.table("members")[["person_id", "year", "sex"]].values.tolist()
    [['P1', 2024, 'female']]
    """
    options = Options(
        rename=rename, keep=keep, quiet=quiet, workers=workers, layout=layout, sheet=sheet, reasons=reasons
    )  # fmt: skip
    found = _found(paths)
    known, refused = _recognised(found.files, options)
    refused |= found.empty
    if not known:
        raise InputError(_nothing(found, list(refused.values())))
    _check(known, options)
    alone = len(known) == 1 and not refused and members is None and payers is None
    if alone and known[0].loader is saved.LOADER:
        return claims.open(known[0].path, engine=engine, session=session, memory_limit=memory_limit)
    if engine != "duckdb" or session is not None:
        raise ArgumentError(
            "engine and session go with one saved data set alone; save the claims, then open them"
        )
    intake = Intake(progress=progress, memory_limit=memory_limit)
    intake.aliases = names_of_payers.aliases(payers)
    intake.name(found.files)
    if members is not None:
        canonical.LOADER.load({"members": [members]}, intake, Options())
    before = intake.rows() if members is not None else 0
    intake.lenient = True
    for loader in sorted(LOADERS, key=lambda each: each.last):
        mine = [each for each in known if each.loader is loader]
        for group in [[each] for each in mine] if loader.apart else [mine] if mine else []:
            kinds: dict[str, list[Path]] = {}
            for each in group:
                kinds.setdefault(each.kind, []).append(each.path)
            _load(intake, loader, kinds, options)
    for path, reason in refused.items():
        intake.refuse(intake.shown(path), reason)
    if intake.rows() == before:
        raise InputError(_nothing(found, intake.refused) if intake.refused else closing.nothing(intake))
    if intake.refused:
        shown = "; ".join(intake.refused[:5]) + ("; …" if len(intake.refused) > 5 else "")
        warnings.warn(f"skipped {len(intake.refused)} files: {shown}; see claims.rejects", stacklevel=2)
    tables = {wide.LOADER, canonical.LOADER} & {each.loader for each in known}
    return closing.ended(intake, quiet=quiet or not tables)


def _load(intake: Intake, loader: Loader, files: Mapping[str, list[Path]], options: Options) -> None:
    """Load files of one kind; where that fails as a whole, each of them is rejected."""
    try:
        with intake.part():
            loader.load(files, intake, options)
    except (InputError, SchemaError) as error:
        for path in [path for paths in files.values() for path in paths]:
            intake.refuse(intake.shown(path), str(error))


class _Found(NamedTuple):
    files: list[Path]  # and folders of saved data sets
    folders: list[Path]  # that were searched
    empty: dict[Path, str]  # folders without files, and what is wrong with them


def _found(paths: tuple[sources.PathLike | Iterable[sources.PathLike], ...]) -> _Found:
    """The files and saved data sets that the paths lead to, each once."""
    given = [each for item in paths for each in ([item] if isinstance(item, (str, os.PathLike)) else item)]
    files: dict[Path, Path] = {}
    folders: list[Path] = []
    empty: dict[Path, str] = {}
    for path in sources.paths_of(given, folders=True):
        if path.is_dir() and journal.is_store(path):
            inside = [path / journal.JOURNAL]
        elif path.is_dir() and not saved.is_saved(path):
            folders.append(path)
            inside = inside_of(path)
            if not inside:
                reason = (
                    f"{path}: the folder holds no files; pass the folder or the files that hold the claims"
                )
                empty[path] = reason
        else:
            inside = [path]
        for each in inside:
            files.setdefault(each.absolute(), each)
    return _Found(list(files.values()), folders, empty)


def found(paths: tuple[sources.PathLike | Iterable[sources.PathLike], ...]) -> list[Path]:
    """The files and saved data sets that paths lead to, each once; InputError where there are none."""
    seen = _found(paths)
    if not seen.files:
        raise InputError("; ".join(seen.empty.values()) or "no file was given; pass at least one path")
    return seen.files


def inside_of(folder: Path) -> list[Path]:
    """The files of a folder and of those below it; a saved data set is one of them, and so is a store."""
    every = [*folder.rglob("*")]
    sets = {path.parent for path in every if saved.is_saved(path.parent)}
    stores = {path.parent for path in every if path.name == journal.JOURNAL}
    inside = []
    for path in every:
        if grown := next((each for each in stores if each in path.parents), None):
            inside.append(grown / journal.JOURNAL)
            continue
        below = path.relative_to(folder).parts
        there = path.is_file() or (
            path.is_symlink() and not path.exists()
        )  # a link that leads nowhere is told
        if there and not path.name.startswith(".") and _TRUTH not in below[:-1]:
            inside.append(next((each for each in sets if each in path.parents), path))
    return sorted({*inside})


def _recognised(paths: Iterable[Path], options: Options) -> tuple[list[Recognised], dict[Path, str]]:
    """What each file is, and why others are nothing that is read."""
    known: list[Recognised] = []
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            known.append(tell(path, options))
        except InputError as error:
            refused[path] = str(error)
    return known, refused


def tell(path: Path, options: Options = _NO_OPTIONS) -> Recognised:
    """What one file is, its columns renamed as the options say.

    Raises InputError, which says what was seen, where it is nothing that cpticd reads.
    """
    if path.name == journal.JOURNAL:
        raise InputError(f"{path.parent}: a store, which grows; open it with cpticd.store(folder).claims()")
    sample = sample_of(path, options)
    if what := no_claims.of_text(sample):
        raise InputError(f"{path}: {what}")
    for loader in LOADERS:
        if kind := loader.tell(sample):
            columns = {name.strip().casefold() for name in sample.given} if loader.known else ()
            return Recognised(path, loader, kind, frozenset(columns))
    raise InputError(f"{path}: {_unknown(sample)}")


def sample_of(path: Path, options: Options) -> Sample:
    """The start of a file, with columns as the user's options call them."""
    folded = _folded(options.rename)
    if options.layout:
        folded = {**layouts.layout(options.layout).columns, **folded}
    return Sample(path, lambda cells: _known(cells, folded), folded, options.sheet)


def _unknown(sample: Sample) -> str:
    """Why a table is none that is read: a layout that was not named, a file without claims, or nothing known."""
    if fits := layouts.fitting(sample.given):
        return f"its columns are those of {fits.title}: read it with cpticd.read_wide(path, layout={fits.name!r})"
    if what := no_claims.of_columns(sample.given):
        return what
    return (
        f"not recognised: columns {sample.columns[:20]}; if it is one row per service line, read it "
        "with cpticd.read_wide(path, rename={'<your column>': 'claim_id', …}); tables in the canonical form with "
        "cpticd.read_tables(lines=…, …); cpticd.look(path) shows what each column would be read as"
    )


def _folded(rename: Rename | None) -> dict[str, str]:
    """Their column, folded → ours, of every file and table."""
    return {theirs.strip().casefold(): ours for theirs, ours in _pairs(rename)}


def _pairs(rename: Rename | None) -> list[tuple[str, str]]:
    """Their column and ours, of every file and table."""
    pairs: list[tuple[str, str]] = []
    for theirs, ours in (rename or {}).items():
        pairs += [(theirs, ours or "")] if ours is None or isinstance(ours, str) else ours.items()
    return pairs


def _known(cells: list[str], rename: Mapping[str, str]) -> int:
    """How many cells of a row are names of columns that any loader knows, or that the user names."""
    most = max(layouts.known(cells), *(loader.known(cells) for loader in LOADERS if loader.known))
    return most + sum(cell.strip().casefold() in rename for cell in cells)


def _check(known: list[Recognised], options: Options) -> None:
    """Raise where an option has nothing to do, or names columns that no file has."""
    kinds = ", ".join(dict.fromkeys(each.loader.name for each in known))
    if any("sheet" in each.loader.takes for each in known):
        excel.check_sheet(options.sheet, [each.path for each in known if each.path.is_file()])
    for name in ("rename", "keep", "layout", "sheet", "workers", "reasons"):
        value = getattr(options, name)
        takers = [each for each in known if name in each.loader.takes]
        if value and not takers:
            able = ", ".join(loader.name for loader in LOADERS if name in loader.takes)
            raise ArgumentError(
                f"{name}: found {kinds}, which have no use for it; it goes with {able}: leave it out"
            )
        wanted: Iterable[str] = ()
        if name == "rename":
            wanted = [theirs for theirs, _ in _pairs(options.rename)]
        elif name == "keep" and options.keep and options.keep != "all":
            wanted = options.keep
        columns: set[str] = set().union(*(each.columns for each in takers))
        if absent := [each for each in wanted if each.strip().casefold() not in columns]:
            raise SchemaError(f"{name}: no column {absent} in any of the files; found {sorted(columns)[:40]}")


def _nothing(found: _Found, reasons: list[str]) -> str:
    """Why nothing at all was read."""
    if len(found.folders) == 1 and len(found.files) > 1:
        return f"{found.folders[0]}: none of its {len(found.files)} files can be read as claims, e.g. {reasons[0]}"
    if not reasons:
        return f"{', '.join(path.name for path in found.files[:5])}: not one row was loaded; check that rows are there"
    return "; ".join(reasons[:3]) + (f"; and {len(reasons) - 3} more" if len(reasons) > 3 else "")
