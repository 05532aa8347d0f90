"""The report's page: one HTML text with style, script and charts inside."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from typing import Final

import plotly.io as pio
from plotly.offline import get_plotlyjs

from cpticd.report.findings import Findings
from cpticd.report.sections import SECTIONS

TITLE: Final = "Claim denials by diagnosis and procedure"

#: Nothing may be fetched: the browser itself refuses whatever is not in the file.
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


def page(findings: Findings, *, title: str | None = None) -> str:
    """The whole report as HTML text, the same for the same findings."""
    heading = html.escape(title or TITLE)
    links = "".join(f'<li><a href="#{name}">{html.escape(label)}</a></li>' for name, label, _ in SECTIONS)
    body = "\n".join(
        f'<section id="{name}"><h2>{html.escape(label)}</h2>\n{content(findings)}</section>'
        for name, label, content in SECTIONS
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
<body>
<h1>{heading}</h1>
<nav aria-label="Contents"><ul>{links}</ul></nav>
{body}
<script>
{_asset("page.js").replace("__TEMPLATES__", _templates())}</script>
</body>
</html>
"""


def _templates() -> str:
    """Both templates as a script literal."""
    both = {"light": pio.templates["cpticd"], "dark": pio.templates["cpticd_dark"]}
    text = json.dumps({name: template.to_plotly_json() for name, template in both.items()})
    return text.replace("<", "\\u003c")


def _asset(name: str) -> str:
    return (files("cpticd.report") / name).read_text(encoding="utf-8")
