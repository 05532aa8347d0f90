"""The worklist's lines in words: their findings, diagnoses and the rule that counts most."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd.rules import outcomes
from cpticd.rules.rule import mildness, scopes

#: Columns of a finding that a reviewer reads.
EVIDENCE: Final = ("message", "codes", "evidence", "source")
#: What stands between two findings of one rule on a line.
BETWEEN: Final = " | "
LINE: Final = ("claim_id", "claim_line_number")


def chosen(flagged: pd.DataFrame) -> pd.DataFrame:
    """One row per line: the rule with the largest ``term``, which speaks for it, and the others by name."""
    rows = flagged.sort_values(["line", "term", "mild", "rule"], ascending=[True, False, True, True])
    first = ~rows["line"].duplicated()
    result = rows[first].set_index("line")[["rule", "mild"]]
    others = rows[~first].groupby("line", sort=False)["rule"].agg(" ".join)
    return result.assign(other_rules=others.astype(object).reindex(result.index).fillna(""))


def with_findings(ranked: pd.DataFrame, findings: Any) -> pd.DataFrame:
    """``ranked`` with message, codes, evidence, source, family, severity of the findings of its rules."""
    given = outcomes.rows(findings, "prebill")
    texts = [name for name in (*EVIDENCE, "family", "severity") if name in given.columns]
    given = given[[*LINE, "rule", *texts]]
    on_line = given[given["claim_line_number"].notna()]
    whole = given[given["claim_line_number"].isna()].drop(columns="claim_line_number")
    keys = ranked[[*LINE, "rule"]].assign(
        claim_line_number=ranked["claim_line_number"].astype("Int64"), row=range(len(ranked))
    )
    keys = keys[keys["rule"] != ""]
    each = pd.concat([keys.merge(on_line, on=[*LINE, "rule"]), keys.merge(whole, on=["claim_id", "rule"])])
    result = ranked.assign(claim_line_number=ranked["claim_line_number"].astype("Int64"))

    def filled(values: pd.Series, usual: Any = "") -> pd.Series:
        spread = values.astype(object).reindex(range(len(ranked))).fillna(usual)
        return spread.fillna("").astype(str).set_axis(ranked.index)

    for name in EVIDENCE:
        words = each[["row", name]].dropna() if name in texts else pd.DataFrame({"row": [], name: []})
        words = words[words[name].astype(str) != ""].drop_duplicates().sort_values(["row", name])
        result[name] = filled(words.groupby("row")[name].agg(BETWEEN.join))
    for name in ("family", "severity"):
        found = pd.Series(dtype=object)
        if name in texts:  # of several severities the gravest
            said = each.dropna(subset=[name])
            said = said.assign(mild=mildness(said[name]))
            found = said.sort_values(["row", "mild", name]).drop_duplicates("row").set_index("row")[name]
        usual = ranked["rule"].map({rule: getattr(scope, name) for rule, scope in scopes().items()})
        result[name] = filled(found, usual.astype(object).fillna("").reset_index(drop=True))
    return result


def diagnoses(pointed: pd.DataFrame, lines: pd.Series) -> pd.Series:
    """The diagnoses that each of these lines (numbers) points to, in order."""
    joined = pointed[pointed["line"].isin(lines)].groupby("line", sort=False)["diagnosis_code"].agg(" ".join)
    return lines.map(joined).astype(object).fillna("").astype(str)
