"""What the simulation is made of: payers, conditions, codes and services, read from small CSV files.

Numbers are codes and rates of our own choosing; procedure codes carry no descriptor. A row number of
``diagnoses.csv`` or ``procedures.csv`` stands for its code in every stage.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np

from cpticd.simulation.vectors import Bools, Floats, Ints, flags

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    """Rows of a catalogue file as dictionaries of text."""
    text = files("cpticd.simulation").joinpath("catalogue", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def weights(cell: str) -> dict[str, float]:
    """``"office:80 ed:20"`` as a mapping of numbers."""
    return {key: float(value) for key, value in (part.split(":") for part in cell.split())}


def numbers(table: list[Row], column: str, blank: float = 0.0) -> Floats:
    """A column of numbers, ``blank`` where the cell is."""
    return np.array([float(row[column] or blank) for row in table])


def whole(table: list[Row], column: str, blank: int = 0) -> Ints:
    """A column of whole numbers, ``blank`` where the cell is."""
    return np.array([int(row[column] or blank) for row in table])


@dataclass(frozen=True)
class Menu:
    """Choices of every condition, flattened: rows ``start[c]`` to ``start[c + 1]`` belong to condition c."""

    start: Ints
    cumulated: Floats  # condition number + share so far, increasing over the whole menu

    @classmethod
    def of(cls, condition: Ints, weight: Floats, conditions: int) -> Menu:
        """A menu from rows sorted by condition."""
        start = np.searchsorted(condition, np.arange(conditions + 1))
        edges = (condition + 1).astype(np.float64)
        for c in range(conditions):
            part = np.cumsum(weight[start[c] : start[c + 1]])
            if part.size and part[-1] > 0:
                edges[start[c] : start[c + 1]] = c + part / part[-1]
        return cls(start.astype(np.int64), edges)

    def choose(self, condition: Ints, uniform: Floats) -> Ints:
        """Row of the choice that each uniform variate falls on, in its condition's part of the menu."""
        found = np.searchsorted(self.cumulated, condition + uniform, side="right")
        return np.clip(found, self.start[condition], self.start[condition + 1] - 1).astype(np.int64)


class Catalogue:
    """The catalogue files as arrays; see each property."""

    def __init__(self) -> None:
        self.condition_rows = rows("conditions")
        self.diagnosis_rows = rows("diagnoses")
        self.procedure_rows = rows("procedures")
        self.setting_rows = rows("settings")
        self.payer_rows = rows("payers")
        self.cause_rows = rows("causes")
        self.rule_rows = rows("rules") + rows("rules_standard")
        self.conditions = {row["condition"]: i for i, row in enumerate(self.condition_rows)}
        self.diagnosis_rows.sort(key=lambda row: self.conditions[row["condition"]])
        self.settings = {row["setting"]: i for i, row in enumerate(self.setting_rows)}
        self.procedures = {row["code"]: i for i, row in enumerate(self.procedure_rows)}
        self.payers = [row["payer"] for row in self.payer_rows]
        self.payer_kinds = np.array([row["kind"] for row in self.payer_rows])
        self.rules = [row["rule"] for row in self.rule_rows]
        self.families = sorted({row["family"] for row in self.procedure_rows})

    # -- which is which

    @cached_property
    def governed(self) -> Bools:
        """Whether a coding rule holds for a payer, by payer and rule: Medicare's own hold for Medicare alone."""
        kinds = [row["kinds"].split() for row in self.rule_rows]
        return np.array([[not held or kind in held for held in kinds] for kind in self.payer_kinds])

    def is_procedure(self, procedure: Ints, *codes: str) -> Bools:
        """Where the procedure is one of the codes."""
        return flags(len(self.procedures), [self.procedures[code] for code in codes])[procedure]

    def is_setting(self, setting: Ints, *names: str) -> Bools:
        """Where the setting is one of those named."""
        return flags(len(self.settings), [self.settings[name] for name in names])[setting]

    def in_family(self, procedure: Ints, *names: str) -> Bools:
        """Where the procedure is of one of the families."""
        return np.isin(self.family, [self.families.index(name) for name in names])[procedure]

    # -- conditions and diagnoses

    @cached_property
    def chronic(self) -> list[int]:
        return [i for i, row in enumerate(self.condition_rows) if row["kind"] == "chronic"]

    @cached_property
    def prevalence(self) -> Floats:
        """Prevalence (chronic) or encounters a year (event) by condition and age band."""
        return np.stack([numbers(self.condition_rows, f"p{band}") for band in range(5)], axis=1)

    @cached_property
    def implied(self) -> Ints:
        """Procedure row of the service that hardly exists without the condition, −1 where none.

        A claim for it is sent even when nobody codes the condition.
        """
        return self._services(self.condition_rows, "service")

    @cached_property
    def history(self) -> Ints:
        """Diagnosis row of the history code of each condition, −1 where it has none."""
        found = np.full(len(self.condition_rows), -1)
        for i, row in enumerate(self.diagnosis_rows):
            if row["role"] == "h":
                found[self.conditions[row["condition"]]] = i
        return found

    @cached_property
    def venues(self) -> tuple[Menu, Ints]:
        """Settings by condition, and the setting of each choice."""
        found = [
            (c, self.settings[name], share)
            for c, row in enumerate(self.condition_rows)
            for name, share in weights(row["venues"]).items()
        ]
        condition, setting, share = (np.array(column) for column in zip(*found, strict=True))
        return Menu.of(condition, share, len(self.condition_rows)), setting

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
        return Menu.of(
            self.diagnosis_condition, numbers(self.diagnosis_rows, "weight"), len(self.condition_rows)
        )

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
        return self._services(self.diagnosis_rows, "signal")

    def _services(self, table: list[Row], column: str) -> Ints:
        return np.array([self.procedures[row[column]] if row[column] else -1 for row in table])

    @cached_property
    def has_hcc(self) -> Bools:
        return np.array([bool(row["hcc"]) for row in self.diagnosis_rows])

    @cached_property
    def unspecified(self) -> Ints:
        """A row of the same condition whose title is unspecified, itself where there is none."""
        first: dict[str, int] = {}
        for i, row in enumerate(self.diagnosis_rows):
            if row["role"] == "u":
                first.setdefault(row["condition"], i)
        return np.array(
            [
                first.get(row["condition"], i) if row["role"] == "s" else i
                for i, row in enumerate(self.diagnosis_rows)
            ]
        )

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
        """Side of the body that each code names: R, L, B (both), N (not stated), blank where there are no sides."""
        return [row["side"] for row in self.diagnosis_rows]

    # -- procedures, places, payers

    @cached_property
    def hcpcs(self) -> list[str]:
        """HCPCS code by procedure row; blank for services billed by revenue code alone."""
        return ["" if code.startswith("R0") else code for code in self.procedures]

    @cached_property
    def revenue(self) -> list[str]:
        """Revenue code by procedure row."""
        return [row["revenue"] for row in self.procedure_rows]

    @cached_property
    def family(self) -> Ints:
        return np.array([self.families.index(row["family"]) for row in self.procedure_rows])

    @cached_property
    def fee(self) -> Ints:
        """Reference fee in cents by procedure row."""
        return np.array([round(float(row["fee"]) * 100) for row in self.procedure_rows])

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

    @cached_property
    def places(self) -> list[str]:
        """Places of service of professional claims and bill types of institutional ones."""
        return [row["place"] for row in rows("places")]

    def payer_number(self, column: str) -> Floats:
        """A numeric column of payers.csv, by payer."""
        return numbers(self.payer_rows, column)


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    return Catalogue()
