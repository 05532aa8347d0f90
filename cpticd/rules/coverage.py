"""Coverage policies: whether the diagnoses that a line points to support the procedure, on that day.

A policy (NCD, LCD or Article: kind ``coverage`` of ``reference.add``) lists procedures, diagnoses that support them and
diagnoses that do not, in groups, with the days between which it holds. A line is judged by the policies that hold on
its date of service, and passes where its diagnoses satisfy any of them: several contractors publish several policies
for one procedure, and which one a payer follows the files do not say. ``for_payers`` says it, and narrows them.

How groups combine is not in the files either. Without more, any group that supports the procedure will do. Where a
policy asks for one diagnosis from group 1 *and* one from group 2, pass ``tables={"coverage_logic": frame}``:

    document | procedure_group | expression
    A57726   | 1               | (1 and 2) or 3

``procedure_group`` is the group of the procedure on the policy, 0 for every group without a row of its own. A policy's
date is its own: one of the 2020s says nothing of services of 2008, and one for Medicare nothing of another payer's
rules, though many follow them. Where a finding names another diagnosis of the claim, it is already there and the line
does not point to it; whether it should, the record shows. No code is ever suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.rules.logic import alternatives
from cpticd.rules.placing import codes
from cpticd.rules.rule import Rule, scopes
from cpticd.rules.run import Run
from cpticd.rules.wording import in_force, literal

#: What a row of a policy may be.
ROLES: Final = ("procedure", "covered", "not covered", "contractor")
#: Group of a row of ``coverage_logic`` that stands for every group of procedures without a row of its own.
EVERY_GROUP: Final = 0
_DAY: Final = r"\d{4}-\d\d-\d\d"
_REQUIREMENTS: Final = pa.schema(
    [
        ("document", pa.string()),
        ("procedure_group", pa.int32()),
        ("expression", pa.string()),
        ("alternative", pa.int32()),
        ("code_group", pa.int32()),
        ("size", pa.int32()),
    ]
)


def for_payers(
    policies: pd.DataFrame | pa.Table, contractors: Mapping[str, str | Iterable[str]]
) -> pd.DataFrame:
    """One row per row of the policies, and of a procedure one per payer whose contractor publishes its policy.

    policies     rows of ``reference.release("coverage")``
    contractors  payer's name → number of its contractor, or several, as the policies have them (role contractor)

    The result is for ``check(…, tables={"coverage": …})``; its column ``payer`` says whose lines a policy judges. A
    payer that is not named is judged by no policy; a policy without a contractor, a national one, judges all that are
    named. Raises SchemaError for columns that are missing, ArgumentError for a contractor that no policy has.

    >>> rows = {"document": "A1", "version": 1, "role": ["procedure", "contractor"], "code": ["27096", "12345"]}
    >>> for_payers(pd.DataFrame(rows), {"My Plan": "12345"})["payer"].tolist()
    ['My Plan', '']
    """
    frame = policies.to_pandas() if isinstance(policies, pa.Table) else policies
    frame = frame.drop(columns="payer", errors="ignore")
    if missing := [c for c in ("document", "version", "role", "code") if c not in frame.columns]:
        raise SchemaError(f"policies: no column {missing}; found {list(frame.columns)}")
    own = frame.loc[frame["role"] == "contractor", ["document", "version", "code"]].drop_duplicates()
    wanted = pd.DataFrame(
        [
            (payer, str(number).strip())
            for payer, numbers in contractors.items()
            for number in ([numbers] if isinstance(numbers, str) else numbers)
        ],
        columns=["payer", "code"],
    )
    if strange := sorted(set(wanted["code"]) - set(own["code"])):
        raise ArgumentError(
            f"contractors: no policy of {', '.join(strange)}; there are {', '.join(sorted(set(own['code']))[:20])}"
        )
    keys = ["document", "version"]
    local = own.merge(wanted, on="code")[[*keys, "payer"]]
    documents = frame[keys].drop_duplicates()
    national = documents.merge(own[keys].drop_duplicates(), how="left", on=keys, indicator=True)
    national = national.loc[national["_merge"] == "left_only", keys].merge(
        pd.DataFrame({"payer": list(contractors)}), how="cross"
    )
    applies = pd.concat([local, national]).drop_duplicates()
    is_procedure = frame["role"] == "procedure"
    procedures = frame[is_procedure].merge(applies, on=keys)
    return pd.concat([procedures, frame[~is_procedure].assign(payer="")], ignore_index=True)


def diagnosis_not_in_policy(run: Run) -> str:
    """A line whose procedure stands under policies with lists of covered diagnoses, none of which its own satisfy.

    The evidence names the policies, how far each was met, a notice on the line (GA, GX, GY, GZ), and diagnoses that are
    on the claim and would have satisfied one, but to which the line does not point.
    """
    _prepare(run)
    return sql.text("rules/diagnosis_not_in_policy")


def not_covered_diagnosis(run: Run) -> str:
    """A line that points to a diagnosis on the non-covered list of a policy for its procedure, and satisfies no policy.

    A policy without a covered list covers what it does not name: a line that points to such a diagnosis too passes.
    """
    _prepare(run)
    return sql.text("rules/not_covered_diagnosis")


def _prepare(run: Run) -> None:
    """Relations that both rules read: policies, their codes, the lines under them, and which lines satisfy one."""
    run.release("coverage")
    _check_roles(run)
    run.table("modifiers")
    codes(run)
    by_payer = "payer" in run.rows("coverage").column_names
    run.once("policies", payer="nullif(payer, '')" if by_payer else "CAST(NULL AS VARCHAR)")
    run.once("policy_codes")
    run.once("policy_lists")
    run.load("rule_policy_logic", lambda: _requirements(run))
    run.once("policy_groups")
    run.once("policy_pointed", in_force=in_force("d", "l.service_date"), asked=_asked())
    for name in ("supported", "failing", "evidence"):
        run.once(f"policy_{name}")


def _asked() -> str:
    """SQL: the payer of a line is one for whom policies speak, or of unknown kind."""
    kinds = ", ".join(map(literal, scopes()["diagnosis_not_in_policy"].payer_kinds))
    return f"(l.payer_kind IS NULL OR l.payer_kind IN ({kinds}))"


def _check_roles(run: Run) -> None:
    """A role that there is not would leave its rows unread."""
    found = run.session.fetch("SELECT DISTINCT role FROM release_coverage ORDER BY role")
    if strange := [role for role in found.column("role").to_pylist() if role not in ROLES]:
        raise SchemaError(f"tables['coverage']: found role {strange[0]!r}; there are {', '.join(ROLES)}")


def _requirements(run: Run) -> pa.Table:
    """One row per policy, procedure group, alternative and group of codes that it asks for."""
    if not run.has("coverage_logic"):
        return _REQUIREMENTS.empty_table()
    given = run.rows("coverage_logic")
    if missing := [c for c in ("document", "expression") if c not in given.column_names]:
        raise SchemaError(
            f"tables['coverage_logic']: no column {missing}; found {given.column_names}; expected document, "
            "procedure_group (0 for every group) and expression"
        )
    groups = _covered_groups(run)
    rows: list[dict[str, object]] = []
    for number, row in enumerate(given.to_pylist()):
        document, text = str(row["document"]).strip(), str(row["expression"] or "")
        where = f"coverage_logic row {number + 1} ({document})"
        if document not in groups:
            raise ArgumentError(f"{where}: the coverage table has no such document; pass one that it has")
        found = alternatives(text, where=where)
        if strange := sorted({g for sets in found for g in sets} - groups[document]):
            raise ArgumentError(
                f"{where}: {text!r} names group {strange[0]}; the policy has covered groups "
                f"{', '.join(str(g) for g in sorted(groups[document]))}"
            )
        group = int(row.get("procedure_group") or EVERY_GROUP)
        rows += [
            {"document": document, "procedure_group": group, "expression": text.strip(), "alternative": place,
             "code_group": code_group, "size": len(sets)}
            for place, sets in enumerate(found)
            for code_group in sets
        ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_REQUIREMENTS)


def _covered_groups(run: Run) -> dict[str, set[int]]:
    """Groups of covered codes by document; a document without any has none."""
    found = run.session.fetch(sql.text("rules/covered_groups"))
    groups: dict[str, set[int]] = {}
    for row in found.to_pylist():
        groups.setdefault(str(row["document"]), set()).update(() if row["g"] is None else (row["g"],))
    return groups


def _judged(run: Run) -> str:
    """SQL of the lines whose procedure stands under a policy that holds on their day."""
    return sql.text("rules/policy_judged")


def _note(run: Run) -> str:
    """That policies hold at other times than the lines under them, or that lines are later than the edition."""
    found = run.session.rows(sql.text("rules/policy_dates"), judged=_judged(run), asked=_asked())[0]
    notes = []
    if found["at_other_times"]:
        notes.append("of some lines the policies for their procedure hold at other times alone")
    editions = [each.release for each in run.reach("coverage") if re.fullmatch(_DAY, each.release)]
    if editions and found["last_day"] and max(editions) < found["last_day"]:
        notes.append(f"lines after {max(editions)}, the edition's day, are judged by what held then")
    return "; ".join(notes)


RULES: Final = tuple(
    Rule(name, find, tables=("coverage",), judged=_judged, note=_note)
    for name, find in (
        ("not_covered_diagnosis", not_covered_diagnosis),
        ("diagnosis_not_in_policy", diagnosis_not_in_policy),
    )
)
