"""Claims with a service, and claims without it that are alike in all that they are matched by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import pyarrow as pa

from cpticd import model, sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.code_form import normal
from cpticd.core.errors import ArgumentError
from cpticd.core.selection import By, Dimension, Grouping, grouping, joined
from cpticd.core.session import Session
from cpticd.patterns import code_pairs

Grain = Literal["code", "category", "ccsr", "family"]
MATCH: Final = ("payer", "place", "quarter", "age_band", "sex")
#: What diagnoses are put together by: the dimension whose groups they are.
GRAINS: Final = {
    "code": "diagnosis_code", "category": "diagnosis_category", "ccsr": "ccsr", "family": "diagnosis_family",
}  # fmt: skip
#: What belongs to a claim's person, and is no dimension of lines.
_OF_PERSONS: Final = ("age_band", "sex")
#: What a contract says of the comparison.
EXCLUSIONS: Final = (
    "lines of claims that a later claim replaced or voided; claims without a procedure; claims of strata that have "
    "none with the service, or none without"
)


def service_codes(service: str | Sequence[str]) -> tuple[str, ...]:
    """Codes of the service in normal form, sorted; ArgumentError where there is none."""
    given = [service] if isinstance(service, str) else list(service)
    found = [code for code in normal(given).tolist() if isinstance(code, str) and code] if given else []
    if not found or len(found) < len(given):
        raise ArgumentError(f"service={service!r}: give one code or a list of codes, such as '83036'")
    return tuple(sorted({*found}))


def matched(s: Session, claims: Claims, codes: Sequence[str], match: By, grain: Grain) -> dict[str, Any]:
    """Make the relations ``matched`` and ``matched_codes`` in a session; returns what a contract says of them.

    ``matched``: one row per claim with the service (is_case 1) or without, with who (its person), stratum and weight;
    ``matched_codes``: one row per such claim and diagnosis. Raises ArgumentError where no claim has the service.
    """
    one_of("grain", grain, GRAINS)
    own = {name: Dimension(name, name, name) for name in _OF_PERSONS}
    groups = grouping(match, claims.known_dimensions() | own, argument="match")
    lines = Grouping(tuple(each for each in groups.dimensions if each.name not in _OF_PERSONS))
    if wrong := [
        each.name for each in lines.dimensions if each.level == "diagnosis" or each.name == "hcpcs_code"
    ]:
        raise ArgumentError(f"match={match!r}: claims differ in service and diagnosis; leave out {wrong}")
    s.load("service_wanted", pa.table({"value": pa.array(codes, pa.string())}))
    terms = model.standing_lines(s, lines)
    first = "coalesce(min(CASE WHEN w.value IS NOT NULL THEN CAST(l.by_{0} AS VARCHAR) END), "
    first += "min(CAST(l.by_{0} AS VARCHAR))) AS by_{0}"
    dimensions = "".join(f", {first.format(name)}" for name in lines.names)
    s.create("matched_days", sql.text("patterns/matched_days"), dimensions=dimensions)
    s.create("matched_persons", sql.text("patterns/matched_persons"))
    code_pairs.stratified(s, "matched_persons", [f"by_{name}" for name in groups.names])
    s.create("matched", sql.text("patterns/matched"))
    counts = s.rows(
        "SELECT (SELECT sum(is_case) FROM matched_days) AS every, sum(is_case) AS cases, "
        "sum(1 - is_case) AS others, count(DISTINCT stratum) AS strata FROM matched"
    )[0]
    if not counts["every"]:
        raise ArgumentError(f"service: no claim that stands has {' '.join(codes)}")
    by = claims.known_dimensions()[GRAINS[grain]]
    s.create("matched_codes", sql.text("patterns/matched_codes"), code=by.sql, joins=joined([by], but=["p"]))
    cases = int(counts["cases"] or 0)
    return terms | {
        "service": " ".join(codes),
        "grain": by.label,
        "matched_by": groups.names or "nothing",
        "claims_with": cases,
        "claims_without": int(counts["others"] or 0),
        "claims_with_left_out": int(counts["every"]) - cases,
        "strata": int(counts["strata"] or 0),
    }
