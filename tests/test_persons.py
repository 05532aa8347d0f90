"""Rows of persons are left where they are: the same rows, worked out in pieces, of which the driver sees no row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import persons
from cpticd.core.apart import Piece, Unknown, summed, total, within
from cpticd.core.errors import ArgumentError, InputError, OutputExistsError, QueryError
from tests.amount import first
from tests.spec import SPEC, claims_of

Call = Callable[..., Any]
#: Analyses with rows of persons, each with what it asks of all persons besides.
CALLS: dict[str, Call] = {
    "conditions": lambda claims, **lazy: cx.risk.conditions(claims, year=2025, **lazy),
    "open": lambda claims, **lazy: cx.denials.open(claims, as_of="2026-02-01", **lazy),
    "gaps": lambda claims, **lazy: cx.risk.gaps(claims, year=2025, min_persons=3, quiet=True, **lazy),
    "score": lambda claims, **lazy: cx.risk.score(claims, payment_year=2026, quiet=True, **lazy),
    "check": lambda claims, **lazy: cx.rules.check(claims, quiet=True, **lazy),
}


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as a table holds them, lists as text, in an order of their own."""
    rows = persons._plain(rows).to_pandas()
    for name in rows:
        lists = rows[name].map(lambda cell: hasattr(cell, "__iter__") and not isinstance(cell, str))
        if lists.any():
            rows[name] = [
                " ".join(cell) if is_list else "" for cell, is_list in zip(rows[name], lists, strict=True)
            ]
    keys = [name for name in rows if not pd.api.types.is_float_dtype(rows[name])]
    return rows.sort_values(keys, ignore_index=True)


def assert_same(found: pd.DataFrame, plain: pd.DataFrame) -> None:
    assert len(plain)
    pd.testing.assert_frame_equal(in_order(found), in_order(plain), check_dtype=False, rtol=1e-9, atol=1e-9)


def lines(claims: cx.Claims) -> int:
    return len(claims.table("lines"))


@pytest.fixture(scope="module")
def simulated() -> cx.Claims:
    return cx.simulate(persons=120, seed=4, stories=True).claims


@pytest.mark.parametrize("name", first(1, CALLS))
def test_pieces_have_the_rows_of_the_whole(
    simulated: cx.Claims, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "LINES", lines(simulated) // 2 + 1)
    plain, table = CALLS[name](simulated), tmp_path / name
    written = CALLS[name](simulated, lazy=True).to_table(str(table))
    assert (written.rows, written.columns) == (len(plain), tuple(plain.columns))
    assert written.terms["measure"] == cx.contract(plain)["measure"]
    assert_same(pd.read_parquet(table), plain)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["open", "check"])
def test_a_selection_has_the_rows_of_its_lines(
    simulated: cx.Claims, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = simulated.where(dates=("2025-01-01", None))
    monkeypatch.setattr(persons, "LINES", lines(view) // 2 + 1)
    CALLS[name](view, lazy=True).to_table(str(tmp_path / name))
    assert_same(pd.read_parquet(tmp_path / name), CALLS[name](view))


def test_what_needs_all_rows_at_once_says_so(tmp_path: Path) -> None:
    claims: Any = claims_of(**SPEC)
    rates: Any = cx.denials.rates
    with pytest.raises(ArgumentError, match=r"denials\.rates: lazy=True .* risk\.conditions"):
        rates(claims, lazy=True)
    score: Any = cx.risk.score
    with pytest.raises(ArgumentError, match="expected Claims"):
        score(pd.DataFrame({"person_id": ["A"]}), payment_year=2026, lazy=True)
    with pytest.raises(InputError, match="members: none of 2025 or 2026"):
        score(claims, payment_year=2026, lazy=True).to_table(str(tmp_path / "scores"))
    assert not list(tmp_path.iterdir())


def test_a_table_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    conditions: Any = cx.risk.conditions
    rows = conditions(claims_of(**SPEC), year=2024, lazy=True)
    assert ".to_table(name)" in repr(rows)
    with pytest.raises(OutputExistsError, match="there exists"):
        rows.to_table(str(tmp_path / "there"))
    assert repr(rows.to_table(str(tmp_path / "new"))).endswith("(diagnoses that count for risk adjustment)")


def test_a_total_is_that_of_all_pieces() -> None:
    """What is made of a total that is not known yet waits for it."""
    one, other = (pd.DataFrame({"code": codes, "n": n}) for codes, n in ((["b", "a"], [1, 2]), (["b"], [5])))
    assert total("codes", one, ["code"]) is one
    piece = Piece()
    with within(piece):
        total("codes", one, ["code"])
        with pytest.raises(Unknown):
            total("ranks", one, ["code"], after=["codes"])
    assert list(piece.added) == ["codes"]
    both = summed([piece.added["codes"], other], ["code"])
    assert both.to_dict("list") == {"code": ["a", "b"], "n": [2, 6]}
    with within(Piece(totals={"codes": both})):
        assert total("codes", one, ["code"]) is both


#: What the driver may take of a statement: less than the rows of the analysis, more than what is counted of it.
LIMITS = dict.fromkeys(CALLS, "32k") | {"gaps": "64k"}


@contextmanager
def result_limit(session: Any, limit: str) -> Iterator[None]:
    """The driver takes so much of one statement, and no more; tables that are joined stay away from it, too."""
    settings = session.sparkContext._jsc.sc().conf()
    before = settings.get("spark.driver.maxResultSize", "1g")
    settings.set("spark.driver.maxResultSize", limit)
    session.conf.set("spark.sql.autoBroadcastJoinThreshold", -1)
    try:
        yield
    finally:
        settings.set("spark.driver.maxResultSize", before)
        session.conf.unset("spark.sql.autoBroadcastJoinThreshold")


@pytest.mark.every_engine
@pytest.mark.parametrize("name", CALLS)
def test_no_row_comes_to_the_driver(
    spark_session: Any, simulated: cx.Claims, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "LINES", lines(simulated) // 2 + 1)
    claims = cx.open(simulated.save(tmp_path / "claims"), engine="spark", session=spark_session)
    spark_session.sql(f"CREATE DATABASE rows_of_{name} LOCATION '{(tmp_path / 'lake').as_uri()}'")
    with result_limit(spark_session, LIMITS[name]):
        with pytest.raises(QueryError, match="maxResultSize"):
            CALLS[name](claims)
        written = CALLS[name](claims, lazy=True).to_table(f"rows_of_{name}.found")
    found = spark_session.table(written.name)
    assert found.count() == written.rows
    assert_same(found.toPandas(), CALLS[name](simulated))
    with pytest.raises(OutputExistsError, match="the catalog has a table"):
        CALLS[name](claims, lazy=True).to_table(written.name)
    spark_session.sql(f"DROP DATABASE rows_of_{name} CASCADE")
