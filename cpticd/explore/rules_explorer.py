"""Coding rules against what payers did: which rules are enforced by whom, a finding's evidence, and what to correct."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, disclosure
from cpticd import rules as coding
from cpticd.charts import format as fmt
from cpticd.charts.rule_charts import READABLE_LINES
from cpticd.claims import Claims
from cpticd.core.contract import carry, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import records_shown
from cpticd.explore import dead_ends, line_filters, tiles
from cpticd.explore.board import Control, chart, chosen
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.pages import Page, behind, page, table
from cpticd.explore.preparing import Tell
from cpticd.rules.citations import cited
from cpticd.rules.scorecard_totals import totals
from cpticd.rules.state import unjudged_in_words

PRECISIONS: Final = (("precision", "for any cause"), ("related_precision", "for a cause of the rule"))
OPEN: Final = "not adjudicated"
#: How many lines there are, replaced ones too, and how many a payer has decided.
_ANSWERED: Final = (
    "SELECT count(*) AS lines, count(CASE WHEN initial_outcome <> 'not adjudicated' THEN 1 END) AS decided "
    "FROM line_outcomes"
)
#: Why the worklist is empty.
NOTHING: Final = {
    "open": "No line waits for a decision under these filters; the list of all lines has the others.",
    "all": "No line under these filters.",
}
LINES: Final = (("open", "not decided yet"), ("all", "all, decided ones too"))
_CARD: Final = (
    "rule", "payer", "severity", "flagged_lines", "denied_lines", "precision", "low", "high", "related_precision",
    "recall", "lift", "q_value", "caught_amount", "paid_amount",
)  # fmt: skip
_FINDINGS: Final = ("claim", "line", "payer", "rule", "message", "evidence", "source")
_WORK: Final = (
    "claim", "line", "payer", "service_date", "hcpcs_code", "rule", "charge_amount", "denial_probability",
    "expected_at_risk_amount", "expected_saved_amount", "reason_1", "initial_outcome",
)  # fmt: skip
#: Of the rows that a saved notebook shows.
_FIRST: Final = (
    "claim_id",
    "payer",
    "hcpcs_code",
    "rule",
    "reason_1",
    "denial_probability",
    "expected_at_risk_amount",
)
_SAID: Final = (
    ("Finding", "message"),
    ("Evidence", "evidence"),
    ("Source", "source"),
    ("Also", "other_rules"),
)
_TILES: Final = ("Findings", "Flagged lines decided", "of them denied at first", "Denied dollars on them",
                 "Paid in spite of it", "Expected saving, worklist")  # fmt: skip
#: Controls that choose findings and lines.
FILTERS: Final = ("payer", "family", "rule", "severity", "min_precision", "min_dollars", "lines")
#: Choices of lines whose scorecards are kept.
KEPT: Final = 16
_WHY: Final = ("reason_1", "reason_2", "reason_3")
NOTE: Final = (
    "A finding says that a line breaks a rule as it is written, not that it was wrong to bill: a coder looks at the "
    "record. Precision is the share of flagged lines that the payer denied at first; recall, of its denials for the "
    "rule's causes, the share that the rule flagged. Dollars at risk are what the payer allows times the chance "
    "of denial, learned from earlier decisions. No finding suggests a code that is not on the claim."
)


def rules(
    claims: Claims,
    findings: pd.DataFrame | None = None,
    *,
    tables: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    payer_kinds: Mapping[str, str] | None = None,
    min_lines: int = 10,
    readable_lines: int = READABLE_LINES,
    identifiers: bool = False,
) -> RulesExplorer:
    """The explorer of coding rules: scorecard by payer, precision against recall, findings, worklist.

    findings: of ``rules.check``; without them it is asked, with ``tables``, ``folder`` and ``payer_kinds``.
    min_lines: as in ``rules.scorecard``; readable_lines: flagged lines under which a share is drawn grey.
    identifiers: claims under their own names instead of pseudonyms.

    ``.data`` is the worklist as filtered, the most dollars at risk first; ``.scorecard`` and ``.findings`` are the
    rest. Raises what ``rules.check`` and ``rules.scorecard`` do.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=60, seed=1).claims
    >>> page = cx.explore.rules(claims, cx.rules.check(claims, ["pointers", "laterality"]))
    >>> page.choose(lines="all", min_precision=0.5)
    >>> bool((page.scorecard["precision"] >= 0.5).all())
    True
    """
    of: dict[str, Any] = {"tables": tables, "folder": folder, "payer_kinds": payer_kinds}
    return RulesExplorer(
        claims, findings, of, min_lines=min_lines, readable_lines=readable_lines, identifiers=identifiers
    )


@dataclass(frozen=True)
class Prepared:
    """Scorecard, worklist and findings with their persons; claims cited in texts; lines in all, and decided."""

    card: pd.DataFrame
    work: pd.DataFrame
    findings: pd.DataFrame
    cited: Any
    lines: int
    decided: int
    of_lines: line_filters.Lines


class RulesExplorer(Explorer):
    """See :func:`rules`."""

    name: ClassVar[str] = "rules"
    clicked: ClassVar[tuple[str, ...]] = ("line",)
    file_name: ClassVar[str] = "rules_worklist.csv"
    title: ClassVar[str] = "Coding rules: which payers enforce them, and what to correct before billing"

    _card: pd.DataFrame
    _of_lines: line_filters.Lines
    _work: pd.DataFrame
    _found: pd.DataFrame
    _lines: int
    _decided: int

    def __init__(
        self, claims: Claims, findings: pd.DataFrame | None, of: Mapping[str, Any], *, min_lines: int,
        readable_lines: int, identifiers: bool,
    ) -> None:  # fmt: skip
        self._names = Identifiers(identifiers=identifiers)
        self._readable = readable_lines
        self._least = min_lines
        self._cards: dict[str, pd.DataFrame] = {}
        self._line_criteria = line_filters.criteria_of(claims)
        self.criteria = ("payer", *self._line_criteria)
        given = ", ".join(f"{name}=…" for name, value in of.items() if value is not None)

        def prepare(tell: Tell) -> Prepared:
            tell("1 of 3: every line is held against the coding rules")
            found = coding.check(claims, quiet=True, **of) if findings is None else findings
            tell("2 of 3: findings are held against what payers denied")
            card = coding.scorecard(claims, found, min_lines=min_lines)
            tell("3 of 3: chances of denial are worked out for the worklist")
            work = coding.prebill(claims, found, adjudicated=True)
            named = disclosure.with_persons(claims, found).fillna({"payer": "(unknown)"})
            lines, decided = claims.query(_ANSWERED).iloc[0].astype(int)
            of_lines = line_filters.lines_of(claims, found, work)
            return Prepared(card, work, carry(found, named), cited(claims, found), lines, decided, of_lines)

        super().__init__(
            claims, self._controls_of(None, line_filters.waiting(claims)), prepare=prepare, tiles=_TILES,
            call=f"rules(claims{', findings' if findings is not None else ''}{', ' if given else ''}{given})",
        )  # fmt: skip

    def opened(self, found: Any) -> list[Control]:
        self._card, self._work, self._found = found.card, found.work, found.findings
        self._lines, self._decided, self._of_lines = found.lines, found.decided, found.of_lines
        self._names.cited(self._found["evidence"].dropna(), "claim", found.cited)
        return self._controls_of(found, self._of_lines.controls())

    @staticmethod
    def _controls_of(found: Prepared | None, of_lines: list[Control]) -> list[Control]:
        def options(column: str, every: str) -> tuple[tuple[str, str], ...]:
            there = [] if found is None else [found.findings[column], found.card[column]]
            values = sorted({value for each in there for value in each.dropna()})
            return (("", every), *((value, fmt.text(value).replace("_", " ")) for value in values))

        return [
            Control("several", "payer", "Payer", "", options("payer", "every payer")),
            Control("several", "family", "Family of rules", "", options("family", "every family")),
            Control("several", "rule", "Rule", "", options("rule", "every rule")),
            Control("several", "severity", "Severity", "", options("severity", "every severity")),
            *of_lines,
            Control("select", "share", "Denied", "precision", PRECISIONS),
            Control("range", "min_precision", "Least share denied", 0.0, (), 0, 1, 0.05),
            Control("select", "lines", "Worklist", "open", LINES),
            Control("number", "min_dollars", "Least dollars at risk", 0.0, (), 0, None, 1),
            Control("button", "export", "Export the worklist"),
        ]  # fmt: skip

    # -- what a notebook reads ---------------------------------------------------------------------

    @property
    def _now(self) -> pd.DataFrame:
        """The scorecard of the lines that are chosen, of all rules and payers; worked out once for each choice."""
        wanted = {name: value for name, value in self.selection.items() if name in self._line_criteria}
        if not wanted:
            return self._card
        key = json.dumps(wanted, sort_keys=True)
        if key not in self._cards:
            self.board.said = "Working out the scorecard of the lines that are chosen …"
            found = coding.scorecard(self._claims.where(**wanted), self._found, min_lines=self._least)
            tiles.keep(self._cards, key, found, KEPT)
        return self._cards[key]

    def _kept(self, frame: pd.DataFrame, *names: str) -> pd.Series:
        """Whether each row is of what these filters choose."""
        kept = pd.Series(True, index=frame.index)
        for name in names:
            if (value := self.value(name)) is not None:
                kept &= frame[name].isin(chosen(value))
        return kept

    def _enforced(self, frame: pd.DataFrame) -> pd.Series:
        """Whether the payer of each row denies the rule often enough."""
        least, share = self.value("min_precision"), self.value("share")
        if least == 0:
            return pd.Series(True, index=frame.index)
        card = self._now[self._now[share] >= least]
        pairs = pd.MultiIndex.from_frame(card[["rule", "payer"]])
        return pd.Series(pd.MultiIndex.from_frame(frame[["rule", "payer"]]).isin(pairs), index=frame.index)

    def _rows(self, frame: pd.DataFrame, *names: str) -> pd.DataFrame:
        kept = self._kept(frame, *names) & self._enforced(frame)
        if "claim_id" in frame:
            kept &= self._of_lines.kept(frame, self.selection)
        return frame[kept].reset_index(drop=True)

    @property
    def scorecard(self) -> pd.DataFrame:
        """One row per rule and payer as filtered, with precision, recall and dollars."""
        return self._rows(self._now, "payer", "family", "rule", "severity")

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding as filtered, with its person, payer, message, evidence and source."""
        return self._rows(self._found, "payer", "family", "rule", "severity")

    @property
    def data(self) -> pd.DataFrame:
        """One row per line as filtered, the most dollars at risk first."""
        rows = self._rows(self._work, "payer", "family", "rule", "severity")
        least = self.value("min_dollars")
        kept = rows["expected_at_risk_amount"] >= least if least else pd.Series(True, index=rows.index)
        if self.value("lines") == "open":
            kept &= rows["initial_outcome"] == OPEN
        return rows[kept].reset_index(drop=True)

    @property
    def figure(self) -> go.Figure:
        """The scorecard by payer as shown."""
        card = self._rows(self._now, "family", "severity")
        return charts.scorecard(card, color=self.value("share"), readable_lines=self._readable)

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel; persons and claims are numbered as on the page unless ``identifiers``."""
        return self._names.export(self._leaving(), path, overwrite=overwrite, identifiers=identifiers)

    def _leaving(self) -> pd.DataFrame:
        """``data`` without what it says of few lines alike."""
        return records_shown("rules.prebill", self.data, disclosure.settings().minimum)

    def shareable(self) -> pd.DataFrame:
        """The first rows of ``data`` as they may be saved with a notebook."""
        return self._names.frame(self._leaving().head(FIRST))[list(_FIRST)]

    def shareable_tiles(self) -> list[tiles.Tile]:
        """Of how many persons the lines of the other tiles are, is not known."""
        found = self.findings
        few = 0 < found["person_id"].nunique(dropna=False) < disclosure.settings().minimum
        return [] if few else self._tiles()[:1]

    def _tiles(self) -> list[tiles.Tile]:
        return tiles.rules(totals(self.scorecard, self.findings, self.data))

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        card, found, work = self.scorecard, self.findings, self.data
        share = self.value("share")
        yield {"kind": "tiles", "name": "tiles", "tiles": self._tiles()}
        if found.empty and work.empty:
            filters = [each for each in self._controls if each.name in (*FILTERS, *self._line_criteria)]
            yield dead_ends.nothing_passes(filters, self.values, "No finding")
            return
        if self._lines and not self._decided:
            yield dead_ends.no_decisions(self._lines) | {"title": "Findings, but no answer of a payer"}
        every = self._rows(self._now, "family", "severity")
        yield chart("matrix", self.figure, label="Rules by payer: share of flagged lines denied",
                    table=behind(every, _CARD), clickable=True,
                    note="Click a cell to see its findings alone; click it again to see all.")  # fmt: skip
        yield SO_FAR
        scatter = charts.scorecard_scatter(card, color=share, readable_lines=self._readable)
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
        yield table("work", shown, _WORK, title=f"Worklist, the most dollars at risk first: {len(work):,} lines",
                    selectable=True, selected=here.index(line) if line in here else None,
                    note="" if len(work) else NOTHING[self.value("lines")])  # fmt: skip
        yield from self._of_line(line, work)
        yield {
            "kind": "text",
            "name": "note",
            "paragraphs": [NOTE, *unjudged_in_words(records_of(self._found))],
        }

    def _shown(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with claims as they are shown."""
        numbers = rows["claim_line_number"].astype("Int64").astype("str").replace("<NA>", "all")
        claims = pd.Series(self._names.column(rows["claim_id"], "claim"), index=rows.index, dtype="str")
        return rows.assign(claim=claims, line=numbers)

    def _page(self, rows: pd.DataFrame, name: str) -> Page:
        """The page of a table that is shown, claims as they are shown, in texts as well."""
        shown = page(self._shown(rows), self.extra, name=name)
        cited = [self._names.inside(str(text)) for text in shown.rows["evidence"]]
        named = shown.rows["rule"].astype("str").str.replace("_", " ")
        return replace(shown, rows=shown.rows.assign(evidence=cited, rule=named))

    def _of_line(self, line: Any, work: pd.DataFrame) -> list[dict[str, Any]]:
        """All that is known of the chosen line of the worklist."""
        shown = self._shown(work)
        mine = shown[(shown["claim"] + " " + shown["line"]) == line]
        if mine.empty:
            return []
        row = mine.iloc[0]
        paragraphs = [
            f"{row['payer']}, {fmt.date(row['service_date'])}: {fmt.text(row['hcpcs_code'])} with "
            f"{fmt.text(row['diagnosis_codes'])}, charged {fmt.dollars(row['charge_amount'])}.",
            *(f"{word}: {self._names.inside(row[name])}" for word, name in
              _SAID if row[name]),
            *([f"Of {fmt.count(row['like_lines'])} lines before that broke the rule, the payer denied "
               f"{fmt.count(row['like_denied'])} ({fmt.percent(row['like_rate'])}; 95 % interval "
               f"{fmt.interval(row['like_low'], row['like_high'])})."] if row["rule"] else []),
            f"Chance of denial {fmt.percent(row['denial_probability'])}, without a finding "
            f"{fmt.percent(row['base_probability'])}: {'; '.join(row[list(_WHY)].dropna())}.",
            f"At risk: {fmt.dollars(row['expected_at_risk_amount'])} of {fmt.dollars(row['expected_allowed_amount'])} "
            f"that the payer allows; a correction saves {fmt.dollars(row['expected_saved_amount'])}. Decision: "
            f"{row['initial_outcome']}.",
        ]  # fmt: skip
        return [
            {
                "kind": "text",
                "name": "line",
                "title": f"{row['claim']}, line {row['line']}",
                "paragraphs": paragraphs,
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
                self._toggle(rule=rule, payer=payer)
                self._extra.pop("page", None)
