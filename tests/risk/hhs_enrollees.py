"""Random enrollees of marketplace plans: every population, metal level, duration and cost-sharing reduction."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cpticd import reference

METALS = ("platinum", "gold", "silver", "bronze", "catastrophic")
#: HHS's indicators of cost-sharing reductions by metal level: of 2025 on, and before.
NEW = {
    "platinum": (1, 6, 7),
    "gold": (1, 2, 8, 9),
    "silver": (1, 3, 10, 11),
    "bronze": (1, 4, 5),
    "catastrophic": (1,),
}
OLD = {"platinum": (1,), "gold": (1, 2), "silver": (1, 3), "bronze": (1, 4), "catastrophic": (1,)}


@dataclass
class Sample:
    """Persons and what they have, by person_id."""

    persons: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[str, list[str]] = field(default_factory=dict)
    ndcs: dict[str, list[str]] = field(default_factory=dict)
    hcpcs: dict[str, list[str]] = field(default_factory=dict)

    def members(self) -> pd.DataFrame:
        return pd.DataFrame(self.persons)

    def diagnoses(self) -> pd.DataFrame:
        rows = [(person, code) for person, codes in self.codes.items() for code in codes]
        return pd.DataFrame(rows, columns=["person_id", "diagnosis_code"])

    def drugs(self) -> pd.DataFrame:
        rows = [(person, code, None) for person, codes in self.ndcs.items() for code in codes]
        rows += [(person, None, code) for person, codes in self.hcpcs.items() for code in codes]
        return pd.DataFrame(rows, columns=["person_id", "ndc_code", "hcpcs_code"])


def sample(year: int, *, persons: int, seed: int) -> Sample:
    """Enrollees of benefit year ``year``; HCCs, not codes, are drawn evenly, so that rare ones meet each other."""
    rng = random.Random(seed)
    by_hcc: dict[str, list[str]] = {}
    for row in reference.table("hhs_diagnoses").to_pylist():
        if row["first_year"] <= year <= row["last_year"]:
            by_hcc.setdefault(row["hcc"], []).append(row["diagnosis_code"])
    by_drug: dict[tuple[str, str], list[str]] = {}
    for row in reference.table("hhs_drugs").to_pylist():
        if row["first_year"] <= year <= row["last_year"]:
            by_drug.setdefault((row["system"], row["category"]), []).append(row["code"])
    hccs, kinds = sorted(by_hcc), sorted(by_drug)
    newborn = [hcc for hcc in hccs if 242 <= float(hcc) <= 249]
    found = Sample()
    for number in range(persons):
        person = f"P{number:06d}"
        population = rng.choice(("adult", "adult", "child", "infant"))
        age = {"adult": rng.randint(21, 90), "child": rng.randint(2, 20), "infant": rng.randint(0, 1)}[
            population
        ]
        metal = rng.choice(METALS)
        found.persons.append(
            {
                "person_id": person,
                "age": age,
                "sex": rng.choice("FM"),
                "metal_level": metal,
                "enrolled_days": rng.choice((rng.randint(1, 366), rng.randint(1, 190), 365)),
                "csr_indicator": rng.choice((NEW if year >= 2025 else OLD)[metal]),
            }
        )
        drawn = rng.sample(hccs, rng.choice((0, 0, 1, 2, 3, 4, 5, 7, 9, 12)))
        if population == "infant" and rng.random() < 0.6:
            drawn.append(rng.choice(newborn))
        codes = [rng.choice(by_hcc[hcc]) for hcc in drawn]
        if codes:
            found.codes[person] = sorted(
                set(codes) | ({"Z00.00".replace(".", "")} if rng.random() < 0.2 else set())
            )
        for system, category in rng.sample(kinds, rng.choice((0, 0, 1, 2, 4))):
            where = found.ndcs if system == "ndc" else found.hcpcs
            where.setdefault(person, []).append(rng.choice(by_drug[system, category]))
    return found
