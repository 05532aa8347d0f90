"""HHS-HCC scores against the package risk-adjustment-model, on random enrollees of every kind:

    python -m tests.benchmarks.bench_hhs FOLDER [persons]

FOLDER is where ``pip download --no-deps risk-adjustment-model==0.7.1`` was unpacked; 20,000 persons unless given, of
each benefit year, with all their codes and without those that an edit of the Medicare Code Editor would take. Every
difference is printed under its reason; one without a known reason ends with status 1. Known reasons, and who is right:

- the Medicare Code Editor's age edits, which HHS applies and the package leaves to its user: none without such codes;
- an infant's severity, which HHS takes after hierarchies (HCC 113 removes 107, 223 removes 122) and the package before;
- cost-sharing reductions of 2024 are asked of both by HHS's indicators 1 to 4, the package knows no others.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from cpticd import risk
from cpticd.risk.hhs import tables
from tests.risk import hhs_enrollees

PACKAGE = "risk_adjustment_model"


def theirs(package: Any, year: int, sample: hhs_enrollees.Sample) -> pd.DataFrame:
    """Each person's score, CSR-adjusted score and terms by the package."""
    model = getattr(package, f"CommercialModel{tables.model_of(year)[4:]}")(year)
    rows = []
    for person in sample.persons:
        found = model.score(
            gender=person["sex"],
            metal_level=person["metal_level"].title(),
            csr_indicator=person["csr_indicator"],
            enrollment_days=person["enrolled_days"],
            diagnosis_codes=sample.codes.get(person["person_id"], []),
            ndc_codes=sample.ndcs.get(person["person_id"], []),
            proc_codes=sample.hcpcs.get(person["person_id"], []),
            age=person["age"],
        )
        rows.append((person["person_id"], found.score_raw, found.score, set(found.category_list)))
    return pd.DataFrame(rows, columns=["person_id", "raw", "adjusted", "terms"]).set_index("person_id")


def void(year: int, sample: hhs_enrollees.Sample) -> dict[str, set[str]]:
    """Each person's codes that the Medicare Code Editor takes for impossible at his age."""
    edits = tables.edited(year).to_pandas().query("then_from > 0 or then_to < 999")
    bounds = {row.diagnosis_code: (row.then_from, row.then_to) for row in edits.itertuples()}
    found = {}
    for person in sample.persons:
        name, age = person["person_id"], person["age"]
        spans = {code: bounds[code] for code in sample.codes.get(name, []) if code in bounds}
        found[name] = {code for code, (low, high) in spans.items() if not low <= age <= high}
    return found


def reason(year: int, person: dict[str, Any], codes: list[str], impossible: set[str]) -> str:
    """Why the two may differ, by the inputs alone; empty where nothing is known."""
    if impossible & set(codes):
        return "age edit of the Medicare Code Editor"
    mapping = tables.edited(year).to_pandas()
    hccs = set(mapping.loc[mapping["diagnosis_code"].isin(codes), "hcc"])
    if person["age"] < 2 and ({"113", "107"} <= hccs or {"223", "122"} <= hccs):
        return "an infant's severity before hierarchies"
    return ""


def compare(package: Any, year: int, sample: hhs_enrollees.Sample) -> int:
    """How many differ for no known reason; prints what there is."""
    begin = time.process_time()
    got = risk.score(
        sample.members(), sample.diagnoses(), drugs=sample.drugs(), payment_year=year, model=tables.model_of(year)
    ).set_index("person_id")  # fmt: skip
    spent = time.process_time() - begin
    want = theirs(package, year, sample).loc[got.index]
    off = ~np.isclose(got["raw_score"], want["raw"], atol=1e-9, rtol=0)
    off |= ~np.isclose(got["payment_score"], want["adjusted"], atol=5.1e-4, rtol=0)
    who = {person["person_id"]: person for person in sample.persons}
    impossible = void(year, sample)
    why = {
        name: reason(year, who[name], sample.codes.get(name, []), impossible[name]) for name in got.index[off]
    }
    kinds = dict(Counter(segment.split()[0] for segment in got["segment"]))
    print(
        f"{year}: {len(got):,} persons in {spent:.2f} s of processor time, {kinds}; different: {dict(Counter(why.values()))}"
    )
    for name in [name for name, known in why.items() if not known][:5]:
        print(who[name], sample.codes.get(name), got.loc[name].to_dict(), want.loc[name].to_dict())
    return sum(not known for known in why.values())


def main(folder: str, persons: int = 20_000) -> int:
    sys.path.insert(0, folder)
    package = importlib.import_module(PACKAGE)
    unknown = 0
    for year in (2024, 2025, 2026):
        sample = hhs_enrollees.sample(year, persons=persons, seed=year)
        unknown += compare(package, year, sample)
        for name, codes in void(year, sample).items():
            sample.codes[name] = [code for code in sample.codes.get(name, []) if code not in codes]
        unknown += compare(package, year, sample)
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:3])))
