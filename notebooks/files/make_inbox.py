"""Writes an invented inbox as it fills up: a folder of X12 files (837 and 835) for each month in which they came.

python notebooks/files/make_inbox.py inbox
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import cpticd as cx

#: When a transaction set was made (837, BHT04) or paid (835, BPR16), the month alone.
_MONTH = re.compile(r"\n(?:BHT\*(?:[^*~]*\*){3}|BPR\*(?:[^*~]*\*){15})(\d{4})(\d\d)")


def write(folder: str | Path, *, persons: int = 150, seed: int = 9, first: str = "2025-10") -> list[Path]:
    """The folders by month, in order; what came before ``first`` lies in one."""
    months: dict[str, dict[str, list[str]]] = {}
    with tempfile.TemporaryDirectory() as whole:
        for path in cx.simulation.write_x12(cx.simulate(persons=persons, seed=seed, stories=True), whole):
            head, *sets = path.read_text().split("\nST*")
            for text in (f"\nST*{each.partition(chr(10) + 'GE*')[0]}" for each in sets):
                year, month = _MONTH.search(text).groups()
                name = f"{year}-{month}" if f"{year}-{month}" >= first else f"before {first}"
                months.setdefault(name, {}).setdefault(path.name, [head]).append(text)
    folders = []
    for name, files in sorted(months.items(), key=lambda each: (not each[0].startswith("before"), each[0])):
        place = Path(folder) / name
        place.mkdir(parents=True)
        for file, (head, *sets) in files.items():
            text = f"{head}{''.join(sets)}\nGE*{len(sets)}*1~\nIEA*1*000000001~\n"
            (place / file).write_text(text)
        folders.append(place)
    return folders


if __name__ == "__main__":
    for each in write(sys.argv[1]):
        print(each)
