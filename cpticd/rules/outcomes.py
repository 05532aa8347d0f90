"""Findings beside what the payer decided: what ``scorecard``, ``residual`` and ``prebill`` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.contract import records_of, terms_of
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.session import Session
from cpticd.rules.rule import Scope, mildness, scopes
from cpticd.stats import ClusterSums, Dependence, Products, ratio_dependence

#: What a finding must say; further columns of ``check`` are read where they are there.
REQUIRED: Final = ("claim_id", "claim_line_number", "rule")
#: Severities on which a payer may act: what only informs neither explains a denial nor spoils a comparison.
DECIDING: Final = ("error", "warning")
#: The highest number that a line can have (schema: 32 bits).
LINE_NUMBERS: Final = 2**31 - 1
_FINDINGS: Final = pa.schema(
    [
        ("claim_id", pa.string()),
        ("claim_line_number", pa.int32()),
        ("rule", pa.string()),
        ("decides", pa.int32()),
        ("mild", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Given:
    """Findings that were handed in: what of them could be matched, and the rules that they are of."""

    rules: tuple[str, ...]
    payer_kinds: dict[str, str]
    findings: int
    astray: int
    open: int

    def contract(self) -> dict[str, Any]:
        """What an analysis says in its contract of the findings that it read."""
        return {
            "findings": self.findings,
            "findings_without_line": self.astray,
            "findings_not_adjudicated": self.open,
        }


def rows(findings: pd.DataFrame | pa.Table, what: str) -> pd.DataFrame:
    """The findings as a frame whose required columns are there, typed and filled; SchemaError otherwise."""
    if isinstance(findings, pa.Table):
        findings = findings.to_pandas()
    if not isinstance(findings, pd.DataFrame):
        raise SchemaError(
            f"{what}: found {type(findings).__name__} as findings; give the DataFrame of rules.check(claims)"
        )
    if missing := [name for name in REQUIRED if name not in findings.columns]:
        raise SchemaError(
            f"{what}: findings have no column {missing}; found {list(map(str, findings.columns))}; "
            "give the DataFrame of rules.check(claims)"
        )
    for name in ("claim_id", "rule"):
        if findings[name].isna().any():
            row = int(findings[name].isna().to_numpy().argmax())
            raise SchemaError(f"{what}: findings have no {name} in row {row}; every finding names one")
    number = pd.to_numeric(findings["claim_line_number"], errors="coerce")
    wrong = number.isna() & findings["claim_line_number"].notna()
    wrong |= number.notna() & ((number % 1 != 0) | ~number.between(0, LINE_NUMBERS))
    if wrong.any():
        row = int(wrong.to_numpy(dtype=bool).argmax())
        raise SchemaError(
            f"{what}: claim_line_number {str(findings['claim_line_number'].iloc[row])!r} in row {row} of the findings; "
            "give whole numbers, missing for the claim as a whole"
        )
    return findings.assign(
        claim_id=findings["claim_id"].astype(str),
        rule=findings["rule"].astype(str),
        claim_line_number=number.astype("Int64"),
    )


def load(s: Session, findings: pd.DataFrame | pa.Table, what: str) -> Given:
    """Relations of findings that were handed in, and what of them could be matched.

    rule_findings: claim_id, claim_line_number, rule, decides (1: an error or warning), mild (0: an error, 1: a warning,
        2: information), each once.
    rule_flags: rule, claim_id, claim_line_number, decides, mild: each line that a rule flags, once.
    """
    frame = rows(findings, what)
    own = {name: scope.severity for name, scope in scopes().items()}
    stated = frame["severity"] if "severity" in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
    plain = pd.DataFrame(
        {
            "claim_id": frame["claim_id"],
            "claim_line_number": frame["claim_line_number"],
            "rule": frame["rule"],
            "decides": stated.isna() | stated.isin(DECIDING),
            "mild": mildness(stated.fillna(frame["rule"].map(own))),
        }
    )
    groups = plain.groupby(["claim_id", "claim_line_number", "rule"], dropna=False, as_index=False)
    plain = groups.agg({"decides": "max", "mild": "min"}).astype({"decides": "int32", "mild": "int32"})
    table = pa.Table.from_pandas(plain, preserve_index=False, schema=_FINDINGS)
    s.load("rule_findings", table)
    s.create("rule_flags", sql.text("rules/flags"))
    (counts,) = s.rows(sql.text("rules/findings_matched"))
    return Given(
        tuple(sorted({*plain["rule"]} | {*_ran(findings)})),
        dict(terms_of(findings).get("payer_kinds", {})),
        len(plain),
        counts["astray"],
        counts["open"],
    )


def _ran(findings: Any) -> list[str]:
    """Rules that ran, whether or not they found anything."""
    report = records_of(findings).get("rules", [])
    return [row["rule"] for row in report if row["status"] == "ran"]


def categories(table: str | Path | pd.DataFrame | pa.Table | None) -> pa.Table:
    """Rule → root-cause categories: the built-in table ``rule_categories``, or the user's in its columns."""
    if table is None:
        return reference.table("rule_categories")
    return reference.replacement("rule_categories", table)


def carcs_of(table: pa.Table) -> pa.Table:
    """rule, carc: the reason codes typical of each rule, each once."""
    pairs = sorted(
        {(row["rule"], carc) for row in table.to_pylist() for carc in (row["carcs"] or "").split()}
    )
    return pa.table(
        {"rule": [rule for rule, _ in pairs], "carc": [carc for _, carc in pairs]},
        schema=pa.schema([("rule", pa.string()), ("carc", pa.string())]),
    )


def load_scopes(s: Session, rules: tuple[str, ...]) -> list[Scope | None]:
    """Relation ``rule_scopes``: rule, scope, the number of whom it concerns; the distinct scopes, by number.

    A rule that ``edit_rules`` does not know concerns every line.
    """
    known = scopes()
    distinct: list[Scope | None] = []
    seen: dict[Any, int] = {}
    numbers = []
    for rule in rules:
        scope = known.get(rule)
        key = scope and (scope.settings, scope.payer_kinds, scope.effective_from, scope.effective_to)
        if key not in seen:
            seen[key] = len(distinct)
            distinct.append(scope)
        numbers.append(seen[key])
    table = pa.table(
        {"rule": list(rules), "scope": pa.array(numbers, pa.int32())},
        schema=pa.schema([("rule", pa.string()), ("scope", pa.int32())]),
    )
    s.load("rule_scopes", table)
    return distinct


def condition(scope: Scope | None, number: int) -> tuple[str, dict[str, Any]]:
    """SQL and parameters of whether a line (setting, payer_kind, service_date) is in a scope."""
    parts = ["1 = 1"]
    params: dict[str, Any] = {}
    if scope is None:
        return parts[0], {}
    for column, values in (("setting", scope.settings), ("payer_kind", scope.payer_kinds)):
        if values:
            bound = {f"s{number}_{column}_{i}": value for i, value in enumerate(values)}
            params |= bound
            inside = f"{column} IN ({', '.join('$' + name for name in bound)})"
            parts.append(f"({column} IS NULL OR {inside})" if column == "payer_kind" else inside)
    for name, sign in (("effective_from", ">="), ("effective_to", "<=")):
        if value := getattr(scope, name):
            parts.append(f"service_date {sign} CAST($s{number}_{name} AS DATE)")
            params[f"s{number}_{name}"] = value
    return f"coalesce({' AND '.join(parts)}, false)", params


def dependence(sums: Mapping[str, np.ndarray]) -> Dependence:
    """How rates of flagged lines vary because lines of a claim, or of a person, are decided alike: the larger effect.

    sums: of each row flagged_lines, denied_lines, flagged_claims, persons, and over claims and persons the sums of
    lines² (``claim_nn``), lines · denied (``claim_nd``) and denied² (``claim_dd``).
    """
    n, k = sums["flagged_lines"], sums["denied_lines"]
    clusters = {
        kind: ClusterSums(
            sums[number],
            sums[f"{kind}_nn"],
            Products(sums[f"{kind}_dd"], sums[f"{kind}_nd"], sums[f"{kind}_nn"]),
        )
        for kind, number in (("claim", "flagged_claims"), ("person", "persons"))
    }
    return ratio_dependence(n, k, n, Products(k, k, n), clusters)


def weaker(p_value: np.ndarray, effect: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """One-sided p-values whose normal deviate is divided by the root of the design effect, and is a t deviate."""
    from scipy.special import ndtr, ndtri, stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        place = ndtri(p_value) / np.sqrt(effect)
        few = stdtr(np.minimum(freedom, 1e6), place)
        found = np.where(freedom < 1e6, few, ndtr(place))
    # No dependence, no change: not even that of the digits that the two steps lose.
    return np.where(effect > 1, np.clip(np.maximum(found, p_value), 0.0, 1.0), p_value)


def at_least(name: str, value: Any, low: float) -> None:
    """Raise ArgumentError unless an option is a number of ``low`` or more."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value >= low:
        raise ArgumentError(f"{name}={value!r}: expected a number of at least {low}")
