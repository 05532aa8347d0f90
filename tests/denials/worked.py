"""Denials whose chance, age and price are known: claims made by hand for tests of what can be won."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake

#: Chance that a denial is paid when it is billed again, by payer and CARC.
CHANCES = {("North", "197"): 0.8, ("North", "50"): 0.2, ("South", "197"): 0.5, ("South", "50"): 0.05}
PRICES = {"99213": 80.0, "80053": 15.0, "70450": 160.0, "27447": 900.0}
LAST = date(2025, 6, 30)
Tables = dict[str, list[dict[str, Any]]]


def worked_claims(size: int = 2400, seed: int = 7) -> tuple[Claims, pd.DataFrame]:
    """Claims of one line; a quarter are denied, of which six in ten are billed again after some weeks, and some paid.

    Charges have nothing to do with what is allowed: each provider marks up as he likes. Returns the claims, and of each
    denial its chance and what it would bring.
    """
    draw = np.random.default_rng(seed)
    tables: Tables = {
        name: [] for name in ("claims", "lines", "adjudications", "line_payments", "adjustments")
    }
    truth = []
    for number in range(size):
        payer = ("North", "South")[number % 2]
        code = list(PRICES)[int(draw.integers(len(PRICES)))]
        allowed = PRICES[code]
        charge = round(allowed * float(draw.choice([1.2, 3.0, 12.0], p=[0.5, 0.3, 0.2])), 2)
        day = date(2024, 1, 1) + timedelta(days=int(draw.integers(500)))
        denied = bool(draw.random() < 0.5)
        carc = ("197", "50")[int(draw.integers(2))]
        claim = f"W{number:05d}"
        service: dict[str, Any] = {"payer": payer, "code": code, "charge": charge}
        sent = service | {"day": day, "person": f"P{number % 300:03d}"}
        _send(tables, claim, received=day + timedelta(days=3), **sent)
        answer = day + timedelta(days=20)
        _answer(tables, claim, day=answer, allowed=0.0 if denied else allowed, carc=carc, **service)
        if not denied:
            continue
        chance = CHANCES[payer, carc]
        won = bool(draw.random() < chance)
        again = answer + timedelta(days=int(draw.integers(10, 70)))
        final = again + timedelta(days=20)
        works = bool(draw.random() < 0.6) and final <= LAST
        if works:
            _send(tables, f"{claim}R", received=again, replaces=claim, **sent)
            _answer(tables, f"{claim}R", day=final, allowed=allowed if won else 0.0, carc=carc, **service)
        truth.append({"claim_id": claim, "claim_line_number": 1, "chance": chance, "worked": works, "answered": answer,
                      "recoverable": allowed if won and not works else 0.0})  # fmt: skip
    intake = Intake()
    for name, rows in tables.items():
        intake.add(name, pd.DataFrame(rows), source="worked")
    return intake.claims(), pd.DataFrame(truth)


def _send(
    tables: Tables,
    claim: str,
    *,
    payer: str,
    code: str,
    charge: float,
    day: date,
    received: date,
    person: str,
    replaces: str = "",
) -> None:
    tables["claims"].append(
        {"claim_id": claim, "person_id": person, "payer": payer, "payer_kind": "commercial", "payer_sequence": 1,
         "billing_npi": "11", "place_of_service_code": "11", "claim_start_date": day, "received_date": received,
         "charge_amount": charge, "frequency_code": "7" if replaces else "1",
         "original_payer_claim_id": f"pcn {replaces}" if replaces else None}
    )  # fmt: skip
    tables["lines"].append({"claim_id": claim, "claim_line_number": 1, "hcpcs_code": code, "charge_amount": charge,
                            "claim_line_start_date": day})  # fmt: skip


def _answer(
    tables: Tables, claim: str, *, payer: str, code: str, charge: float, day: date, allowed: float, carc: str
) -> None:
    key = {"claim_id": claim, "adjudication_number": 1}
    line = key | {"service_number": 1, "claim_line_number": 1}
    tables["adjudications"].append(
        key | {"payer": payer, "paid_date": day, "claim_status_code": "1", "charge_amount": charge,
               "paid_amount": allowed, "payer_claim_id": f"pcn {claim}"}
    )  # fmt: skip
    tables["line_payments"].append(line | {"hcpcs_code": code, "charge_amount": charge, "allowed_amount": allowed,
                                           "paid_amount": allowed})  # fmt: skip
    rest = round(charge - allowed, 2)
    reason = "45" if allowed else carc
    tables["adjustments"].append(
        line | {"adjustment_position": 1, "group_code": "CO", "carc": reason, "amount": rest}
    )
