"""Findings beside what the payer decided: what ``scorecard``, ``residual`` and ``prebill`` have in common."""

from __future__ import annotations

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
from cpticd.rules.rule import Scope, scopes

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

    rule_findings: claim_id, claim_line_number, rule, decides (1: an error or warning), each once.
    rule_flags: rule, claim_id, claim_line_number, decides: each line that a rule flags, once.
    """
    frame = rows(findings, what)
    severity = frame["severity"] if "severity" in frame else pd.Series("error", index=frame.index)
    plain = pd.DataFrame(
        {
            "claim_id": frame["claim_id"],
            "claim_line_number": frame["claim_line_number"],
            "rule": frame["rule"],
            "decides": severity.isna() | severity.isin(DECIDING),
        }
    )
    plain = plain.groupby(["claim_id", "claim_line_number", "rule"], dropna=False, as_index=False).max()
    table = pa.Table.from_pandas(plain.astype({"decides": "int32"}), preserve_index=False, schema=_FINDINGS)
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


def design_effect(
    units: np.ndarray,
    lines: np.ndarray,
    denied: np.ndarray,
    *,
    squares: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """How many times as much a rate of lines varies because lines of a claim are decided together; 1 at least.

    ``units`` claims with ``lines`` lines, ``denied`` of them denied; ``squares`` are the sums over claims of lines²,
    lines·denied and denied². The variance of the ratio over claims, divided by the binomial one (Rao and Scott,
    Biometrics 48 (1992) 577); where all lines or none are denied, as if claims were decided as a whole.
    """
    nn, nd, dd = squares
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = denied / lines
        spread = (dd - 2 * rate * nd + rate * rate * nn) * units / (units - 1)
        effect = spread / (rate * (1 - rate) * lines * lines / (lines - 1))
        whole = nn / lines
    effect = np.where((units > 1) & (rate > 0) & (rate < 1), effect, whole)
    return np.maximum(effect, 1.0)


def weaker(p_value: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """One-sided p-values whose normal deviate is divided by the root of the design effect."""
    from scipy.special import ndtr, ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(ndtr(ndtri(p_value) / np.sqrt(effect)), 0.0, 1.0)


def at_least(name: str, value: Any, low: float) -> None:
    """Raise ArgumentError unless an option is a number of ``low`` or more."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value >= low:
        raise ArgumentError(f"{name}={value!r}: expected a number of at least {low}")
