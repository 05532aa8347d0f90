"""Who sees whom for what, and when: the services of ``recurring_claims``, before any payer has decided on them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

DAYS: Final = 730
DIAGNOSES_A_CLAIM: Final = 4

#: Specialty: place of service, share of single visits, procedures and diagnoses from the most frequent on.
_ORDINARY: Final = {
    "primary": ("11", 0.3, "99213 99214 99212 36415 90471 93000",
                "I10 E785 E119 Z0000 J069 M545 R059 E669 F419 K219 N390 Z23 R5383 E039 J209 R739 D649 Z87891"),
    "cardiology": ("22", 0.13, "93005 93306 93015 99204 93880 93224",
                   "I2510 I480 R079 I5022 R002 I350 I739 R0602 I429 I4891 I447 R55 I252 Z950"),
    "orthopedics": ("11", 0.12, "99203 73562 20610 73030 29881 73630",
                    "M1711 M1712 M25561 M25511 M7541 S83241A M2011 M79671 M1811 S52501A M7061 M4806 M65341 Z96651"),
    "dermatology": ("11", 0.1, "11102 17000 17110 99202 11721 88305",
                    "L570 L821 D225 B078 L309 C44319 L718 L400 D485 B351 L700 L989 L219 C44629"),
    "digestive": ("22", 0.08, "45380 45385 43239 99215 91200 45378",
                  "Z1211 K635 K2970 K5900 K5090 K7460 R1310 K760 K649 D122 K5730 R1013 R197 Z8601"),
    "eye": ("11", 0.09, "92014 92134 92083 66984 67028 92004",
            "H2513 H401131 E113291 H353131 H04123 H524 H43813 H3581 H26491 H0288A H02831 H10413 H353231 Z961"),
    "imaging": ("22", 0.09, "71046 74177 70551 77067 76700 72148",
                "Z1231 R109 R51 R918 M5416 R7989 G43909 N200 R9389 C3411 R1011 J189 S0990XA R634"),
    "laboratory": ("81", 0.09, "80053 85025 83036 84443 80061 82306",
                   "E1165 Z1322 E559 R799 D509 E781 Z79899 N183 R7301 E8881 E876 Z13220 D519 Z125"),
}  # fmt: skip
_RECURRING: Final = {
    "therapy": ("11", "97110 97140 97112 97530 97035",
                "M542 M25562 M25512 M5450 M6281 R2689 M7502 M6283 M5136 S93401D Z471 M25551 R293 M2662 G8929 "
                "M75101 S46011D M4802 R262 M5441 I69351 M24511 M7712 M722 Z4789"),
    "dialysis": ("65", "90999 J0882 J1756 82728 83970 84100",
                 "N186 D631 Z992 N2581 I120 E1122 E8770 I132 E875 D509 E8339 Z7682 E1021 N059 Z9115 T8249XA"),
    "behavioral": ("10", "90837 90834 90832 H0004 H2019 90853",
                   "F411 F331 F4323 F4310 F329 F3181 F40 F1020 F909 F321 F431 F4312 F603 F1120 F259 F420 F502 F840 "
                   "F3341 F4001 F5101 F1920"),
}  # fmt: skip
SPECIALTIES: Final = (*_ORDINARY, *_RECURRING)
_PLACES: Final = [v[0] for v in (*_ORDINARY.values(), *_RECURRING.values())]
_PROCEDURES_OF: Final = [v[-2].split() for v in (*_ORDINARY.values(), *_RECURRING.values())]
_DIAGNOSES_OF: Final = [v[-1].split() for v in (*_ORDINARY.values(), *_RECURRING.values())]
PROCEDURES: Final = [code for codes in _PROCEDURES_OF for code in codes]
DIAGNOSES: Final = [*dict.fromkeys(code for codes in _DIAGNOSES_OF for code in codes)]
_PER_SPECIALTY: Final = (60, 24, 24, 18, 14, 16, 14, 10, 30, 12, 36)
PROVIDERS: Final = [f"17{i:08d}" for i in range(sum(_PER_SPECIALTY))]
_PROCEDURE_AT: Final = np.cumsum([0, *map(len, _PROCEDURES_OF)])
_PROVIDER_AT: Final = np.cumsum([0, *_PER_SPECIALTY])
_NUMBERS_OF: Final = [np.array([DIAGNOSES.index(code) for code in codes]) for codes in _DIAGNOSES_OF]
#: How often a diagnosis is one of the provider's few, by scenario.
_FOCUS: Final = {"independent": 0.0, "habits": 0.7, "credentialing": 0.7, "mixed": 0.4}
_FAVOURITES: Final = 4


@dataclass
class Services:
    """One element per line, by claim; numbers into PROCEDURES, DIAGNOSES, PROVIDERS."""

    kind: pd.Series
    claim: np.ndarray
    person: np.ndarray
    persons: int
    day: np.ndarray
    place: np.ndarray
    provider: np.ndarray
    procedure: np.ndarray
    diagnoses: np.ndarray  # lines x 4, of the claim, in order; -1: none
    points: np.ndarray  # lines x 4, whether the line points to it
    course: np.ndarray  # of therapy; -1: none
    ordinal: np.ndarray  # of the visit in its course or benefit year, from 1

    def __len__(self) -> int:
        return len(self.claim)


def draw(rng: np.random.Generator, scenario: str, kinds: dict[str, float], lines: int) -> Services:
    """All services of a scenario."""
    single = scenario == "independent"
    persons = max(200, int(lines * (0.93 if single else 0.15)))
    rest = int(lines * (1 - sum(kinds.values())))
    parts = [_ordinary(rng, persons, rest, single, _FOCUS.get(scenario, 0.3))]
    makers = {"therapy": _therapy, "dialysis": _dialysis, "behavioral": _behavioral}
    parts += [makers[kind](rng, persons, int(lines * share)) for kind, share in kinds.items()]
    at = 0
    for part in parts:
        part["claim"] += at
        at = int(part["claim"].max()) + 1
    frame = pd.concat(parts, ignore_index=True)
    d, p = [f"d{i}" for i in range(4)], [f"p{i}" for i in range(4)]
    return Services(
        kind=frame["kind"], persons=persons, place=frame["place"].to_numpy(object),
        diagnoses=frame[d].to_numpy(), points=frame[p].to_numpy(bool) & (frame[d].to_numpy() >= 0),
        **{n: frame[n].to_numpy() for n in ("claim", "person", "day", "provider", "procedure", "course", "ordinal")},
    )  # fmt: skip


def _skewed(rng: np.random.Generator, n: np.ndarray | int, size: int, power: float) -> np.ndarray:
    """Numbers below ``n``, the first ones far more frequent."""
    return np.minimum(np.asarray(n) * rng.random(size) ** power, np.asarray(n) - 1).astype(int)


def _of_specialty(
    rng: np.random.Generator, specialty: np.ndarray, tables: list[np.ndarray], power: float
) -> np.ndarray:
    """A number from each one's specialty's table, the first ones far more frequent."""
    sizes = np.array([len(t) for t in tables])
    padded = np.full((len(tables), sizes.max()), -1)
    for i, table in enumerate(tables):
        padded[i, : len(table)] = table
    return np.asarray(padded[specialty, _skewed(rng, sizes[specialty], len(specialty), power)])


_PROCEDURE_NUMBERS: Final = [np.arange(a, b) for a, b in pairwise(_PROCEDURE_AT)]
_PROVIDER_NUMBERS: Final = [np.arange(a, b) for a, b in pairwise(_PROVIDER_AT)]


def _listed(rng: np.random.Generator, columns: list[np.ndarray], shares: tuple[float, ...]) -> np.ndarray:
    """Claims x 4 diagnoses, none twice, of which a claim holds as many as the shares give."""
    d = np.stack(columns, axis=1)
    for j in range(1, d.shape[1]):
        d[(d[:, :j] == d[:, [j]]).any(axis=1), j] = -1
    kept = rng.choice(len(shares), len(d), p=shares) + 1
    d[np.arange(d.shape[1]) >= kept[:, None]] = -1
    # Those that are left out leave no hole.
    order = np.argsort(d < 0, axis=1, kind="stable")
    return np.asarray(np.take_along_axis(d, order, axis=1))


def _frame(
    rng: np.random.Generator, kind: str, of: np.ndarray, *, claim: dict[str, np.ndarray], diagnoses: np.ndarray,
    procedure: np.ndarray, day: np.ndarray | None = None, all_points: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Lines of claims: ``of`` is each line's claim, in order; what a claim has, its lines have."""
    n = len(of)
    points = rng.random((n, 4)) < np.array([0.93, 0.55, 0.35, 0.25])
    points[~(points & (diagnoses[of] >= 0)).any(axis=1), 0] = True
    frame = {"kind": kind, "claim": of, "procedure": procedure, "course": -1, "ordinal": 1}
    frame |= {name: values[of] for name, values in claim.items()}
    frame |= {f"d{j}": diagnoses[of, j] for j in range(4)}
    frame |= {f"p{j}": np.ones(n, bool) if all_points else points[:, j] for j in range(4)}
    if day is not None:
        frame["day"] = day
    return pd.DataFrame(frame)


def _ordinary(rng: np.random.Generator, persons: int, lines: int, single: bool, focus: float) -> pd.DataFrame:
    """Visits of one day, up to three lines each; every person has one, some many."""
    n = lines if single else int(lines / 1.8)
    weight = rng.gamma(0.6, 1, persons)
    more = rng.choice(persons, max(n - persons, 0), p=weight / weight.sum())
    person = np.concatenate([rng.permutation(persons), more])[:n]
    share = np.array([v[1] for v in _ORDINARY.values()])
    usual = rng.choice(len(share), persons, p=share / share.sum())
    specialty = np.where(rng.random(n) < 0.5, usual[person], rng.choice(len(share), n, p=share / share.sum()))
    own = np.stack(
        [_of_specialty(rng, np.full(persons, i), _PROVIDER_NUMBERS, 1.5) for i in range(len(share))], axis=1
    )
    other = _of_specialty(rng, specialty, _PROVIDER_NUMBERS, 1.5)
    provider = np.where(rng.random(n) < 0.7, own[person, specialty], other)
    chronic = np.stack(
        [_of_specialty(rng, np.full(persons, i), _NUMBERS_OF, 1.6) for i in range(len(share))], axis=1
    )
    any_of = lambda: _of_specialty(rng, specialty, _NUMBERS_OF, 1.6)  # noqa: E731
    at = np.concatenate([np.full(k, i) for i, k in enumerate(_PER_SPECIALTY)])
    favourites = np.stack([_of_specialty(rng, at, _NUMBERS_OF, 1.0) for _ in range(_FAVOURITES)], axis=1)
    first = np.where(rng.random(n) < 0.45, chronic[person, specialty], any_of())
    chosen = favourites[provider, rng.integers(0, _FAVOURITES, n)]
    first = np.where(rng.random(n) < focus, chosen, first)
    beside = _of_specialty(rng, np.zeros(n, int), _NUMBERS_OF, 2.0)
    diagnoses = _listed(rng, [first, any_of(), beside, any_of()], (0.35, 0.3, 0.2, 0.15))
    count = np.ones(n, int) if single else rng.choice([1, 2, 3], n, p=[0.45, 0.3, 0.25])
    of = np.repeat(np.arange(n), count)
    claim = {
        "person": person, "provider": provider, "day": rng.integers(0, DAYS, n),
        "place": np.array(_PLACES, object)[specialty],
    }  # fmt: skip
    claim["place"] = np.where((claim["place"] == "11") & (rng.random(n) < 0.1), "22", claim["place"])
    claim["place"] = np.where(claim["place"] == "81", "11", claim["place"])
    procedure = _of_specialty(rng, specialty[of], _PROCEDURE_NUMBERS, 1.4)
    return _frame(rng, "ordinary", of, claim=claim, diagnoses=diagnoses, procedure=procedure)


def _recurring(rng: np.random.Generator, kind: str, persons: int, n: int) -> dict[str, np.ndarray]:
    """What each course, patient or client has all the time: person, provider, place, diagnoses."""
    specialty = np.full(n, SPECIALTIES.index(kind))
    ds = [_of_specialty(rng, specialty, _NUMBERS_OF, power) for power in (1.5, 1.2, 1.2, 1.0)]
    if kind == "dialysis":
        ds[0] = np.full(n, DIAGNOSES.index("N186"))
    return {
        "person": rng.choice(persons, n, replace=n > persons), "first": rng.integers(0, DAYS, n),
        "provider": _of_specialty(rng, specialty, _PROVIDER_NUMBERS, 1.4),
        "diagnoses": _listed(rng, ds, (0.3, 0.35, 0.2, 0.15) if kind != "dialysis" else (0.05, 0.2, 0.35, 0.4)),
    }  # fmt: skip


def _therapy(rng: np.random.Generator, persons: int, lines: int) -> pd.DataFrame:
    """Courses of 6 to 30 visits, two or three lines each, for the same diagnoses from first to last."""
    n = max(5, round(lines / 43))
    course = _recurring(rng, "therapy", persons, n)
    visits = rng.integers(6, 31, n)
    of_visit = np.repeat(np.arange(n), visits)
    ordinal = np.arange(len(of_visit)) - np.repeat(np.cumsum(visits) - visits, visits) + 1
    day = (course["first"][of_visit] + ordinal * 3 + rng.integers(0, 2, len(of_visit))) % DAYS
    wanted = np.log([0.9, 0.6, 0.45, 0.35, 0.12]) + rng.gumbel(0, 1, (n, 5))[of_visit] * 0.7
    ranked = np.argsort(-(wanted + rng.gumbel(0, 0.4, wanted.shape)), axis=1)
    count = rng.choice([2, 3], len(of_visit), p=[0.6, 0.4])
    of = np.repeat(np.arange(len(of_visit)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    claim = {k: course[k][of_visit] for k in ("person", "provider")} | {
        "day": day, "course": of_visit, "ordinal": ordinal, "place": np.full(len(of_visit), "11", object),
    }  # fmt: skip
    procedure = _PROCEDURE_AT[SPECIALTIES.index("therapy")] + ranked[of, nth]
    return _frame(
        rng, "therapy", of, claim=claim, diagnoses=course["diagnoses"][of_visit], procedure=procedure
    )


def _dialysis(rng: np.random.Generator, persons: int, lines: int) -> pd.DataFrame:
    """A facility's claim a month with 10 to 14 equal lines, a session each; some with drugs and tests on another."""
    n = max(3, round(lines / (12.5 * 14.8)))
    patient = _recurring(rng, "dialysis", persons, n)
    months = rng.integers(3, 23, n)
    of_month = np.repeat(np.arange(n), months)
    nth_month = np.arange(len(of_month)) - np.repeat(np.cumsum(months) - months, months)
    month = (patient["first"][of_month] // 30 + nth_month) % 24
    sessions, extra = (
        rng.integers(10, 15, len(of_month)),
        rng.choice([0, 3, 5], len(of_month), p=[0.3, 0.35, 0.35]),
    )
    count = np.stack([sessions, extra], axis=1).ravel()
    held = np.flatnonzero(count)
    of_month, count, drugs = of_month[held // 2], count[held], held % 2 == 1
    of = np.repeat(np.arange(len(held)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    start = month[held // 2] * 30
    procedure = _PROCEDURE_AT[SPECIALTIES.index("dialysis")] + np.where(drugs[of], 1 + (nth + of) % 5, 0)
    claim = {k: patient[k][of_month] for k in ("person", "provider")}
    claim["place"] = np.full(len(held), "65", object)
    return _frame(
        rng, "dialysis", of, claim=claim, diagnoses=patient["diagnoses"][of_month], procedure=procedure,
        day=start[of] + nth * 2, all_points=True,
    )  # fmt: skip


def _behavioral(rng: np.random.Generator, persons: int, lines: int) -> pd.DataFrame:
    """A client's visit a week for up to a year, by and large with the same procedure for the same diagnosis."""
    n = max(5, round(lines / (34 * 1.15)))
    client = _recurring(rng, "behavioral", persons, n)
    weeks = rng.integers(16, 53, n)
    of_week = np.repeat(np.arange(n), weeks)
    ordinal = np.arange(len(of_week)) - np.repeat(np.cumsum(weeks) - weeks, weeks) + 1
    day = client["first"][of_week] + ordinal * 7
    inside = day < DAYS + 180
    of_week, day = of_week[inside], day[inside] % DAYS
    ordinal = pd.Series(day).groupby([of_week, day * 2 // DAYS]).rank(method="first").to_numpy(int)
    usual, m = _skewed(rng, 6, n, 1.5), len(of_week)
    count = rng.choice([1, 2], m, p=[0.85, 0.15])
    of = np.repeat(np.arange(m), count)
    now = np.where(rng.random(len(of)) < 0.8, usual[of_week[of]], _skewed(rng, 6, len(of), 1.5))
    claim = {k: client[k][of_week] for k in ("person", "provider")}
    claim |= {"day": day, "ordinal": ordinal, "place": np.full(m, "10", object)}
    procedure = _PROCEDURE_AT[SPECIALTIES.index("behavioral")] + now
    return _frame(
        rng, "behavioral", of, claim=claim, diagnoses=client["diagnoses"][of_week], procedure=procedure
    )


def diagnosis_table(s: Services, claim_id: np.ndarray) -> pd.DataFrame:
    """One row per claim and diagnosis."""
    first = pd.Series(s.claim).drop_duplicates().index.to_numpy()
    row, position = np.nonzero(s.diagnoses[first] >= 0)
    return pd.DataFrame(
        {
            "claim_id": claim_id[first][row], "diagnosis_position": position + 1,
            "diagnosis_code": np.array(DIAGNOSES, object)[s.diagnoses[first][row, position]],
            "diagnosis_code_type": "icd-10-cm",
        }
    )  # fmt: skip


def pointer_table(s: Services, names: pd.DataFrame) -> pd.DataFrame:
    """One row per line and diagnosis that it points to; institutional lines have none."""
    row, position = np.nonzero(s.points & (s.kind != "dialysis").to_numpy()[:, None])
    out = names.loc[row, ["claim_id", "claim_line_number"]].reset_index(drop=True)
    nth = pd.Series(row).groupby(row).cumcount().to_numpy() + 1
    return out.assign(pointer_position=nth, diagnosis_position=position + 1)
