"""What is known of a line before it is decided: payer, procedure, pair, place, provider, modifiers, findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.core.session import Session

if TYPE_CHECKING:
    from scipy import sparse

#: Kinds of terms in the order of their numbers: columns that make a level, and its words. A finer kind is what its
#: coarser ones do not explain.
TRAITS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("", ("payer",), "payer {0}"),
    ("", ("service",), "service {0}"),
    ("", ("payer", "service"), "service {1} at {0}"),
    ("", ("place",), "place of service {0}"),
    ("", ("payer", "place"), "place of service {1} at {0}"),
    ("", ("provider",), "provider {0}"),
    ("filed", ("filed",), "filed {0} after the service"),
    ("filed", ("payer", "filed"), "filed {1} after the service at {0}"),
    ("pointed", ("diagnosis_family",), "diagnosis family {0}"),
    ("pointed", ("service", "diagnosis_code"), "service {0} for {1}"),
    ("pointed", ("payer", "service", "diagnosis_family"), "service {1} for {2} at {0}"),
    ("pointed", ("payer", "service", "diagnosis_code"), "service {1} for the code {2} at {0}"),
    ("modifiers", ("modifier",), "modifier {0}"),
    ("modifiers", ("service", "modifier"), "service {0} with modifier {1}"),
    ("modifiers", ("payer", "modifier"), "modifier {1} at {0}"),
    ("flagged", ("any_finding",), "a finding of any rule"),
    ("flagged", ("rule",), "the finding {0}"),
    ("flagged", ("payer", "rule"), "the finding {1} at {0}"),
)
#: Kinds that findings bring along: without them a line stands as if it were corrected.
OF_FINDINGS: Final = tuple(i for i, (source, _, _) in enumerate(TRAITS) if source == "flagged")
#: When nearly all claims are filed is no trait.
_USUAL: Final = ("within 30 days", "(unknown)")
_ANY: Final = TRAITS.index(("flagged", ("any_finding",), "a finding of any rule"))


@dataclass(frozen=True, eq=False)
class Known:
    """Lines with what is known of them: one row per line, and per line and diagnosis, modifier, finding."""

    lines: pd.DataFrame
    parts: dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Levels:
    """Which line has which level (``x``: lines by levels), the kind of each level, and its words."""

    x: sparse.csr_matrix
    kinds: np.ndarray
    words: np.ndarray

    def of_findings(self) -> np.ndarray:
        """Whether each level comes from a finding."""
        return np.isin(self.kinds, OF_FINDINGS)

    def rule_terms(self, terms: np.ndarray, flagged: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
        """What the rule of each row of ``flagged`` adds to its line: the rule's term and that at the payer."""
        at = pd.Series(terms, index=self.words)
        at = at[~at.index.duplicated()]
        payer = lines["payer"].to_numpy()[flagged["line"].to_numpy()]
        rule = _named(flagged["rule"])
        total = at.reindex("the finding " + rule).fillna(0.0).to_numpy()
        return np.asarray(total + at.reindex("the finding " + rule + " at " + payer).fillna(0.0).to_numpy())


def read(s: Session) -> Known:
    """What is known of the lines of a session's claims; findings were loaded before (``outcomes.load``)."""
    s.create("prebill_lines", sql.text("rules/prebill_lines"))
    lines = s.frame("SELECT * FROM prebill_lines ORDER BY line")
    parts = {name: s.frame(sql.text(f"rules/prebill_{name}")) for name in ("pointed", "modifiers", "flagged")}
    return Known(lines, parts)


def together(first: Known, second: Known) -> Known:
    """The lines of both, those of the second numbered after those of the first."""
    after = len(first.lines)
    moved = second.lines.assign(line=second.lines["line"] + after)
    parts = {
        name: pd.concat(
            [part, second.parts[name].assign(line=second.parts[name]["line"] + after)], ignore_index=True
        )
        for name, part in first.parts.items()
    }
    return Known(pd.concat([first.lines, moved], ignore_index=True), parts)


def levels(known: Known) -> Levels:
    """Every level of every kind that a line has."""
    from scipy import sparse

    lines = known.lines
    base = {
        name: lines[name].fillna("(none)").astype(str).to_numpy()
        for name in ("payer", "service", "place", "provider")
    }
    parts = dict(known.parts)
    parts["filed"] = lines.loc[~lines["filed"].isin(_USUAL), ["line", "filed"]]
    parts["flagged"] = parts["flagged"].assign(
        any_finding="yes", rule=_named(parts["flagged"]["rule"]), deciding=parts["flagged"]["decides"] == 1
    )
    rows: list[Any] = []
    columns: list[Any] = []
    kinds: list[Any] = []
    words: list[str] = []
    start = 0
    for kind, (source, names, template) in enumerate(TRAITS):
        if source:
            part = parts[source] if kind != _ANY else parts[source][parts[source]["deciding"]]
            line = part["line"].to_numpy(dtype=np.int64)
            values = [base[name][line] if name in base else part[name].to_numpy(str) for name in names]
        else:
            line = np.arange(len(lines), dtype=np.int64)
            values = [base[name] for name in names]
        place, found = _numbered(values)
        rows.append(line)
        columns.append(place + start)
        kinds.append(np.full(len(found), kind))
        words.extend(template.format(*each) for each in found)
        start += len(found)
    row, column = np.concatenate(rows), np.concatenate(columns)
    x = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(lines), start))
    x.data[:] = 1.0  # two diagnoses of one family are no more than one
    return Levels(x, np.concatenate(kinds), np.array(words, dtype=object))


def _numbered(values: Sequence[Any]) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """The number of each row's level, and the levels."""
    codes, names = zip(*(pd.factorize(each) for each in values), strict=True)
    joined = codes[0].astype(np.int64)
    for code, name in zip(codes[1:], names[1:], strict=True):
        joined = joined * max(len(name), 1) + code
    place, distinct = pd.factorize(joined)
    found = []
    rest = distinct.copy()
    for name in reversed(names[1:]):
        found.append(np.asarray(name, dtype=object)[rest % max(len(name), 1)])
        rest = rest // max(len(name), 1)
    found.append(np.asarray(names[0], dtype=object)[rest])
    return place.astype(np.int64), list(zip(*reversed(found), strict=True))


def _named(rules: pd.Series) -> Any:
    """Names of rules as words."""
    return rules.astype(str).str.replace("_", " ").to_numpy(dtype=object)
