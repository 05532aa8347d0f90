"""What a kind of file brings to be read: how a sample of it is recognised, and how files of it are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.core import sources
from cpticd.core.delimited import Known, open_text
from cpticd.core.errors import InputError
from cpticd.loaders import excel, hive
from cpticd.loaders.intake import Intake

#: {their column: ours}, for every file; or {table: {their column: ours}}, for tables in the canonical form.
Rename = Mapping[str, Any]
#: Columns of the user's own that become attributes; "all": whatever has no other meaning.
Keep = Sequence[str] | Literal["all"] | None
#: What is to be read, by its kind within the loader: paths, and DataFrames where a user passes them.
Files = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Options:
    """What a user may say beside the files; ``Loader.takes`` names those that a loader heeds."""

    rename: Rename | None = None
    keep: Keep = None
    quiet: bool = False
    workers: int | None = None
    sheet: excel.SheetChoice = None
    layout: str | None = None
    reasons: Mapping[str, str | None] | None = None


class Sample:
    """The start of one file, or of a folder, as far as is needed to recognise it."""

    def __init__(
        self, path: Path, known: Known, rename: Mapping[str, str], sheet: excel.SheetChoice = None
    ) -> None:
        """``known`` counts the cells of a row that may be names of columns; ``rename`` are the user's, folded."""
        self.path, self._known, self._rename, self._sheet = path, known, rename, sheet

    @cached_property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    @cached_property
    def is_parquet(self) -> bool:
        return self._start[:4] == b"PAR1"

    @cached_property
    def is_workbook(self) -> bool:
        return not self.is_folder and excel.is_workbook(self.path, self._start)

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked; of an archive those of its first member. None of a workbook."""
        return b"" if self.is_workbook else sources.sample(self._source)

    @cached_property
    def workbook(self) -> excel.Workbook:
        """The sheets of a workbook that are read."""
        return excel.open_workbook(self.path, self._known, self._sheet)

    @cached_property
    def given(self) -> list[str]:
        """The columns of a table as the file calls them; InputError where it is none."""
        if self.is_workbook:
            return self.workbook.tables[0].columns
        if not self.is_parquet:
            return open_text(self._source, self._known).columns
        try:
            names = pq.ParquetFile(self.path).schema_arrow.names
            return [*names, *hive.columns(self.path, names)]
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{self.path}: a damaged Parquet file: {error}; get the file again") from error

    @cached_property
    def columns(self) -> list[str]:
        """The columns of a table, renamed as the user says; InputError where it is none."""
        return [self._rename.get(name.strip().casefold(), name) for name in self.given]

    @cached_property
    def lower(self) -> set[str]:
        """The columns in lower case."""
        return {name.lower() for name in self.columns}

    @cached_property
    def _start(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                start = file.read(4096)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        if not start:
            raise InputError(f"{self.path}: the file is empty")
        return start

    @cached_property
    def _source(self) -> sources.Source:
        return next(sources.texts(self.path))


@dataclass(frozen=True)
class Loader:
    """One kind of file.

    ``tell`` says what a sample is among the files of this kind, None where it is none of them; it raises InputError
    where it is sure that nothing else will read it either. ``load`` fills the canonical tables of an intake.
    """

    name: str  # as messages call the kind
    tell: Callable[[Sample], str | None]
    load: Callable[[Files, Intake, Options], None]
    known: Known | None = None  # how many cells of a row are names of columns that it knows
    takes: frozenset[str] = frozenset()  # names of options
    last: bool = False  # answers claims of the other kinds: read when they are there
    apart: bool = False  # every path is a data set with identifiers of its own
