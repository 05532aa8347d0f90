"""What the package may take of this machine: memory, threads, and where it spills to disk."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpticd.core.errors import ArgumentError

#: Share of the machine's memory that is taken where nobody says how much.
MEMORY_SHARE: Final = 0.6
#: Environment variables, by the name of the setting.
VARIABLES: Final = {
    "memory_limit": "CPTICD_MEMORY_LIMIT",
    "threads": "CPTICD_THREADS",
    "spill_folder": "CPTICD_SPILL_FOLDER",
}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(%|[KMGT]i?B)", re.IGNORECASE)
_POWERS: Final = {"K": 1, "M": 2, "G": 3, "T": 4}
#: What this session was given, by the name of the setting.
_given: dict[str, str | int | Path] = {}


@dataclass(frozen=True)
class Settings:
    """What the package may take of this machine, and where each limit comes from."""

    memory_limit: str  # as DuckDB writes it
    threads: int
    spill_folder: Path
    origins: Mapping[str, str]

    def __repr__(self) -> str:
        shown = {
            "memory_limit": f"{self.memory_limit} for each data set, beyond which it spills to disk",
            "threads": f"{self.threads}",
            "spill_folder": f"{self.spill_folder}",
        }
        width = max(map(len, shown)) + 2
        return "\n".join(
            f"{name:<{width}}{text} ({self.origins[name]}; {VARIABLES[name]})" for name, text in shown.items()
        )


def settings(
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    spill_folder: str | os.PathLike[str] | None = None,
) -> Settings:
    """The limits of this session, after changing those that are given; data sets that are open keep theirs.

    Parameters
    ----------
    memory_limit: what the engine of each data set takes before it spills to disk, such as "4GB" or "50%" (of the
        machine). Default: 60 % of the machine's memory, or of its control group. Python, pandas and the figures come on
        top, some 0.3 GB.
    threads: how many work at once. Default: the processors that this process may use.
    spill_folder: where claims lie that do not fit in memory, in a folder of the process's own that is gone with it.
        Default: the system's temporary folder.

    What is not given here stands in the environment (CPTICD_MEMORY_LIMIT, CPTICD_THREADS, CPTICD_SPILL_FOLDER), else
    the default holds; the command line has ``--memory-limit``, ``--threads``, ``--spill-folder``. ``memory_limit=`` of
    ``open`` and ``read`` is of one data set. ArgumentError for what is no limit. What may leave is a setting of its
    own: ``set_disclosure``.

    >>> import cpticd as cx
    >>> cx.settings(memory_limit="2 GB", threads=1).memory_limit
    '2000MB'
    >>> cx.settings(memory_limit="default", threads=0).origins["threads"]
    'default'
    """
    given = {"memory_limit": memory_limit, "threads": threads, "spill_folder": spill_folder}
    checked = {name: _checked(name, value, name) for name, value in given.items() if value is not None}
    for name, value in checked.items():
        _given.pop(name, None)
        if value is not None:
            _given[name] = value
    found: dict[str, str | int | Path] = {}
    origins = {}
    for name in VARIABLES:
        found[name], origins[name] = _current(name)
    return Settings(
        str(found["memory_limit"]), int(str(found["threads"])), Path(str(found["spill_folder"])), origins
    )


def _current(name: str) -> tuple[str | int | Path, str]:
    """The value of a setting, and where it comes from."""
    if name in _given:
        return _given[name], "set in this session"
    text = os.environ.get(VARIABLES[name], "").strip()
    if text and (value := _checked(name, text, VARIABLES[name])) is not None:
        return value, "from the environment"
    return _default(name), "default"


def _default(name: str) -> str | int | Path:
    if name == "memory_limit":
        return megabytes(int(machine_memory() * MEMORY_SHARE))
    if name == "threads":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Path(tempfile.gettempdir())


def _checked(name: str, value: object, where: str) -> str | int | Path | None:
    """A value of a setting in its form, None for its default; ArgumentError where it is none."""
    if name == "memory_limit":
        return None if value == "default" else memory(value, where)
    if name == "threads":
        with contextlib.suppress(TypeError, ValueError):
            if not isinstance(value, bool) and (number := int(str(value))) >= 0:
                return number or None
        raise ArgumentError(f"{where}: found {value!r}; give a whole number from 1, or 0 for the default")
    folder = Path(str(value)).expanduser()
    if str(value) == "default":
        return None
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ArgumentError(
            f"{where}: {folder} is not a folder that can be written to; make it, or give another"
        )
    return folder


def memory(value: object, where: str = "memory_limit") -> str:
    """A limit of memory as the engine takes it: of "4 GB", "512MiB", or "50%" of the machine; else ArgumentError."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or float(match[1]) <= 0 or (match[2] == "%" and float(match[1]) > 100):
        raise ArgumentError(f"{where}: found {value!r}; give a size such as '4GB', or a share such as '50%'")
    number, unit = float(match[1]), match[2].upper()
    if unit == "%":
        return megabytes(int(machine_memory() * number / 100))
    return megabytes(int(number * (1024 if "I" in unit else 1000) ** _POWERS[unit[0]]))


def megabytes(size: int) -> str:
    """Bytes as a limit."""
    return f"{max(1, size // 1_000_000)}MB"


def machine_memory() -> int:
    """Bytes of memory of this machine, or of its control group where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 << 30
    limit = Path("/sys/fs/cgroup/memory.max")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(limit.read_text()))
    return total
