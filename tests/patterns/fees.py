"""A fee schedule of a test's own in the published form, and a small one that charts and examples share."""

from __future__ import annotations

from pathlib import Path

import cpticd as cx

ABOVE = ",,STATUS,WORK,NON-FAC PE,FACILITY PE,MP,NON-FACILITY,FACILITY,PCTC,GLOB,MULT,BILAT,ASST\n"
BELOW = "HCPCS,MOD,CODE,RVU,RVU,RVU,RVU,TOTAL,TOTAL,IND,DAYS,PROC,SURG,SURG\n"


def add_fees(folder: Path, rows: str, year: int = 2024) -> str:
    """Adds rows of code, modifier, status, work, practice outside and inside of a facility, malpractice, both totals,
    PC/TC, global days, multiple, bilateral, assistant; returns the folder."""
    file = folder / f"PPRRVU{year}_Jan.csv"
    file.write_text(ABOVE + BELOW + "".join(f"{row.strip()}\n" for row in rows.strip().splitlines()))
    cx.reference.add("fee_schedule", file, folder=folder, quiet=True)
    return str(folder)
