"""Claims made of kinds of persons: whoever is of a kind has lines of the same payer, codes, months and fate.

What a report counts is then a sum over kinds, and another data set that agrees with it is another number of persons of
each kind. A table of kinds has the columns ``KEYS`` and ``persons``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

import cpticd as cx
from cpticd.claims import Claims

KEYS: Final = ["payer", "hcpcs_code", "diagnosis_code", "month", "fate"]
#: What becomes of a line: CARC of the first decision ('' paid) and what it pays; what a second decision pays.
FATES: Final[dict[str, tuple[str, int, int]]] = {
    "paid": ("", 60, 0),
    "not necessary": ("50", 0, 0),
    "wrong code": ("16", 0, 0),
    "won": ("50", 0, 60),
    "other code": ("", 60, 0),
    "seen before": ("", 60, 0),
}
#: Fates of lines that were denied at first, and those of them that were not paid later.
DENIED: Final = ("not necessary", "wrong code", "won")
LOST: Final = ("not necessary", "wrong code")
#: The procedure that is paid in the place of another.
PAID_AS: Final = "99212"
#: Who is "seen before" had a visit in the year before, for something that nobody has coded since.
BEFORE: Final = {"hcpcs_code": "99213", "diagnosis_code": "I509", "month": "2023-07", "fate": "paid"}


MONTHS: Final = ("2024-02", "2024-03")


def drawn(seed: int, *, small: float = 0.25, months: Sequence[str] = MONTHS) -> pd.DataFrame:
    """Kinds of two payers, two procedures and four diagnoses; a share of the cells is small.

    One payer denies one procedure for one diagnosis; the visits of an incomplete code are denied for it.
    """
    random = np.random.default_rng(seed)
    rows = []
    for payer in ("North", "South"):
        for procedure in ("83036", "99213"):
            for diagnosis in ("E119", "E11", "M5450", "M5451"):
                few = random.random() < small
                size = int(random.integers(3, 10) if few else random.integers(45, 80))
                chances = np.array([14, 6, 2, 3, 3 if procedure == "99213" else 0.01, 3])
                chances[1] += 30 if (payer, procedure, diagnosis) == ("North", "83036", "M5450") else 0
                chances[2] += 8 if diagnosis == "E11" else 0
                fates = random.dirichlet(chances)
                parts = random.multinomial(size, [1 / len(months)] * len(months)).tolist()
                for month, share in zip(months, parts, strict=True):
                    many = random.multinomial(share, fates).tolist()
                    rows += [
                        (payer, procedure, diagnosis, month, fate, n)
                        for fate, n in zip(FATES, many, strict=True)
                        if n
                    ]
    return pd.DataFrame(rows, columns=[*KEYS, "persons"])


def lines_of(kinds: pd.DataFrame) -> pd.DataFrame:
    """One row per kind and line of its persons, with the number of the kind; ``earlier`` is the visit before."""
    lines = kinds.reset_index(drop=True).rename_axis("kind").reset_index().assign(earlier=False)
    before = lines[lines["fate"] == "seen before"].assign(**BEFORE, earlier=True)
    return pd.concat([lines, before], ignore_index=True)


def claims_of(kinds: pd.DataFrame) -> Claims:
    """The claims of all persons of these kinds."""
    return claims_of_lines(lines_of(kinds))


def claims_of_lines(lines: pd.DataFrame) -> Claims:
    """The claims: of each line one, of $100, on the fifth of the month, decided 20 days and perhaps 150 days later."""
    each = lines.loc[lines.index.repeat(lines["persons"])]
    number = each.groupby(level=0).cumcount()
    visit = lines.groupby("kind").cumcount().reindex(each.index)
    each = each.assign(person_id=[f"P{kind}-{n}" for kind, n in zip(each["kind"], number, strict=True)])
    each = each.reset_index(drop=True)
    each["claim_id"] = each["person_id"] + "-" + visit.astype(str).to_numpy()
    first = pd.to_datetime(each["month"] + "-05")
    for name, days in (("day", 0), ("decided", 20), ("again", 150)):
        each[name] = (first + pd.Timedelta(days=days)).dt.strftime("%Y-%m-%d")
    fate = pd.DataFrame(each["fate"].map(FATES).tolist(), columns=["carc", "paid", "paid_again"])
    each = pd.concat([each, fate], axis=1)
    parts = [_decided(each, 1, "decided", "paid")]
    parts += [_decided(each[each["paid_again"] > 0], 2, "again", "paid_again")]
    persons = each["person_id"].unique()
    years = {"sex": "female", "birth_date": "1950-01-01"}
    return cx.read_tables(
        claims=_rows(each, "payer", "person_id", claim_type="professional", charge_amount=100,
                     place_of_service_code="11", claim_start_date=each["day"], received_date=each["day"],
                     payer_kind="medicare advantage"),
        lines=_rows(each, "hcpcs_code", claim_line_start_date=each["day"], service_unit_quantity=1, **_LINE),
        diagnoses=_rows(each, "diagnosis_code", diagnosis_position=1, diagnosis_code_type="icd-10-cm"),
        pointers=_rows(each, claim_line_number=1, pointer_position=1, diagnosis_position=1),
        members=pd.concat([pd.DataFrame({"person_id": persons, "year": year, **years}) for year in (2023, 2024)]),
        **{name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]},
    )  # fmt: skip


_LINE: Final[dict[str, Any]] = {"claim_line_number": 1, "charge_amount": 100}


def _rows(of: pd.DataFrame, *columns: str, **more: Any) -> pd.DataFrame:
    return of[["claim_id", *columns]].assign(**more)


def _decided(of: pd.DataFrame, number: int, date: str, paid: str) -> dict[str, pd.DataFrame]:
    """The tables of a decision: what it pays, and for what it denies."""
    seen = {"adjudication_number": number}
    denied = of[paid] == 0
    code = of["hcpcs_code"].mask(of["fate"] == "other code", PAID_AS)
    return {
        "adjudications": _rows(of, "payer", paid_date=of[date], claim_status_code="1", charge_amount=100,
                               paid_amount=of[paid], **seen),
        "line_payments": _rows(of, hcpcs_code=code, submitted_hcpcs_code=of["hcpcs_code"], allowed_amount=of[paid],
                               paid_amount=of[paid], **_LINE, **seen),
        "adjustments": _rows(of, claim_line_number=1, adjustment_position=1, group_code="CO", amount=100 - of[paid],
                             carc=of["carc"].where(denied, "45"), **seen),
        "remarks": _rows(of[denied & (of["carc"] == "16")], claim_line_number=1, remark_position=1, rarc="M76", **seen),
    }  # fmt: skip
