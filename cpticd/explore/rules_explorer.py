"""Coding rules against what payers did: which rules are enforced by whom, a finding's evidence, and what to correct."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts
from cpticd import rules as coding
from cpticd.charts import format as fmt
from cpticd.charts.rules import READABLE_LINES
from cpticd.claims import Claims
from cpticd.core.contract import carry
from cpticd.core.errors import ArgumentError
from cpticd.explore import rules_words
from cpticd.explore.board import Control, chart
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.pieces import Names, Page, behind, page, table, toggled

SEVERITIES: Final = ("error", "warning", "information")
PRECISIONS: Final = (("precision", "for any cause"), ("related_precision", "for a cause of the rule"))
OPEN: Final = "not adjudicated"
LINES: Final = (("open", "not decided yet"), ("all", "all, decided ones too"))
_CARD: Final = (
    "rule", "payer", "severity", "flagged_lines", "denied_lines", "precision", "low", "high", "related_precision",
    "recall", "lift", "q_value", "caught_amount", "paid_amount",
)  # fmt: skip
_FINDINGS: Final = ("claim", "line", "payer", "rule", "message", "evidence", "source")
_WORK: Final = (
    "claim", "line", "payer", "service_date", "hcpcs_code", "rule", "charge_amount", "denial_probability",
    "expected_saved_amount", "initial_outcome",
)  # fmt: skip
#: Of the rows that a saved notebook shows.
_FIRST: Final = (
    "claim_id",
    "payer",
    "hcpcs_code",
    "rule",
    "message",
    "denial_probability",
    "expected_saved_amount",
)
_SAID: Final = (
    ("Finding", "message"),
    ("Evidence", "evidence"),
    ("Source", "source"),
    ("Also", "other_rules"),
)
NOTE: Final = (
    "A finding says that a line breaks a rule as it is written, not that it was wrong to bill: a coder looks at the "
    "record. Precision is the share of flagged lines that the payer denied at first; recall, of its denials for the "
    "rule's causes, the share that the rule flagged. Expected dollars are what a correction would save if flagged "
    "lines go on being denied as they were. No finding suggests a code that is not on the claim."
)


def rules(
    claims: Claims,
    findings: pd.DataFrame | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    payer_kinds: Mapping[str, str] | None = None,
    minimum_lines: int = 10,
    readable_lines: int = READABLE_LINES,
    identifiers: bool = False,
) -> RulesExplorer:
    """The explorer of coding rules: scorecard by payer, precision against recall, findings, worklist.

    findings: of ``rules.check``; without them it is asked, with ``tables``, ``folder`` and ``payer_kinds``.
    minimum_lines: as in ``rules.scorecard``; readable_lines: flagged lines under which a share is drawn grey.
    identifiers: claims under their own names instead of pseudonyms.

    ``.data`` is the worklist as filtered, the largest expected saving first; ``.scorecard`` and ``.findings`` are the
    rest. Raises what ``rules.check`` and ``rules.scorecard`` do.
    """
    if findings is None:
        findings = coding.check(claims, tables=tables, folder=folder, payer_kinds=payer_kinds)
    return RulesExplorer(
        claims, findings, minimum_lines=minimum_lines, readable_lines=readable_lines, identifiers=identifiers
    )


class RulesExplorer(Explorer):
    """See :func:`rules`."""

    file_name: ClassVar[str] = "rules_worklist.csv"
    title: ClassVar[str] = "Coding rules: which payers enforce them, and what to correct before billing"

    def __init__(
        self, claims: Claims, findings: pd.DataFrame, *, minimum_lines: int, readable_lines: int, identifiers: bool
    ) -> None:  # fmt: skip
        self._names = Names(identifiers=identifiers)
        self._readable = readable_lines
        self._card = coding.scorecard(claims, findings, minimum_lines=minimum_lines)
        self._work = coding.prebill(claims, findings, adjudicated=True)
        payers = claims.query("SELECT claim_id, coalesce(payer, '(unknown)') AS payer FROM claims")
        named = findings.merge(payers, on="claim_id", how="left").fillna({"payer": "(unknown)"})
        self._found = carry(findings, named)
        self._names.cited(self._found["evidence"].dropna(), "claim", payers["claim_id"])
        super().__init__(self._choices())

    def _choices(self) -> list[Control]:
        def options(column: str, every: str) -> tuple[tuple[str, str], ...]:
            values = sorted({*self._found[column].dropna(), *self._card[column].dropna()})
            return (("", every), *((value, fmt.text(value).replace("_", " ")) for value in values))

        return [
            Control("select", "payer", "Payer", "", options("payer", "every payer")),
            Control("select", "family", "Family of rules", "", options("family", "every family")),
            Control("select", "rule", "Rule", "", options("rule", "every rule")),
            Control("select", "severity", "Severity", "", options("severity", "every severity")),
            Control("select", "share", "Denied", "precision", PRECISIONS),
            Control("range", "precision", "Least share denied", 0.0, (), 0, 1, 0.05),
            Control("select", "lines", "Worklist", "open", LINES),
            Control("number", "dollars", "Least expected dollars", 0.0, (), 0, None, 1),
            Control("button", "export", "Export the worklist"),
        ]  # fmt: skip

    # -- what a notebook reads ---------------------------------------------------------------------

    def _kept(self, frame: pd.DataFrame, *names: str) -> pd.Series:
        """Whether each row is of what these filters choose."""
        kept = pd.Series(True, index=frame.index)
        for name in names:
            if self.values[name]:
                kept &= frame[name] == self.values[name]
        return kept

    def _enforced(self, frame: pd.DataFrame) -> pd.Series:
        """Whether the payer of each row denies the rule often enough."""
        least, share = float(self.values["precision"]), str(self.values["share"])
        if least == 0:
            return pd.Series(True, index=frame.index)
        card = self._card[self._card[share] >= least]
        pairs = pd.MultiIndex.from_frame(card[["rule", "payer"]])
        return pd.Series(pd.MultiIndex.from_frame(frame[["rule", "payer"]]).isin(pairs), index=frame.index)

    def _rows(self, frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        return frame[self._kept(frame, *names) & self._enforced(frame)].reset_index(drop=True)

    @property
    def scorecard(self) -> pd.DataFrame:
        """One row per rule and payer as filtered, with precision, recall and dollars."""
        found = self._rows(self._card, "payer", "family", "rule", "severity")
        return found

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding as filtered, with its payer, message, evidence and source."""
        found = self._rows(self._found, "payer", "family", "rule", "severity")
        return found

    @property
    def data(self) -> pd.DataFrame:
        """One row per flagged line as filtered, the largest expected saving first."""
        rows = self._rows(self._work, "payer", "family", "rule", "severity")
        least = float(self.values["dollars"])
        kept = rows["expected_saved_amount"] >= least if least else pd.Series(True, index=rows.index)
        if self.values["lines"] == "open":
            kept &= rows["initial_outcome"] == OPEN
        rows = rows[kept].reset_index(drop=True)
        return rows

    @property
    def figure(self) -> go.Figure:
        """The scorecard by payer as shown."""
        card = self._rows(self._card, "family", "severity")
        return charts.rule_matrix(card, colour=self.values["share"], readable_lines=self._readable)

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel; persons and claims are numbered as on the page unless ``identifiers``."""
        return self._names.export(self.data, path, overwrite=overwrite, identifiers=identifiers)

    def shareable(self) -> pd.DataFrame:
        """The first rows of ``data`` as they may be saved with a notebook."""
        return self._names.frame(self.data.head(FIRST))[list(_FIRST)]

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        card, found, work = self.scorecard, self.findings, self.data
        share = str(self.values["share"])
        yield {"kind": "tiles", "name": "tiles", "tiles": rules_words.tiles(card, found, work)}
        every = self._rows(self._card, "family", "severity")
        yield chart("matrix", self.figure, label="Rules by payer: share of flagged lines denied",
                    table=behind(every, _CARD), clickable=True,
                    note="Click a cell to see its findings alone; click it again to see all.")  # fmt: skip
        yield SO_FAR
        scatter = charts.rule_scatter(card, colour=share, readable_lines=self._readable)  # type: ignore[arg-type]
        yield chart(
            "scatter", scatter, label="Precision against recall", table=behind(card, _CARD), clickable=True
        )
        yield SO_FAR
        shown = self._page(work, "work")
        yield table("findings", self._page(found, "findings"), _FINDINGS, title=f"Findings: {len(found):,}")
        line = self.extra.get("line")
        here = [
            f"{claim} {number}" for claim, number in zip(shown.rows["claim"], shown.rows["line"], strict=True)
        ]
        yield table("work", shown, _WORK, title=f"Worklist, the largest expected saving first: {len(work):,} lines",
                    selectable=True, selected=here.index(line) if line in here else None,
                    note="" if len(work) else rules_words.nothing(self.values))  # fmt: skip
        yield from self._of_line(line, work)
        yield {"kind": "text", "name": "note", "paragraphs": [NOTE]}

    def _told(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with claims as they are shown."""
        numbers = rows["claim_line_number"].astype("Int64").astype("str").replace("<NA>", "all")
        claims = pd.Series(self._names.column(rows["claim_id"], "claim"), index=rows.index, dtype="str")
        return rows.assign(claim=claims, line=numbers)

    def _page(self, rows: pd.DataFrame, name: str) -> Page:
        """The page of a table that is shown, claims as they are shown, in texts as well."""
        shown = page(self._told(rows), self.extra, name=name)
        cited = [self._names.inside(str(text)) for text in shown.rows["evidence"]]
        named = shown.rows["rule"].astype("str").str.replace("_", " ")
        return replace(shown, rows=shown.rows.assign(evidence=cited, rule=named))

    def _of_line(self, line: Any, work: pd.DataFrame) -> list[dict[str, Any]]:
        """All that is said of the chosen line of the worklist."""
        told = self._told(work)
        mine = told[(told["claim"] + " " + told["line"]) == line]
        if mine.empty:
            return []
        row = mine.iloc[0]
        said = [
            f"{row['payer']}, {fmt.date(row['service_date'])}: {fmt.text(row['hcpcs_code'])} with "
            f"{fmt.text(row['diagnosis_codes'])}, charged {fmt.dollars(row['charge_amount'])}.",
            *(f"{word}: {self._names.inside(row[name])}" for word, name in
              _SAID if row[name]),
            f"Of {fmt.count(row['like_lines'])} lines before that broke the rule, the payer denied "
            f"{fmt.count(row['like_denied'])} ({fmt.percent(row['like_rate'])}; 95 % interval "
            f"{fmt.interval(row['like_low'], row['like_high'])}); of its lines alike without a finding it denies "
            f"{fmt.percent(row['base_probability'])}.",
            f"Expected to be saved by a correction: {fmt.dollars(row['expected_saved_amount'])} of "
            f"{fmt.dollars(row['expected_allowed_amount'])} that the payer allows. Decision: {row['initial_outcome']}.",
        ]  # fmt: skip
        return [
            {
                "kind": "text",
                "name": "line",
                "title": f"{row['claim']}, line {row['line']}",
                "paragraphs": said,
            }
        ]

    def said(self) -> str:
        return f"{len(self.findings):,} findings, {len(self.data):,} lines in the worklist"

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        if not isinstance(extra.get("line", ""), str):
            raise ArgumentError(
                f"line: found {extra['line']!r}; give claim and line as the worklist shows them"
            )

    def on_event(self, event: Mapping[str, Any]) -> None:
        if event.get("kind") == "row" and event.get("part") == "work":
            rows = self._page(self.data, "work").rows
            if 0 <= int(event["row"]) < len(rows):
                row = rows.iloc[int(event["row"])]
                self._extra["line"] = f"{row['claim']} {row['line']}"
        elif event.get("kind") == "point" and event.get("custom"):
            rule, payer = (html.unescape(str(one)) for one in list(event["custom"])[:2])
            known = {control.name: [value for value, _ in control.options] for control in self._controls}
            if rule in known["rule"] and payer in known["payer"]:
                self._set(toggled(self.values, rule=rule, payer=payer))
                self._extra.pop("page", None)
