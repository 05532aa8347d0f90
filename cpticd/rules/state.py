"""What each rule of a run could judge: its lines in scope, which of them a table reaches, and which tables there were.

A rule whose table holds for another time than the lines finds nothing, and nothing found must not look like clean
lines: the state of every rule says how many of its lines a table judged, and why not the others. It is printed with the
result and stands in ``attrs["rules"]`` and in the contract's ``records["rules"]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.core.session import Session
from cpticd.rules.rule import Rule, Scope
from cpticd.rules.run import Run, Stretch

RAN: Final = "ran"
NO_TABLE: Final = "no table"
#: There is a table, and it holds for none of the days of the lines in scope.
NOT_REACHED: Final = "no table for the dates"
NOT_ASKED: Final = "not asked"
#: Settings of tables that say nothing of the bill's setting.
_ANY_SETTING: Final = ("", "article", "lcd")


class States(list[dict[str, Any]]):
    """One record per rule of a run; pandas copies ``attrs`` at every step, and this is not copied."""

    def __copy__(self) -> States:
        return self

    def __deepcopy__(self, memo: Any) -> States:
        return self


def days(s: Session) -> pd.DataFrame:
    """One row per setting, kind of payer and day of service: how many lines; the day as YYYY-MM-DD, '' where none."""
    found = s.fetch(
        "SELECT c.setting, c.payer_kind, CAST(l.service_date AS VARCHAR) AS day, count(*) AS lines "
        "FROM rule_lines l JOIN rule_claims c ON c.claim_id = l.claim_id GROUP BY 1, 2, 3"
    ).to_pandas()
    return found.assign(
        **{name: found[name].fillna("").astype(str) for name in ("setting", "payer_kind", "day")}
    )


def of(run: Run, rule: Rule, scope: Scope, lines: pd.DataFrame, findings: int) -> dict[str, Any]:
    """The state of a rule that ran; ``lines`` as of :func:`days`."""
    own = _in_scope(lines, scope)
    total = int(own["lines"].sum())
    reaches = {kind: run.reach(kind) for kind in rule.tables if run.has(kind)}
    beside = {kind: run.reach(kind) for kind in run.asked() if kind not in reaches}
    reached = _reached(own, reaches, every=not rule.any_table)
    judged = int(own.loc[reached, "lines"].sum())
    if rule.judged is not None:
        judged = min(
            judged,
            int(run.session.fetch(f"SELECT count(*) AS n FROM ({rule.judged(run)}) j")["n"][0].as_py()),
        )
    notes = [
        rule.note(run) if rule.note else "",
        _why_not(own[~reached], reaches, total),
        *_parts_missing(run, rule),
    ]
    return {
        "rule": rule.name,
        "severity": scope.severity,
        "status": NOT_REACHED if total and not judged and not findings else RAN,
        "detail": "; ".join(filter(None, notes)),
        "findings": findings,
        "lines": total,
        "judged": judged,
        "first_day": _end(own, "min"),
        "last_day": _end(own, "max"),
        "tables": [*_names(own, reaches), *_names(own, beside), *run.built_in()],
        "releases": sorted({f"{kind} {each.release}" for kind, each in _judging(own, reaches | beside)}),
    }


def unjudged(rule: str, severity: str, status: str, detail: str, lines: int = 0) -> dict[str, Any]:
    """The state of a rule that did not run."""
    return {
        "rule": rule, "severity": severity, "status": status, "detail": detail, "findings": 0, "lines": lines,
        "judged": 0, "first_day": "", "last_day": "", "tables": [], "releases": [],
    }  # fmt: skip


def in_scope(lines: pd.DataFrame, scope: Scope) -> int:
    """How many lines a rule concerns by setting, kind of payer and date of service."""
    return int(_in_scope(lines, scope)["lines"].sum())


def say(states: Iterable[Mapping[str, Any]]) -> None:
    """Prints which rules judged nothing, or not all that they could, and why; nothing where all judged everything."""
    lacking: dict[str, list[str]] = {}
    doubts: dict[str, list[str]] = {}
    for state in states:
        if state["status"] == NO_TABLE:
            lacking.setdefault(state["detail"], []).append(state["rule"])
        elif state["status"] == NOT_REACHED:
            print(f"{state['rule']}: judged none of {state['lines']:,} lines; {state['detail']}")
        elif state["status"] == RAN and state["lines"] > state["judged"] and state["detail"]:
            print(
                f"{state['rule']}: judged {state['judged']:,} of {state['lines']:,} lines; {state['detail']}"
            )
        elif state["status"] == RAN and state["lines"] and state["detail"]:
            doubts.setdefault(state["detail"], []).append(state["rule"])
    for detail, rules in doubts.items():
        print(f"{', '.join(rules)}: {detail}")
    for detail, rules in lacking.items():
        print(f"no table for {', '.join(rules)}: {detail}")


def unjudged_in_words(records: Mapping[str, Any]) -> list[str]:
    """A sentence for the rules without a table, and one for each that has none for all days of its lines.

    ``records``: those of findings (``contract(findings).records``).
    """
    states = records.get("rules", [])
    lacking = sorted(each["rule"].replace("_", " ") for each in states if each["status"] == NO_TABLE)
    found = [f"Without a table, and so without findings: {', '.join(lacking)}."] if lacking else []
    for each in states:
        part = each["status"] == RAN and share(each) == "part" and each["detail"]
        if part or each["status"] == NOT_REACHED:
            some = "Not all" if part else "None"
            found.append(f"{some} of the lines judged by {each['rule'].replace('_', ' ')}: {each['detail']}.")
    return found


def share(state: Mapping[str, Any]) -> str:
    """How many of a rule's lines a table judged, in a word: all, part, none; '' where it has none."""
    lines, judged = state.get("lines", 0), state.get("judged", 0)
    return "" if not lines else "all" if judged >= lines else "part" if judged else "none"


def _in_scope(lines: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    kept = pd.Series(True, index=lines.index)
    if scope.settings:
        kept &= lines["setting"].isin(scope.settings)
    if scope.payer_kinds:
        kept &= lines["payer_kind"].isin([*scope.payer_kinds, ""])
    if scope.effective_from:
        kept &= lines["day"] >= scope.effective_from
    if scope.effective_to:
        kept &= (lines["day"] <= scope.effective_to) & (lines["day"] != "")
    return lines[kept]


def _covers(lines: pd.DataFrame, stretch: Stretch) -> pd.Series:
    inside = (lines["day"] >= stretch.first) & (lines["day"] <= stretch.last) & (lines["day"] != "")
    if stretch.setting in _ANY_SETTING:
        return inside
    # Suppliers' claims are practitioners' in form.
    return inside & lines["setting"].eq("practitioner" if stretch.setting == "dme" else stretch.setting)


def _reached(lines: pd.DataFrame, reaches: Mapping[str, list[Stretch]], *, every: bool) -> pd.Series:
    """Whether tables of every kind, or of one, hold for the lines of a row; True where a rule needs no table."""
    found = [
        np.logical_or.reduce(
            [_covers(lines, each).to_numpy() for each in stretches] or [np.zeros(len(lines), bool)]
        )
        for stretches in reaches.values()
    ]
    if not found:
        return pd.Series(True, index=lines.index)
    return pd.Series((np.logical_and if every else np.logical_or).reduce(found), index=lines.index)


def _judging(lines: pd.DataFrame, reaches: Mapping[str, list[Stretch]]) -> list[tuple[str, Stretch]]:
    return [
        (kind, each)
        for kind, stretches in reaches.items()
        for each in stretches
        if _covers(lines, each).any()
    ]


def _names(lines: pd.DataFrame, reaches: Mapping[str, list[Stretch]]) -> list[str]:
    """The tables that judged, or, where none did, those that there are."""
    every = [(kind, each) for kind, stretches in reaches.items() for each in stretches]
    return [f"{kind} {each.described()}" for kind, each in _judging(lines, reaches) or every]


def _why_not(lines: pd.DataFrame, reaches: Mapping[str, list[Stretch]], total: int) -> str:
    """Which lines no table judged, and when the tables hold; months alone, for a state is shown to others."""
    if not total:
        return "no line in its scope"
    if lines.empty or not reaches:
        return ""
    dated = lines.loc[lines["day"] != "", "day"].str[:7]
    when = (
        " to ".join(dict.fromkeys([dated.min(), dated.max()])) if len(dated) else "without a date of service"
    )
    where = ", ".join(sorted({setting for setting in lines["setting"] if setting}))
    held = ", ".join(
        f"{kind} {each.described()}" for kind, stretches in reaches.items() for each in stretches
    )
    return f"no table reaches {where} lines of {when}".replace("  ", " ") + f"; there is {held}"


def _parts_missing(run: Run, rule: Rule) -> list[str]:
    lacks = {name: parts for kind in rule.tables for name, parts in run.lacking(kind).items()}
    return [f"{name} lacks {', '.join(parts)}" for name, parts in lacks.items()]


def _end(lines: pd.DataFrame, which: str) -> str:
    dated = lines.loc[lines["day"] != "", "day"]
    return str(getattr(dated, which)()) if len(dated) else ""
