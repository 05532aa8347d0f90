"""What a saved table holds: its rows, the exact sums of its amounts, and what tells its file from every other.

The end of a Parquet file lists its pieces with their sizes and bounds. Where that is as it was saved nothing else is
read; where it is not, the rows are counted and the amounts added up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_MAGIC: Final = b"PAR1"


class Tally:
    """Rows and sums of a table, added up while it is written."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums: dict[str, Decimal] = {}

    def add(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Count rows, and add up every column of exact numbers."""
        self.rows += rows.num_rows
        for field in rows.schema:
            if pa.types.is_decimal(field.type):
                wide = rows.column(field.name).cast(pa.decimal128(38, field.type.scale))
                self.sums[field.name] = self.sums.get(field.name, Decimal(0)) + (pc.sum(wide).as_py() or 0)

    def entry(self, file: Path) -> dict[str, Any]:
        """What a manifest says of the table in this file."""
        return {
            "rows": self.rows,
            "sums": {name: format(total, "f") for name, total in self.sums.items()},
            "footer": footer(file),
        }


def footer(file: Path) -> str:
    """A digest of the end of a Parquet file, which lists its pieces; OSError, ValueError where it is none."""
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(size - 8, 0))
        end = opened.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or length + 8 > size:
            raise ValueError(f"{file}: not a whole Parquet file")
        opened.seek(size - 8 - length)
        return hashlib.blake2b(opened.read(length), digest_size=12).hexdigest()


def is_as_saved(file: Path, entry: Mapping[str, Any]) -> bool:
    """Whether a file is the one that was saved."""
    try:
        return footer(file) == entry["footer"]
    except (OSError, ValueError):
        return False


def difference(file: Path, entry: Mapping[str, Any]) -> str | None:
    """How the rows and sums of a file differ from what was saved, in words; None where they do not.

    Raises OSError or ArrowInvalid where it cannot be read.
    """
    opened = pq.ParquetFile(file)
    if (rows := opened.metadata.num_rows) != entry["rows"]:
        return f"{rows:,} rows, and {entry['rows']:,} were saved"
    found = Tally()
    for name in entry["sums"]:
        if name not in opened.schema_arrow.names:
            return f"no column {name}, which was saved"
    for batch in opened.iter_batches(columns=[*entry["sums"]]):
        found.add(batch)
    for name, text in entry["sums"].items():
        if found.sums.get(name, Decimal(0)) != Decimal(text):
            return f"{name} is {found.sums.get(name, Decimal(0)):,} in sum, and {Decimal(text):,} was saved"
    return None
