"""The made-up rule tables, and claims that keep to them but where an error is planted."""

from __future__ import annotations

import pyarrow as pa
import pytest

import cpticd as cx
from cpticd.reference import store
from cpticd.simulation import Simulation
from cpticd.simulation.catalogue import catalogue, rows

TABLES = cx.simulation.rule_tables()


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_rule_tables_are_laid_out_as_official_ones(kind: str):
    table = TABLES[kind]
    assert {*store.key(kind), "effective_from", "effective_to", "release", "setting"} <= set(
        table.column_names
    )
    assert table.schema.field("effective_from").type == table.schema.field("effective_to").type == pa.date32()
    keys = [*store.key(kind), "setting"]
    assert not table.to_pandas().duplicated(keys).any()
    known = {*catalogue().procedures, *catalogue().codes}
    for name in {"code", "column_1", "column_2", "add_on_code", "primary_code"} & set(table.column_names):
        assert set(table[name].to_pylist()) <= known, name


def test_limits_leave_room_for_the_units_that_are_billed():
    limits = dict(zip(*(TABLES["ncci_mue"][name].to_pylist() for name in ("code", "units")), strict=True))
    assert set(TABLES["ncci_mue"]["adjudication_indicator"].to_pylist()) == {"1", "2", "3"}
    billed = {row["code"]: int(row["most_units"]) for row in rows("procedures") if row["most_units"]}
    assert len(billed) >= 25
    assert [code for code, most in billed.items() if most > limits.get(code, most)] == []


def test_edits_that_have_ended_bind_nobody(simulation: Simulation):
    ended = TABLES["ncci_ptp"].to_pandas().query("setting == 'practitioner' and effective_to.notna()")
    assert len(ended) >= 3
    lines = simulation.claims.table("lines")[["claim_id", "hcpcs_code"]]
    both = lines.merge(lines, on="claim_id").merge(
        ended, left_on=["hcpcs_code_x", "hcpcs_code_y"], right_on=["column_1", "column_2"]
    )
    assert len(both) > 20


def test_persons_are_seen_once_a_day(simulation: Simulation):
    claims = simulation.claims.query(
        "SELECT person_id, claim_start_date AS day, count(DISTINCT billing_npi) AS n FROM claims "
        "WHERE claim_type = 'professional' AND place_of_service_code = '11' AND frequency_code = '1' GROUP BY ALL"
    )
    assert (claims["n"] > 1).mean() < 0.002


def test_codes_that_exclude_each_other_are_all_listed():
    notes = cx.reference.table("icd10cm_notes").to_pandas().query("note == 'excludes1'")
    codes = sorted(set(catalogue().codes))
    known = {frozenset((row["diagnosis_code"], row["other_code"])) for row in rows("excludes")}
    found = {
        frozenset((code, other))
        for first, second in set(zip(notes["code"], notes["other"], strict=True))
        for code in codes
        if code.startswith(first)
        for other in codes
        if other.startswith(second) and other != code
    }
    assert found <= known
    assert len(found) > 100
