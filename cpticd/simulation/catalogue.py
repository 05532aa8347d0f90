"""What the simulation is made of: payers, conditions, codes and services, read from small CSV files.

Numbers are codes and rates of our own choosing; procedure codes carry no descriptor.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from cpticd.simulation.draws import Bools, Floats, Ints


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a catalogue file as dictionaries of text."""
    text = files("cpticd.simulation").joinpath("catalogue", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def weights(cell: str) -> dict[str, float]:
    """``"office:80 ed:20"`` as a mapping of numbers."""
    return {key: float(value) for key, value in (part.split(":") for part in cell.split())}


@dataclass(frozen=True)
class Menu:
    """Choices of every condition, flattened: rows ``start[c]`` to ``start[c + 1]`` belong to condition c."""

    start: Ints
    cumulated: Floats  # condition number + share so far, increasing over the whole menu

    def choose(self, condition: Ints, uniform: Floats) -> Ints:
        """Row of the choice that each uniform variate falls on, in its condition's part of the menu."""
        found = np.searchsorted(self.cumulated, condition + uniform, side="right")
        return np.clip(found, self.start[condition], self.start[condition + 1] - 1).astype(np.int64)


def menu(condition: Ints, weight: Floats, conditions: int) -> Menu:
    """A Menu from rows sorted by condition."""
    start = np.searchsorted(condition, np.arange(conditions + 1))
    edges = np.zeros(weight.size)
    for c in range(conditions):
        part = np.cumsum(weight[start[c] : start[c + 1]])
        if part.size and part[-1] > 0:
            edges[start[c] : start[c + 1]] = c + part / part[-1]
        else:
            edges[start[c] : start[c + 1]] = c + 1.0
    return Menu(start.astype(np.int64), edges)


class Catalogue:
    """The catalogue files as arrays; see each property."""

    def __init__(self) -> None:
        self.condition_rows = rows("conditions")
        self.diagnosis_rows = rows("diagnoses")
        self.procedure_rows = rows("procedures")
        self.setting_rows = rows("settings")
        self.payer_rows = rows("payers")
        self.kit_rows = rows("kits")
        self.cause_rows = rows("causes")
        self.rule_rows = rows("rules")
        self.conditions = {row["condition"]: i for i, row in enumerate(self.condition_rows)}
        self.diagnosis_rows.sort(key=lambda row: self.conditions[row["condition"]])
        self.settings = {row["setting"]: i for i, row in enumerate(self.setting_rows)}
        self.procedures = {row["code"]: i for i, row in enumerate(self.procedure_rows)}
        self.payers = [row["payer"] for row in self.payer_rows]
        self.families = sorted({row["family"] for row in self.procedure_rows})

    # -- conditions and diagnoses
    @cached_property
    def chronic(self) -> list[int]:
        return [i for i, row in enumerate(self.condition_rows) if row["kind"] == "chronic"]

    @cached_property
    def prevalence(self) -> Floats:
        """Prevalence (chronic) or encounters a year (event) by condition and age band."""
        return np.array([[float(row[f"p{band}"]) for band in range(5)] for row in self.condition_rows])

    def number(self, column: str) -> Floats:
        """A numeric column of conditions.csv."""
        return np.array([float(row[column]) for row in self.condition_rows])

    @cached_property
    def codes(self) -> list[str]:
        """Diagnosis codes, by diagnosis row; a code may stand under several conditions."""
        return [row["code"] for row in self.diagnosis_rows]

    @cached_property
    def diagnosis_condition(self) -> Ints:
        return np.array([self.conditions[row["condition"]] for row in self.diagnosis_rows])

    @cached_property
    def code_id(self) -> Ints:
        """The first diagnosis row with the same code: equal for equal codes."""
        first: dict[str, int] = {}
        return np.array([first.setdefault(code, i) for i, code in enumerate(self.codes)])

    @cached_property
    def diagnosis_menu(self) -> Menu:
        weight = np.array([float(row["weight"]) for row in self.diagnosis_rows])
        return menu(self.diagnosis_condition, weight, len(self.condition_rows))

    def diagnosis(self, condition: str, code: str) -> int:
        """Row of ``code`` under ``condition``."""
        return next(
            i
            for i, row in enumerate(self.diagnosis_rows)
            if row["code"] == code and row["condition"] == condition
        )

    @cached_property
    def sibling(self) -> Ints:
        """Row of the less specific code that under-coding puts in its place, −1 where none is planted."""
        return np.array(
            [
                self.diagnosis(row["condition"], row["sibling"]) if row["sibling"] else -1
                for row in self.diagnosis_rows
            ]
        )

    @cached_property
    def signal(self) -> Ints:
        """Procedure row of the service that speaks for a specific code, −1 where none."""
        return np.array(
            [self.procedures[row["signal"]] if row["signal"] else -1 for row in self.diagnosis_rows]
        )

    @cached_property
    def has_hcc(self) -> Ints:
        return np.array([bool(row["hcc"]) for row in self.diagnosis_rows]).astype(np.int64)

    @cached_property
    def unspecified(self) -> Ints:
        """A row of the same condition whose title is unspecified, itself where there is none."""
        found = np.arange(len(self.codes))
        for i, row in enumerate(self.diagnosis_rows):
            for j, other in enumerate(self.diagnosis_rows):
                if other["condition"] == row["condition"] and other["role"] == "u" and row["role"] == "s":
                    found[i] = j
                    break
        return found

    @cached_property
    def exclusive(self) -> Bools:
        """Whether the codes of two diagnosis rows cannot stand together.

        They exclude each other (excludes.csv, after ICD-10-CM's Excludes1), or are of one condition's two sides.
        """
        either = {(row["diagnosis_code"], row["other_code"]) for row in rows("excludes")}
        either |= {(other, code) for code, other in either}
        found = np.array([[(code, other) in either for other in self.codes] for code in self.codes])
        sided = np.array([bool(side) for side in self.side])
        same = self.diagnosis_condition[:, None] == self.diagnosis_condition
        found |= same & sided[:, None] & sided & (self.code_id[:, None] != self.code_id)
        return found

    @cached_property
    def side(self) -> list[str]:
        return [row["side"] for row in self.diagnosis_rows]

    # -- procedures
    @cached_property
    def hcpcs(self) -> list[str]:
        """HCPCS code by procedure row; blank for services billed by revenue code alone."""
        return ["" if code.startswith("R0") else code for code in self.procedures]

    @cached_property
    def family(self) -> Ints:
        return np.array([self.families.index(row["family"]) for row in self.procedure_rows])

    @cached_property
    def fee(self) -> Ints:
        """Reference fee in cents by procedure row."""
        return np.array([round(float(row["fee"]) * 100) for row in self.procedure_rows])

    def in_family(self, *names: str) -> Bools:
        """True for procedure rows of the families."""
        return np.isin(self.family, [self.families.index(name) for name in names])

    @cached_property
    def orders(self) -> tuple[Ints, Ints, Floats]:
        """Services by the condition that asks for them: start by condition, procedure row, probability."""
        found = sorted(
            (self.conditions[key], i, percent / 100.0)
            for i, row in enumerate(self.procedure_rows)
            for key, percent in weights(row["orders"]).items()
        )
        condition = np.array([item[0] for item in found])
        start = np.searchsorted(condition, np.arange(len(self.condition_rows) + 1))
        return start, np.array([item[1] for item in found]), np.array([item[2] for item in found])

    @cached_property
    def allowed_families(self) -> Bools:
        """Whether a setting's claim may carry an ordered service, by setting and procedure row."""
        table = [row["families"].split() for row in self.setting_rows]
        family = [row["family"] for row in self.procedure_rows]
        return np.array([[name in allowed for name in family] for allowed in table])


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    return Catalogue()
