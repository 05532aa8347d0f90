"""The manifest of added releases, and their files: what there is, written and read with its checksum."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cpticd.core.errors import InputError

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
    #: Parts of a release that is published in several files, of which it has these, and which of them it lacks.
    parts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def home(folder: str | Path | None) -> Path:
    if folder is not None:
        return Path(folder)
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("cpticd", appauthor=False)) / "reference"


def write(table: pa.Table, file: Path) -> str:
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


def load(root: Path, entry: Release) -> pa.Table:
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


def listed(root: Path) -> list[Release]:
    file = root / _MANIFEST
    if not file.is_file():
        return []
    try:
        return [_entry(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{file}: not a list of releases: {error}; remove it and add the releases again"
        ) from error


def _entry(**row: Any) -> Release:
    # JSON has lists, and older manifests no parts.
    values: dict[str, Any] = {
        k: tuple(value) if isinstance(value, list) else value for k, value in row.items()
    }
    return Release(**values)


def save(root: Path, entries: Sequence[Release]) -> None:
    ordered = sorted(entries, key=lambda e: (e.kind, e.setting, e.effective_from))
    partial = root / f"{_MANIFEST}.partial"
    partial.write_text(json.dumps([asdict(entry) for entry in ordered], indent=1) + "\n", encoding="utf-8")
    partial.replace(root / _MANIFEST)
