"""Random beneficiaries for a risk model: every rule is met on purpose, the rest of the sample is drawn at random.

On purpose: every edited code on both sides of its bounds and in both sexes, every code with several HCCs, every
hierarchy edge with parent and child together, every interaction in every segment, 0 to 13 conditions, unknown codes,
dirty spellings, no diagnosis at all; every band edge of age with every dual code and reason of entitlement.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tests.risk import oracle_data, oracle_terms

DUALS = ("NA", "00", "01", "02", "03", "04", "05", "06", "07", "08")
RENAMED = {
    "dual": "dual_status_code",
    "orec": "original_reason_entitlement_code",
    "lti": "long_term_institutional",
    "snp": "special_needs_plan",
    "low_income": "low_income_subsidy",
}
EDGES = (
    0,
    1,
    2,
    5,
    6,
    8,
    9,
    14,
    15,
    17,
    18,
    19,
    34,
    35,
    44,
    45,
    49,
    50,
    54,
    55,
    59,
    60,
    63,
    64,
    65,
    66,
    67,
    68,
    69,
)
EDGES += (70, 74, 75, 79, 80, 84, 85, 89, 90, 94, 95, 105)
UNKNOWN = ("Z0000", "XXXX", "", "I10", "99213", "E1", "E1165X9", "V28", "0", "R51.9", "??")
#: How many persons a sample has at least; `python -m tests.benchmarks.bench_parity` draws 20,000.
PERSONS = 6_000

#: What a person is made to be (None: anything, at random) and the codes that are put on the record.
Drawn = Iterator[tuple[dict[str, Any] | None, list[str]]]


class Sample(NamedTuple):
    """Persons as the oracle reads them, and each one's codes as somebody typed them."""

    model: str
    payment_year: int
    persons: list[dict[str, Any]]
    codes: list[list[str]]

    def members(self) -> pd.DataFrame:
        """The persons as `risk.score` reads them."""
        frame = pd.DataFrame(self.persons)
        frame["sex"] = frame["sex"].map({"1": "male", "2": "female"})
        frame["graft_months"] = frame["graft_months"].astype("Int64")
        # Who has end-stage renal disease is scored by the ESRD model, and nobody else is; RxHCC scores both.
        if not self.model.startswith("Rx"):
            frame = frame.drop(columns="esrd")
        return frame.rename(columns=RENAMED)

    def diagnoses(self) -> pd.DataFrame:
        """One row per person and typed code."""
        pairs = [
            (person["person_id"], code)
            for person, codes in zip(self.persons, self.codes, strict=True)
            for code in codes
        ]
        return pd.DataFrame(pairs, columns=["person_id", "diagnosis_code"], dtype="str")

    def first(self, persons: int) -> Sample:
        """An evenly spread part of the sample."""
        step = max(1, len(self.persons) // persons)
        return self._replace(persons=self.persons[::step], codes=self.codes[::step])


@functools.cache
def sample(model: str, payment_year: int, *, persons: int = PERSONS, seed: int = 0) -> Sample:
    """At least `persons` beneficiaries for a model, every rule met on purpose; the same for the same seed."""
    rng = np.random.default_rng(seed)
    tables = oracle_data.tables(model, payment_year)
    people, codes = [], []
    purposes = (_by_person(tables, rng), _by_code(tables, rng), _by_condition(model, tables, rng))
    for given, held in itertools.chain(*purposes, _at_random(tables, rng)):
        if len(people) >= persons and given is None:
            break
        people.append(_person(model, rng, len(people), given or {}))
        codes.append([_typed(code, rng) for code in held])
    return Sample(model, payment_year, people, codes)


def _by_person(tables: oracle_data.Tables, rng: np.random.Generator) -> Drawn:
    """New enrollees without a graft, and every band edge of age with every dual code and reason of entitlement."""
    carriers = _carriers(tables)
    pick = functools.partial(_pick, carriers, rng)
    for age, orec, dual in itertools.product((60, 64, 67, 90), "0123", DUALS):
        yield {"age": age, "dual": dual, "orec": orec, "new_enrollee": True, "graft_months": None}, []
    for age, dual, orec in itertools.product(EDGES, DUALS, "0123"):
        yield {"age": age, "dual": dual, "orec": orec}, pick(rng.choice(list(carriers), rng.integers(0, 4)))


def _by_code(tables: oracle_data.Tables, rng: np.random.Generator) -> Drawn:
    """Every edited code around its bounds, every code with several HCCs."""
    carriers = _carriers(tables)
    pick = functools.partial(_pick, carriers, rng)
    for code, edits in tables.edits.items():
        bounds = {bound for edit in edits for bound in (edit.youngest, edit.oldest) if bound is not None}
        ages = {max(0, bound + side) for bound in bounds for side in (-1, 0, 1)} or {30, 70}
        for age, sex in itertools.product(sorted(ages), "12"):
            yield (
                {"age": age, "sex": sex, "new_enrollee": False},
                [code, *pick(rng.choice(list(carriers), 1))],
            )
    for code, hccs in tables.codes.items():
        if len(hccs) > 1:
            yield {"new_enrollee": False}, [code, *pick(rng.choice(list(carriers), rng.integers(0, 3)))]


def _by_condition(model: str, tables: oracle_data.Tables, rng: np.random.Generator) -> Drawn:
    """Every hierarchy edge, every interaction in every segment, the heart device, every count."""
    carriers = _carriers(tables)
    pick = functools.partial(_pick, carriers, rng)
    for parent, children in tables.children.items():
        for child in children:
            yield {"new_enrollee": False}, pick([parent, child])
            for grandchild in tables.children.get(child, ()):
                if grandchild not in children:
                    yield {"new_enrollee": False}, pick([parent, child, grandchild])
                    yield {"new_enrollee": False}, pick([parent, grandchild])
    for factors in oracle_terms.INTERACTIONS[model].values():
        for segment in segments(model):
            yield segment, pick(_one_of_each(model, factors, rng))
    for hccs, extra in itertools.product(("223", "227", "221", "226", "238"), range(8)):
        if hccs in carriers:
            chosen = [hccs, "227", *rng.choice(list(carriers), extra)]
            yield {"new_enrollee": False}, pick(chosen)
    for count, _ in itertools.product(range(14), range(40)):
        yield {"new_enrollee": False}, pick(rng.choice(list(carriers), count, replace=False))


def _at_random(tables: oracle_data.Tables, rng: np.random.Generator) -> Drawn:
    every = list(tables.codes)
    while True:
        held = [every[i] for i in rng.integers(0, len(every), rng.choice([0, 1, 2, 3, 4, 6, 9, 14, 20]))]
        held += [UNKNOWN[i] for i in rng.integers(0, len(UNKNOWN), rng.integers(0, 3))]
        held += held[: rng.integers(0, 3)]
        rng.shuffle(held)
        yield None, held


def segments(model: str) -> list[dict[str, Any]]:
    """What a person has to be for each segment of a model."""
    kinds: list[dict[str, Any]] = [
        {"lti": True, "age": 40, "orec": "1"},
        {"lti": True, "age": 80, "orec": "1"},
    ]
    for age, dual in itertools.product((40, 72), ("NA", "01", "02")):
        kinds.append({"lti": False, "new_enrollee": False, "age": age, "dual": dual, "orec": "1"})
    kinds += [{"lti": False, "new_enrollee": True, "snp": snp, "age": 66} for snp in (False, True)]
    if model == "ESRD V24":
        return [{**kind, "graft_months": months} for kind in kinds for months in (None, 2, 6, 30)]
    if model == "RxHCC V08":
        return [{**kind, "low_income": low} for kind in kinds for low in (False, True)]
    return kinds


def _one_of_each(model: str, factors: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    chosen = []
    for factor in factors:
        group = oracle_terms.GROUPS[model].get(factor)
        if group:
            chosen.append(str(rng.choice(group)))
        elif factor.startswith("HCC"):
            chosen.append(factor.removeprefix("HCC"))
    return chosen


def _carriers(tables: oracle_data.Tables) -> dict[str, list[str]]:
    carriers: dict[str, list[str]] = {}
    for code, hccs in sorted(tables.codes.items()):
        if len(hccs) == 1 and code not in tables.edits:
            carriers.setdefault(hccs[0], []).append(code)
    for code, hccs in sorted(tables.codes.items()):
        for hcc in hccs:
            carriers.setdefault(hcc, [code])
    return carriers


def _pick(carriers: dict[str, list[str]], rng: np.random.Generator, hccs: Any) -> list[str]:
    return [str(rng.choice(carriers[str(hcc)])) for hcc in hccs if str(hcc) in carriers]


def _person(model: str, rng: np.random.Generator, number: int, given: dict[str, Any]) -> dict[str, Any]:
    age = int(rng.choice(EDGES)) if rng.random() < 0.4 else int(rng.integers(0, 106))
    person = {
        "person_id": f"P{number:06d}",
        "age": age,
        "sex": str(rng.choice(["1", "2"])),
        "dual": str(rng.choice(DUALS)),
        "orec": str(rng.choice(["0", "0", "1", "2", "3"])),
        "lti": bool(rng.random() < 0.15),
        "new_enrollee": bool(rng.random() < 0.2),
        "snp": bool(rng.random() < 0.4),
        "esrd": bool(rng.random() < 0.2),
        "low_income": bool(rng.random() < 0.4),
        "graft_months": _months(model, rng),
    }
    return person | given


def _months(model: str, rng: np.random.Generator) -> int | None:
    if model != "ESRD V24" or rng.random() < 0.4:
        return None
    return int(rng.choice([1, 2, 3, 4, 5, 9, 10, 11, 36, 240]))


def _typed(code: str, rng: np.random.Generator) -> str:
    """The code as somebody typed it: small letters, a dot, blanks around it."""
    if not code or rng.random() < 0.4:
        return code
    if len(code) > 3 and rng.random() < 0.6:
        code = f"{code[:3]}.{code[3:]}"
    if rng.random() < 0.3:
        code = code.lower()
    return f"{' ' * int(rng.integers(0, 3))}{code}{' ' * int(rng.integers(0, 3))}"
