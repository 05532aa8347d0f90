"""Findings: which lines and claims break which rule, and what judged them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Linked, Part, Records, measure
from cpticd.persons import Apart
from cpticd.rules import flagged, inputs, outcomes, providers, reading, severity, state
from cpticd.rules.registry import chosen, module_of, registry
from cpticd.rules.rule import Rule, Scope, scopes
from cpticd.rules.run import END, Run, passed

#: What a rule finds. What its own row of ``edit_rules`` says of all its findings is added at last (``reading``).
_FOUND: Final = pa.schema(
    [
        ("claim_id", pa.string()),
        ("claim_line_number", pa.int32()),
        ("rule", pa.string()),
        ("severity", pa.string()),
        ("codes", pa.string()),
        ("message", pa.string()),
        ("evidence", pa.string()),
        ("release", pa.string()),
        ("effective_date", pa.date32()),
    ]
)
COLUMNS: Final = (
    "claim_id", "claim_line_number", "rule", "family", "severity", "codes", "message", "evidence", "source",
    "effective_date", "titles", "correction", "file_by",
)  # fmt: skip
_ORDER: Final = ("claim_id", "claim_line_number", "rule", "codes", "evidence", "message", "release")


def _asked(given: Any) -> dict[str, Any]:
    """What the report's options say of rules."""
    return {name: given[name] for name in ("tables", "folder", "payer_kinds")} | {"quiet": True}


def _of_all(
    claims: Claims,
    rules: str | Iterable[str] | None = None,
    severities: str | Iterable[str] = ("error", "warning"),
    **_: Any,
) -> dict[str, pa.Table]:
    """What rules ask of all claims."""
    if not any(rule.find is providers.npi_check_digit for rule in chosen(rules, severities)):
        return {}
    with claims.session() as s:
        return {"provider_numbers": providers.numbers(s)}


@measure(
    heading="Findings of coding rules",
    leaves=Records(),
    apart=Apart(_of_all),
    report=[Part("rules", "rules", "Findings of coding rules", _asked, strict=True)],
)
def check(
    claims: Claims,
    rules: str | Iterable[str] | None = None,
    *,
    severities: str | Iterable[str] = ("error", "warning"),
    payer_kinds: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame | pa.Table] | None = None,
    folder: str | Path | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per finding: a line, or a claim as a whole, that breaks a rule; for a coder to review.

    Parameters
    ----------
    rules: names of rules or of families; None is every rule of ``severities``. One that is named runs whatever its
        severity. ``cx.rules.catalogue()`` lists them.
    severities: ``error`` (a payer that follows the source denies), ``warning`` (it may), ``information`` (codes that
        could be more specific, notes about order: many).
    payer_kinds: payer's name → its kind (medicare, medicare advantage, medicaid, commercial, marketplace, tricare or
        va, workers compensation, self pay, other), in the place of what the claims say of it. A payer of unknown kind
        is in the scope of every rule.
    tables: kind → rows in the columns that ``reference.release(kind)`` has (effective_from and effective_to may be
        missing: open), judged by instead of what has been added: ncci_ptp, ncci_mue, ncci_addon, coverage, …
    folder: where added releases lie, the user's own folder unless it is named (``cpticd.reference.store``).
    quiet: do not print which rules have no table, or none that reaches the dates of service.
    lazy: rows for ``.to_table(name)``, which do not come here.

    Columns
    -------
    claim_id, claim_line_number (missing: the claim as a whole), rule, family, severity; codes, the codes that
    conflict; message, in plain words; evidence, what was seen; source, the document that defines the rule, and the
    table and release that judged; effective_date, first day of the edit that fired, missing where it has none; titles,
    what the diagnoses and HCPCS Level II codes stand for (of CPT codes there are none); correction, what kind of step
    mends the line (recode, modifier, units, resubmit, documentation, write off, …); file_by, the last day on which a
    corrected claim may be sent, where a regulation says it. In messages diagnosis codes have their dot, in columns
    none.

    Medicare's tables and policies are an error for Medicare; of a payer of another kind, which may or may not follow
    them, a warning or information, as ``rule_severities`` says, or nothing.

    Every rule is judged at the date of service, under the tables of that date. A diagnosis is found on each line
    that points to it; on the claim where no line does, or where the source has no pointers. A claim and what
    replaces it are both judged and never compared with each other.

    ``attrs["rules"]``, and the contract's ``records["rules"]``: one record per rule: rule, severity, status (``ran``;
    ``no table``; ``no table for the dates``: none of those that there are holds on the days of the lines; ``not
    asked``), detail (why not), findings, lines (in its scope: setting, kind of payer, dates of service), judged (of
    them, by a table that holds on their day), first_day and last_day of those lines, tables (their releases and
    days), releases (official ones that judged). Raises ArgumentError for a rule, severity or kind that there is not,
    SchemaError for a table without its kind's columns.

    >>> import cpticd as cx
    >>> findings = cx.rules.check(cx.simulate(persons=100, seed=1).claims, ["pointers", "laterality"])
    >>> sorted(set(findings["family"])) == ["laterality", "pointers"]
    True
    """
    kinds = _payer_kinds(payer_kinds)
    given = {kind: passed(kind, table) for kind, table in (tables or {}).items()}
    asked = chosen(rules, severities)
    wanted = None if rules is not None else severities
    found, states = [_FOUND.empty_table()], {}
    with claims.session() as s:
        run = Run(s, given, folder)
        inputs.prepare(s, kinds)
        lines = state.days(s)
        for rule in asked:
            scope = scopes()[rule.name]
            if missing := _missing(run, rule):
                states[rule.name] = state.unjudged(
                    rule.name, scope.severity, state.NO_TABLE,
                    f"add one: reference.add({missing!r}, files), or pass tables=", state.in_scope(lines, scope),
                )  # fmt: skip
                continue
            run.begin(module_of().get(rule.name, rule.name))
            rows = _findings(run, rule, scope, wanted)
            found.append(rows)
            states[rule.name] = state.of(run, rule, scope, lines, rows.num_rows)
        run.begin(END)
        every = pa.concat_tables(found).sort_by([(name, "ascending") for name in _ORDER])
        found.clear()
        result = reading.for_people(run, every, scopes())[list(COLUMNS)]
    result["claim_line_number"] = result["claim_line_number"].astype("Int64")
    if not quiet:
        state.say(states.values())
    return _described(result, states, kinds)


def _findings(run: Run, rule: Rule, scope: Scope, wanted: str | Iterable[str] | None) -> pa.Table:
    """The rule's findings within its scope, of the severities that are wanted."""
    conditions, params = _conditions(scope)
    joins = "JOIN rule_claims c ON c.claim_id = f.claim_id"
    if scope.effective_from or scope.effective_to:
        joins += (
            " LEFT JOIN rule_lines l ON l.claim_id = f.claim_id AND l.claim_line_number = f.claim_line_number"
        )
    rows = run.session.fetch(
        sql.text("rules/findings"), params, found=rule.find(run), joins=joins,
        conditions=" AND ".join(conditions) or "TRUE", rank=severity.rank(rule, scope),
    )  # fmt: skip
    rows = severity.kept(rows, wanted)
    rows = rows.append_column("rule", pa.repeat(pa.scalar(rule.name), rows.num_rows))
    return rows.select(_FOUND.names).cast(_FOUND)


def _conditions(scope: Scope) -> tuple[list[str], dict[str, Any]]:
    """SQL and parameters of what a rule's row says of setting, payer kind and dates of service."""
    conditions: list[str] = []
    params: dict[str, Any] = {}
    for column, values in (("setting", scope.settings), ("payer_kind", scope.payer_kinds)):
        if values:
            names = [f"{column}_{i}" for i in range(len(values))]
            params |= dict(zip(names, values, strict=True))
            inside = f"c.{column} IN ({', '.join('$' + name for name in names)})"
            # A payer of unknown kind is in scope; a bill of unknown setting is not.
            conditions.append(f"(c.payer_kind IS NULL OR {inside})" if column == "payer_kind" else inside)
    day = "coalesce(l.service_date, c.service_date)"
    for name, sign in (("effective_from", ">="), ("effective_to", "<=")):
        if value := getattr(scope, name):
            conditions.append(f"{day} {sign} CAST(${name} AS DATE)")
            params[name] = value
    return conditions, params


def _missing(run: Run, rule: Rule) -> str:
    """The kind of table that a rule lacks, '' where it lacks none."""
    absent = [kind for kind in rule.tables if not run.has(kind)]
    if not absent or (rule.any_table and len(absent) < len(rule.tables)):
        return ""
    return absent[0]


def _payer_kinds(payer_kinds: Mapping[str, str] | None) -> dict[str, str]:
    given = {payer: str(kind).strip().lower() for payer, kind in (payer_kinds or {}).items()}
    if strange := sorted(set(given.values()) - set(severity.PAYER_KINDS)):
        raise ArgumentError(f"payer_kinds: found {strange}; there are {', '.join(severity.PAYER_KINDS)}")
    return given


def _described(
    result: pd.DataFrame, ran: Mapping[str, dict[str, Any]], kinds: dict[str, str]
) -> pd.DataFrame:
    asked = "name it, or its severity"
    states = state.States(
        ran.get(name) or state.unjudged(name, scopes()[name].severity, state.NOT_ASKED, asked)
        for name in registry()
    )
    silent = [each["rule"] for each in states if each["status"] in (state.NO_TABLE, state.NOT_REACHED)]
    described = attach(
        result,
        measure="findings of coding rules",
        numerator="lines, or claims as a whole, that break a rule",
        denominator="every line and claim in the rule's scope (setting, kind of payer, dates of service)",
        clock="codes as submitted, judged at the date of service (diagnoses of a stay: at discharge)",
        exclusions=f"rules without a table for the dates: {', '.join(silent)}" if silent else "none",
        code_set_release="as each finding's source says",
        rules_run=[each["rule"] for each in states if each["status"] in (state.RAN, state.NOT_REACHED)],
        releases=sorted({release for each in states for release in each["releases"]}),
        payer_kinds=kinds,
        records={"rules": states},
    )
    described.attrs["rules"] = states
    return described


@measure(
    heading="Findings by rule",
    leaves=Linked(flagged.of_counts, flagged.counts_as_shown),
    report=[
        Part("rule_counts", "rules", "Findings by rule", lambda given: {"findings": given.part("rules")})
    ],
)
def by_rule(claims: Claims, findings: pd.DataFrame) -> pd.DataFrame:
    """One row per rule, the most findings first: with its status, what judged it, its findings and flagged lines.

    rule, family, severity, status, detail, judged, tables, findings, lines.

    findings: of ``check(claims)``. status: ``ran``, ``no table`` (detail says which one to add), ``no table for the
    dates`` (detail says which there are), ``not asked``. judged: whether a table judged all, part or none of the lines
    in the rule's scope; tables: their releases and days. lines: the lines that the rule flags, each once; a finding
    about a claim as a whole flags all of its lines. Raises SchemaError for findings without their columns.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> counts = cx.rules.findings.by_rule(claims, cx.rules.check(claims, "pointers"))
    >>> int(counts["status"].eq("ran").sum())
    5
    """
    with claims.session() as s:
        outcomes.load(s, findings, "by_rule")
        lines = s.frame("SELECT rule, count(*) AS lines FROM rule_flags GROUP BY rule").set_index("rule")[
            "lines"
        ]
    states = {row["rule"]: row for row in records_of(findings).get("rules", [])}
    found = findings["rule"].value_counts()
    known = scopes()
    rows = [
        {
            "rule": name,
            "family": known[name].family if name in known else "",
            "severity": known[name].severity if name in known else "",
            "status": states.get(name, {}).get("status", "ran"),
            "detail": states.get(name, {}).get("detail", ""),
            "judged": state.share(states.get(name, {})),
            "tables": "; ".join(states.get(name, {}).get("tables", [])),
            "findings": int(found.get(name, 0)),
            "lines": int(lines.get(name, 0)),
        }
        for name in [*dict.fromkeys([*states, *sorted(found.index)])]
    ]
    columns = ["rule", "family", "severity", "status", "detail", "judged", "tables", "findings", "lines"]
    result = pd.DataFrame(rows, columns=columns)
    return attach(
        result.sort_values(["findings", "rule"], ascending=[False, True], ignore_index=True),
        measure="findings of coding rules by rule",
        numerator="findings; lines, or lines of claims as a whole, that break the rule",
        denominator="none: a list, not a rate",
        clock="codes as submitted, judged at the date of service (diagnoses of a stay: at discharge)",
        records={flagged.RECORD: findings},
    )
