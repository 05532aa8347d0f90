"""Write data/reference/drug_classes.csv: National Drug Codes by product, and the class that CMS sorts them into.

    python data/build_drug_classes.py FOLDER

CMS's crosswalk of drugs to prescription drug categories (RXC) of the HHS risk adjustment models, which is in the public
domain, as the package risk-adjustment-model 0.7.1 (MIT) carries it in ``commercial/<version>/<year>``. FOLDER is the
package, unpacked. Labeler and product are the first nine digits; the last two say how it is packed, which says nothing
of the drug. A few products within the class of antidiabetics are set apart by hand (their labels' own product codes):
they are given for other conditions as well.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent / "reference" / "drug_classes.csv"
MAPS = ("v07/2023", "v07/2024", "v08/2025", "v08/2026")
CLASSES = {
    "1": "antiretroviral", "2": "hepatitis C antiviral", "3": "antiarrhythmic", "4": "phosphate binder",
    "5": "bowel anti-inflammatory", "6": "insulin", "7": "antidiabetic", "8": "multiple sclerosis drug",
    "9": "immune suppressant", "10": "cystic fibrosis drug",
}  # fmt: skip
#: Products of the class antidiabetic, by what they are.
APART = {
    "SGLT2 inhibitor": "005970152 005970153 003106205 003106210 504580140 504580141 000065363 000065364",
    "GLP-1 agonist": "001694132 001694136 001694181 001694130 001694772 000021506 000021495 000021484 000021471 "
    "000021460 000021457 000021433 000021434 000022236 000023182 001694060 001694303 001694307 001694314",
}
#: Codes that no labeler has.
PLACEHOLDER = "99999"


def products(folder: Path) -> dict[str, tuple[str, str]]:
    """Class and first year by product; an error where the codes of one product are of two classes."""
    found: dict[str, tuple[str, str]] = {}
    for place in MAPS:
        (path,) = folder.rglob(f"commercial/{place}/ndc_to_category_map.txt")
        for line in path.read_text(encoding="utf-8").splitlines():
            code, number = line.split()
            if code.startswith(PLACEHOLDER):
                continue
            before = found.setdefault(code[:9], (CLASSES[number], place.rpartition("/")[2]))
            if before[0] != CLASSES[number]:
                raise SystemExit(f"{code[:9]}: {before[0]} and {CLASSES[number]}")
    for name, codes in APART.items():
        for code in codes.split():
            if found[code][0] != "antidiabetic":
                raise SystemExit(f"{code}: {found[code][0]} is no antidiabetic")
            found[code] = (name, found[code][1])
    return found


def main() -> None:
    found = products(Path(sys.argv[1]))
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code_system", "code", "drug_class", "source"])
        writer.writerows(
            ("ndc", code, name, f"CMS RXC {year}") for code, (name, year) in sorted(found.items())
        )
    print(len(found), hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
