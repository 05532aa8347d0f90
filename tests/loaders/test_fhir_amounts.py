"""FHIR: amounts and what they are called, in words and in other currencies; tables of kinds that no file has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cpticd.core import sources
from cpticd.loaders.fhir import codes
from cpticd.loaders.fhir.resources import TABLES, Resources
from cpticd.loaders.intake import Intake
from tests.loaders.fhir_text import TERMS, Json, amount, concept, eob, item, read


@pytest.mark.parametrize(
    "money", [{"currency": "EUR"}, {"system": "urn:iso:std:iso:4217", "code": "EUR"}], ids=["R4", "STU3"]
)
def test_amounts_that_are_no_dollars_are_refused_and_not_added(tmp_path: Path, money: Json) -> None:
    own = {"category": concept((f"{TERMS}/adjudication", "submitted")), "amount": {"value": 90} | money}
    abroad = eob("e", item(1, "99213", own))
    net = eob("n", item(1, "99213", net={"value": 80} | money))
    claims = read(tmp_path, abroad, net, eob("d", item(1, "99213", amount("submitted", 70))))
    assert claims.table("lines")["charge_amount"].tolist() == [70]
    rejected = claims.rejects[claims.rejects["action"] == "rejected"]
    assert {*rejected["reason"]} == {
        "ExplanationOfBenefit: amounts in EUR, which are no dollars: convert them"
    }
    assert len(rejected) == 2


def test_a_category_in_words_is_read_where_its_code_is_not_known(tmp_path: Path) -> None:
    def said(words: str, value: float, *codings: tuple[str, str]) -> Json:
        category = (concept(*codings) if codings else {}) | {"text": words}
        return {"category": category, "amount": {"value": value, "currency": "USD"}}

    own = ("http://payer.example/amounts", "A7")
    one = item(1, "99213", said("Submitted Amount", 100, own), said("Amount Allowed", 80), said("Paid by plan", 60),
               said("Co-payment", 20), said("Paid", 1, (f"{TERMS}/adjudication", "deductible")))  # fmt: skip
    claims = read(tmp_path, eob("a", one))
    (paid,) = claims.table("line_payments")[
        ["charge_amount", "allowed_amount", "paid_amount"]
    ].values.tolist()
    assert paid == [100, 80, 60]
    reasons = claims.table("adjustments")[["group_code", "carc", "amount"]].values.tolist()
    assert ["PR", "3", 20] in reasons
    assert ["PR", "1", 1] in reasons


def test_tables_of_kinds_that_no_file_has_are_those_that_files_make(tmp_path: Path) -> None:
    """Declared, and not derived from nothing: a small file should not wait for statements that find no row."""
    kinds = ("Claim", "Patient", "Coverage", "Observation")
    path = tmp_path / "all.ndjson"
    path.write_text("\n".join(json.dumps({"resourceType": kind, "id": kind}) for kind in kinds))
    made: list[dict[str, list[tuple[str, str]]]] = []
    for given in ([path], []):
        intake = Intake()
        codes.define(intake.engine)
        resources = Resources(intake)
        for each in given:
            resources.add(next(sources.texts(each)))
        resources.complete()
        made.append({})
        for name in TABLES:
            rows = intake.query(f"DESCRIBE fhir_{name}").to_pylist()
            made[-1][name] = [(row["column_name"], row["column_type"]) for row in rows]
        intake.engine.close()
    assert made[0] == made[1]
