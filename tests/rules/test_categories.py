"""The table of categories: which denials speak of which rule."""

from __future__ import annotations

from cpticd import reference
from cpticd.rules.registry import registry
from cpticd.rules.rule import scopes


def test_every_rule_has_categories_that_exist_and_reason_codes_that_stand_in_them() -> None:
    table = reference.table("rule_categories").to_pandas()
    assert {*table["rule"]} == {*scopes()} >= {*registry()}
    known = {*reference.table("categories").to_pandas()["category"]} - {"other", "not a denial"}
    assert {*table["category"]} <= known
    carcs = reference.table("carc_categories").to_pandas()
    overrides = reference.table("carc_rarc_overrides").to_pandas()
    meant = {*zip(carcs["carc"], carcs["category"], strict=True)}
    meant |= {*zip(overrides["carc"], overrides["category"], strict=True)}
    for row in table.itertuples():
        assert row.why
        for carc in row.carcs.split():
            assert (carc, row.category) in meant, (row.rule, carc, row.category)
