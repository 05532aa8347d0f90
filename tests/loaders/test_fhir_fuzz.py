"""Resources of which a part is gone, doubled or another thing: nothing raised but CpticdError, nothing lost."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpticd.core.errors import CpticdError
from cpticd.loaders.fhir.reader import read_fhir
from tests.loaders.fhir_text import bundle
from tests.loaders.test_fhir import CARRIER, FIRST, RESPONSE, VISIT, hospital

WHOLE = [each["resource"] for each in FIRST["entry"]] + [VISIT, CARRIER, hospital(), RESPONSE]
ODD: list[Any] = [
    None,
    [],
    {},
    "",
    "x",
    0,
    -1,
    1e300,
    10**30,
    True,
    [[]],
    [{}],
    {"a": [1]},
    "�\u0000'\"",
    [None],
    "2025-13-45",
]


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every element within a resource."""
    found = [above] if above else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        found += places(each, (*above, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    resource = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 4))):
        every = places(resource)
        if not every:
            break
        *above, last = draw(st.sampled_from(every))
        parent: Any = resource
        for key in above:
            parent = parent[key]
        match draw(st.sampled_from(["drop", "replace", "double"])):
            case "drop":
                del parent[last]
            case "replace":
                parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case _ if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[last]))
            case _:
                parent[last] = [copy.deepcopy(parent[last])] * 2
    return resource


def read_all(folder: Path, text: str, resources: int) -> None:
    path = folder / "fuzz.json"
    path.write_text(text)
    try:
        claims = read_fhir(path, progress=False)
    except CpticdError as error:
        assert "FHIR" in str(error)
        return
    for row in claims.accounting().to_dict("records"):
        assert row["read"] == row["loaded"] + row["rejected"] + row["left_out"], row
        if row["table_name"] in ("claims", "lines", "adjudications", "line_payments", "adjustments", "drugs"):
            assert row["amount_read"] == pytest.approx(row["amount_loaded"] + row["amount_rejected"]), row
    read = claims.accounting().query("table_name == 'resources'")["read"].sum()
    assert read == resources
    for table in ("services", "pairs"):
        claims.table(table)


@pytest.mark.thorough
@given(st.lists(mutated(), min_size=20, max_size=20))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow,
                                                                 HealthCheck.data_too_large, HealthCheck.large_base_example])  # fmt: skip
def test_parts_that_are_gone_or_another_thing(tmp_path: Path, resources: list[dict[str, Any]]) -> None:
    """Many resources a file: what one of them breaks must not cost the others."""
    whole = [each for each in resources if each]
    read_all(tmp_path, json.dumps(bundle(*whole, VISIT)), len(whole) + 1)


@pytest.mark.thorough
@given(st.integers(0, 10**6), st.binary(max_size=3))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_another_thing(tmp_path: Path, place: int, scrap: bytes) -> None:
    text = ("\n".join(json.dumps(each) for each in WHOLE[:6])).encode()
    at = place % len(text)
    path = tmp_path / "fuzz.ndjson"
    path.write_bytes(text[:at] + scrap + text[at + 2 :])
    try:
        claims = read_fhir(path, progress=False)
    except CpticdError:
        return
    found = (
        claims.accounting()
        .query("table_name == 'resources'")[["read", "loaded", "rejected", "left_out"]]
        .sum()
    )
    assert found["read"] == found[["loaded", "rejected", "left_out"]].sum() >= 5
