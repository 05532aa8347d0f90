"""Two charts of the first screen, drawn as tables with bars: read by eyes, by screen readers and on paper alike."""

from __future__ import annotations

import html
from typing import Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts.driver_charts import driver
from cpticd.core.maturity import MATURITY_DAYS
from cpticd.reporting.blocks import note
from cpticd.reporting.drivers_section import no_driver
from cpticd.reporting.findings import Findings

#: Rows of a chart that a first screen has room for.
ROWS: Final = 6
#: What may become of a denial, in the order of the bars, each with its color.
BECAME: Final = {
    "paid": "good",
    "paid in part": "good",
    "open": "work",
    "taken back or undecided": "other",
    "denied for good": "lost",
}
#: What a state means where its name would be taken for another: much of what is old is on the worklist too.
MEANT: Final = {
    "open": f"denied within {MATURITY_DAYS} days",
    "denied for good": f"for over {MATURITY_DAYS} days; some can be won",
}


def driver_bars(findings: Findings) -> str:
    """The dearest drivers: denied dollars beyond the expected, with their interval."""
    head, rows = "Where denials come from", findings.get("drivers")
    if rows.empty or "level" not in rows.columns:
        why = no_driver(findings) or findings.reason("drivers", "No adjudicated lines.")
        return _figure(head, "", note(why))
    column = "excess_amount" if bool((rows["excess_amount"] > 0).any()) else "excess_denials"
    known = rows.dropna(subset=[column, "excess_denials", "excess_low", "excess_high"])
    known = known.sort_values(column, ascending=False, kind="stable").head(ROWS)
    if known.empty:
        return _figure(head, "", note("Every driver is of too few persons to be shown."))
    write = fmt.dollars if column == "excess_amount" else fmt.count
    each = known[column] / known["excess_denials"].where(known["excess_denials"] != 0, 1)
    low, high = known["excess_low"] * each, known["excess_high"] * each
    most = float(max(high.max(), known[column].max())) or 1.0
    made = []
    for row, begin, end in zip(known.to_dict("records"), low, high, strict=True):
        since = fmt.month(row["since"])
        when = _also("" if since == fmt.MISSING else f"since {since}")
        made.append(
            f'<tr><th scope="row">{html.escape(driver(row))}{when}</th>'
            f"<td>{_bar(row[column] / most, 'lost', (begin / most, end / most))}</td>"
            f'<td class="number">{write(row[column])}</td>'
            f'<td class="number also">{fmt.span(write, begin, end)}</td></tr>'
        )
    unit = "charges" if column == "excess_amount" else "lines"
    return _figure(head, f"Denied {unit} beyond the expected, each effect once; 95 % interval",
                   _table(("source", "", f"{unit}", "interval"), made))  # fmt: skip


def became_bars(findings: Findings) -> str:
    """What became of first denials, in denied dollars, from what may be shown of them."""
    head, rows = "What became of first denials", findings.get("flow")
    if rows.empty or rows["denied_amount"].isna().all():
        why = "No line was denied." if rows.empty else "Every state is of too few persons to be shown."
        return _figure(head, "", note(findings.reason("flow", why)))
    sums = rows.groupby("became")[["lines", "denied_amount"]].sum(min_count=1)
    sums = sums.reindex([name for name in BECAME if name in sums.index])
    total = float(sums["denied_amount"].sum())
    made = []
    for name, row in sums[sums["denied_amount"].fillna(0) > 0].iterrows():
        share = float(row["denied_amount"]) / total
        made.append(
            f'<tr><th scope="row">{html.escape(str(name))}{_also(MEANT.get(str(name), ""))}</th>'
            f"<td>{_bar(share, BECAME[str(name)])}</td>"
            f'<td class="number">{fmt.dollars(row["denied_amount"])}</td>'
            f'<td class="number also">{fmt.percent(share)} · {fmt.count(row["lines"])} lines</td></tr>'
        )
    return _figure(
        head, _of_what(findings, rows, total), _table(("state", "", "charges", "share, lines"), made)
    )


def _also(words: str) -> str:
    """Smaller words behind a label."""
    return f' <span class="also">{html.escape(words)}</span>' if words else ""


def _of_what(findings: Findings, rows: pd.DataFrame, total: float) -> str:
    """How much of the denied dollars the bars hold: some of it is of too few persons to be shown."""
    hidden = int(rows["denied_amount"].isna().sum())
    text = "Denied charges by the latest state"
    if not hidden:
        return text
    every = findings.get("charge")
    amount = (
        float(every["denied_amount"].iloc[0]) if len(every) and every["denied_amount"].notna().all() else 0.0
    )
    part = f"{fmt.percent(min(1.0, total / amount))} of them; " if amount else ""
    return f"{text}: {part}the rest is of causes with too few persons to be shown"


def _bar(share: float, kind: str, ends: tuple[float, float] | None = None) -> str:
    """A bar as long as a share, and a line for its interval; what it says stands beside it in words."""
    width = f"{100 * max(0.0, min(1.0, share)):.1f}"
    line = ""
    if ends is not None:
        begin, end = (100 * max(0.0, min(1.0, each)) for each in ends)
        line = f'<line x1="{begin:.1f}%" x2="{end:.1f}%" y1="50%" y2="50%"/>'
    return (
        '<svg class="bar" width="100%" height="14" aria-hidden="true" focusable="false">'
        f'<rect class="{kind}" x="0" y="2" height="10" width="{width}%"/>{line}</svg>'
    )


def _table(headings: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in headings)
    return f'<table class="ranked"><thead class="unseen"><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _figure(heading: str, subtitle: str, content: str) -> str:
    below = f'<span class="also">{html.escape(subtitle)}</span>' if subtitle else ""
    return f"<figure><figcaption>{html.escape(heading)}{below}</figcaption>{content}</figure>"
