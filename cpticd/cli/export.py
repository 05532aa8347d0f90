"""Writes simulated claims to a folder, with the truth that was planted in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import TABLES

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.simulation import Simulation

TRUTH = "truth"


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """OutputExistsError where the folder holds anything, unless ``overwrite``; ArgumentError for a file."""
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"{folder} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise OutputExistsError(f"{folder} holds files already; --overwrite replaces those of the same name")


def export(simulation: Simulation, folder: Path, *, format: str, overwrite: bool) -> Path:
    """Write one file per table (``parquet``, ``csv``) or X12 files (``x12``), and truth/ beside them.

    Returns the folder. Parquet is a data set that ``cx.open`` reads; files of other names stay.
    """
    check_folder(folder, overwrite=overwrite)
    try:
        if format == "parquet":
            simulation.claims.save(folder, overwrite=overwrite)
        elif format == "csv":
            _csv(simulation.claims, folder)
        else:
            from cpticd.simulation import write_x12

            write_x12(simulation, folder, overwrite=overwrite)
        _truth(simulation.truth, folder / TRUTH, format)
    except OSError as error:
        raise ArgumentError(
            f"{folder} cannot be written: {error.strerror or error}; choose another folder"
        ) from error
    return folder


def _csv(claims: Claims, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in TABLES.items():
        rows = claims.engine.fetch(f"SELECT * FROM {name} ORDER BY {', '.join(table.key)}")
        pyarrow.csv.write_csv(rows, folder / f"{name}.csv")


def _truth(truth: dict[str, pd.DataFrame], folder: Path, format: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in truth.items():
        if format == "parquet":
            pyarrow.parquet.write_table(
                pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet"
            )
        else:
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
