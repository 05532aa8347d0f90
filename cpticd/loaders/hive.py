"""Folders of a Hive partition: ``claims/claim_type=professional/part-0.parquet`` has a column more."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_FOLDER: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
#: What stands for a null in a folder's name.
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"


def columns(path: Path, there: Collection[str] = ()) -> dict[str, str | None]:
    """Columns that the folders of a path give, with their value, but those that are ``there`` in the file."""
    found: dict[str, str | None] = {}
    lower = {name.strip().lower() for name in there}
    for part in path.parts[:-1]:
        if (match := _FOLDER.fullmatch(part)) and match[1].lower() not in lower:
            value = unquote(match[2])
            found[match[1]] = None if value == _NULL else value
    return found


def parts(folder: Path) -> list[Path]:
    """The Parquet files of a folder that is one table, with those of the folders below it; hidden ones are none."""
    return sorted(
        path
        for path in folder.rglob("*.parquet")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )
