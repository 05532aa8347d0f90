"""The report's page: one HTML text with style, script and charts inside."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from typing import Final

import plotly.io as pio
from plotly.offline import get_plotlyjs

from cpticd.reporting.blocks import note
from cpticd.reporting.findings import Findings
from cpticd.reporting.sections import sections

TITLE: Final = "Claim denials by diagnosis and procedure"

#: What sections are called in the contents, which stay in sight.
NAMES: Final = {
    "findings": "At a glance", "drivers": "Drivers", "rates": "Rates", "trend": "Trend", "causes": "Causes",
    "pairs": "Pairs", "from_denial_to_payment": "Open work", "overturned": "Overturned", "delay": "Delay",
    "silent": "Silent", "rules": "Rules", "specificity": "Specificity", "risk": "Risk", "accounting": "Data",
    "definitions": "Definitions",
}  # fmt: skip
#: Nothing may be fetched: the browser itself refuses whatever is not in the file.
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


def page(findings: Findings, *, title: str | None = None) -> str:
    """The whole report as HTML text, the same for the same findings."""
    heading = html.escape(title or TITLE)
    made = sections(findings)
    links = "".join(
        f'<li><a href="#{name}" title="{html.escape(label)}">{html.escape(NAMES.get(name, label))}</a></li>'
        for name, label, _ in made
    )
    body = "\n".join(
        f'<section id="{name}" aria-labelledby="{name}-heading"><h2 id="{name}-heading">{html.escape(label)}</h2>\n'
        f"{content}{suppressed(findings, name)}</section>"
        for name, label, content in made
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{heading}</title>
<style>
{_asset("page.css")}</style>
<script>{get_plotlyjs()}</script>
</head>
<body id="top" class="{findings.options.detail}">
<header><h1>{heading}</h1></header>
<nav aria-label="Contents"><ol>{links}</ol></nav>
<main>
{body}
</main>
<footer>{note(protection_text(findings))}</footer>
<a class="up" href="#top" aria-label="Back to top">↑ Top</a>
<script>
{_asset("page.js").replace("__TEMPLATES__", _templates())}</script>
</body>
</html>
"""


def protection_text(findings: Findings) -> str:
    """How disclosure control stands, and how much it left out."""
    if findings.minimum <= 1:
        return "Disclosure control is off: cells of any number of persons are shown."
    if not findings.names_persons:
        return (
            "These data name no person (person_id is missing throughout), so that nobody knows of how many persons a "
            f"count is: each may be of fewer than {findings.minimum}, and is left out. Read the data with a column of "
            "persons, or, where no person can be recognised in them, write the report with minimum=1 (--minimum 1)."
        )
    cells, few, more, compared = _sums(findings.account)
    also = (
        f" What compares {compared:,} further rows with others is left out for the same reason."
        if compared
        else ""
    )
    return (
        f"Cells of fewer than {findings.minimum} persons are not shown, nor what would give them away: {few:,} of "
        f"{cells:,} counts were too small, and {more:,} more are left out to protect them.{also} They are missing from "
        "charts, hover texts and tables alike. No person, claim or provider is named."
    )


def suppressed(findings: Findings, section: str) -> str:
    """How many counts a section lost."""
    keys = [key for key, (_, part) in findings.parts.items() if part.section == section]
    account = {key: findings.account[key] for key in keys if key in findings.account}
    cells, few, more, compared = _sums(account)
    if not few + more + compared:
        return ""
    rest = f", {more:,} to protect them" if more else ""
    also = f" Left out, too: what compares {compared:,} rows with others." if compared else ""
    return note(
        f"Not shown in this section, of {cells:,} counts: {few:,} of fewer than {findings.minimum} persons{rest}.{also}"
    )


def _sums(account: dict[str, dict[str, int]]) -> list[int]:
    keys = ("cells", "suppressed", "complementary", "comparisons")
    return [sum(each[key] for each in account.values()) for key in keys]


def _templates() -> str:
    """Both templates as a script literal."""
    both = {"light": pio.templates["cpticd"], "dark": pio.templates["cpticd_dark"]}
    text = json.dumps({name: template.to_plotly_json() for name, template in both.items()})
    return text.replace("<", "\\u003c")


def _asset(name: str) -> str:
    return (files("cpticd.reporting") / name).read_text(encoding="utf-8")
