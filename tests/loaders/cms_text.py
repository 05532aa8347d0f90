"""Medicare files written as text in tests."""

from __future__ import annotations

from pathlib import Path

import cpticd as cx
from cpticd.claims import Claims


def write(folder: Path, name: str, text: str) -> Path:
    """A pipe file of a table that is written with ``|`` and blanks between cells."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = ["|".join(cell.strip() for cell in line.split("|")) for line in lines]
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def read(folder: Path, *texts: str) -> Claims:
    """The claims of tables, each a file."""
    return cx.read(*(write(folder, f"file_{n}.txt", text) for n, text in enumerate(texts)), progress=False)
