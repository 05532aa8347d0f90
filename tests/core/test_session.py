"""Sessions keep to themselves: their relations are gone at the end, and several threads work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest

import cpticd as cx
from cpticd import model, sql
from cpticd.claims import Claims
from cpticd.core.errors import CpticdError, QueryError
from tests.amount import first
from tests.small_claims import small_claims
from tests.spec import SPEC, claims_of

CALLS: dict[str, Callable[[Claims], pd.DataFrame]] = {
    "rates": lambda c: cx.denials.rates(c, by=["payer", "diagnosis_family"]),
    "rates of claims": lambda c: cx.denials.rates(c, by="hcpcs_code", unit="claims"),
    "causes": lambda c: cx.denials.causes(c, by="place"),
    "pairs": lambda c: cx.denials.by_pair(c, min_lines=1),
    "pairs by place": lambda c: cx.denials.by_pair(c, by="place", grain="family", min_lines=1),
    "trend": lambda c: cx.denials.trend(c, by="payer"),
    "delay": lambda c: cx.denials.delay(c, by="payer"),
    "silent": cx.denials.silent,
    "standard measures": lambda c: cx.denials.kpis(c, by="payer"),
    "open denials": lambda c: cx.denials.open(c, as_of="2024-12-31"),
    "a selection": lambda c: cx.denials.by_pair(c.where(place="11"), min_lines=1),
    "a query": lambda c: c.query(
        "SELECT payer, count(*) AS n FROM line_outcomes GROUP BY payer ORDER BY payer"
    ),
}


def test_relations_are_the_sessions_own_and_gone_at_its_end(spec: Claims) -> None:
    with spec.session() as one, spec.session() as other:
        one.create("mine", "SELECT count(*) AS n FROM lines")
        other.create("mine", "SELECT {most} AS n", most=5)
        assert (one.value("SELECT n FROM mine"), other.value("SELECT n FROM mine")) == (12, 5)
    with spec.session() as third, pytest.raises(QueryError):
        third.fetch("SELECT * FROM mine")


def test_a_relation_is_made_again_loaded_and_dropped(spec: Claims) -> None:
    with spec.session() as s:
        s.create("x", "SELECT 1 AS n", lazy=True)
        s.create("x", "SELECT 2 AS n")
        assert s.value("SELECT n FROM x") == 2
        s.load("x", {"n": [3, 4]})
        s.load("x", pd.DataFrame({"n": [5]}))
        s.load("x", pa.table({"n": [6]}), copy=False)
        assert s.rows("SELECT n FROM x") == [{"n": 6}]
        s.drop("x")
        assert not s.has("x")
        with pytest.raises(QueryError):
            s.fetch("SELECT * FROM x")


def test_a_relation_made_once_is_one_querys_alone(spec: Claims) -> None:
    with spec.session() as s:
        assert s.once("x", "SELECT 1 AS n") == s.once("x", "SELECT 1 AS n") == "x"
        with pytest.raises(CpticdError, match="two queries"):
            s.once("x", "SELECT 2 AS n")


@pytest.mark.parametrize("name", ["lines", "pairs", "bridge", "x; DROP TABLE lines", "Mixed", ""])
def test_names_of_the_data_set_are_not_taken(spec: Claims, name: str) -> None:
    with spec.session() as s, pytest.raises(CpticdError, match="relation"):
        s.create(name, "SELECT 1 AS n")


def test_what_the_engine_refuses_is_the_packages_error(spec: Claims) -> None:
    with spec.session() as s:
        for wrong in ("SELECT", "SELECT nothing FROM lines", "SELECT CAST('x' AS INTEGER) AS n"):
            with pytest.raises(CpticdError):
                s.create("x", wrong)
                s.fetch("SELECT * FROM x")


@pytest.mark.parametrize("name", first(2, CALLS))
def test_six_threads_at_once_find_what_one_finds(name: str) -> None:
    claims, call = small_claims(), CALLS[name]
    alone = call(claims)
    found: list[pd.DataFrame] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            found.append(call(claims))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for each in [*found, call(claims)]:
        pd.testing.assert_frame_equal(each, alone)


#: What is computed before it can be said which claims do not stand.
BEFORE_SUPERSEDED = {"ledger", "chains", "versions", "superseded"}


@pytest.mark.parametrize("name", [*sql.LINES, *model.FAMILIES])
def test_a_statement_may_name_one_relation_of_the_model_alone(name: str) -> None:
    assert claims_of(**SPEC).query(f"SELECT count(*) AS n FROM {name}")["n"].item() >= 0


def test_the_model_is_derived_once_when_a_statement_first_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, rejects and accounts wait for nothing; six threads that ask at once find one and the same model."""
    derived: list[object] = []
    derive = model.derive
    monkeypatch.setattr(
        model,
        "derive",
        lambda engine, wanted, **how: (
            derived.extend((engine, name) for name in wanted),
            derive(engine, wanted, **how),
        ),
    )
    claims = claims_of(**SPEC)
    assert len(claims.table("lines")) == 12
    assert len(claims.query("SELECT claim_id FROM claims")) == 8
    claims.accounting()
    assert derived == []
    claims.query("SELECT count(*) AS n FROM superseded")  # what is built on it is not derived yet
    assert derived == [(claims.engine, name) for name in model.order() if name in BEFORE_SUPERSEDED]
    found: list[int] = []
    names = ["Services", "ledger", "line_outcomes", "procedure_families", "claim_outcomes", "pairs"]
    threads = [
        threading.Thread(
            target=lambda name=name: found.append(
                claims.query(f"SELECT count(*) AS n FROM {name}")["n"].item()
            )
        )
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(names)
    assert min(found) > 0
    assert len(derived) == len(set(derived)), "one of them was derived twice"
    unnamed = {"unprocessable", "adjustment_readings", "service_decisions"}
    assert set(derived) == {(claims.engine, name) for name in model.order() if name not in unnamed}
