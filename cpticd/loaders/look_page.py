"""How a look at a file is shown: as text, as tables in a notebook, and the call that reads the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.loaders.loader import Options

if TYPE_CHECKING:
    from cpticd.loaders.looks import Look

_STYLE = (
    "<style>.cpticd-look td,.cpticd-look th{text-align:left;vertical-align:top;padding:.15em .7em .15em 0}"
    ".cpticd-look pre{padding:.5em .8em;border-left:3px solid #888;display:inline-block}"
    ".cpticd-look h4{margin:.8em 0 .2em}</style>"
)
#: Characters of a cell that are shown as text.
_WIDEST: Final = 44


def call(path: Path, options: Options, likely: Mapping[str, tuple[str, str]]) -> str:
    """The call that reads a flat file, to paste: what the user said, and columns that are likely something."""
    lines = [f"    {json.dumps(str(path), ensure_ascii=False)},"]
    if options.layout:
        lines.append(f"    layout={_quoted(options.layout)},")
    if options.sheet is not None:
        lines.append(f"    sheet={_quoted(options.sheet)},")
    own: dict[str, Any] = dict(options.rename or {})
    likely = {theirs: said for theirs, said in likely.items() if theirs not in own}
    if own or likely:
        lines.append("    rename={")
        lines += [f"        {_quoted(theirs)}: {_quoted(ours)}," for theirs, ours in own.items()]
        lines += [
            f"        {_quoted(theirs)}: {_quoted(ours)},  # likely, {by}: check"
            for theirs, (ours, by) in likely.items()
        ]
        lines.append("    },")
    if len(lines) == 1:
        return f"claims = cx.read_wide({lines[0].strip().rstrip(',')})"
    return "\n".join(["claims = cx.read_wide(", *lines, ")"])


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def text(found: Look) -> str:
    """The look as text."""
    parts = [_heading(found)]
    if found.reason:
        parts.append(_reason(found))
    if len(found.columns):
        title = "Files" if "file" in found.columns else "Columns"
        shown, empty = _filled(found.columns)
        more = f"\n  and {empty:,} columns without a value" if empty else ""
        parts.append(f"{title}\n{_table(shown)}{more}")
    if len(found.sample):
        parts.append(f"Lines as they would load\n{_table(found.sample)}")
    if len(found.missing):
        rows = [f"  no {row.missing}: {row.impossible}" for row in found.missing.itertuples()]
        parts.append("\n".join(["Missing", *rows]))
    if found.notes:
        parts.append("\n".join(["To know", *(f"  {note}" for note in found.notes)]))
    if found.call:
        indented = "\n".join(f"  {line}" for line in found.call.splitlines())
        parts.append(f"To read it\n{indented}")
    return "\n\n".join(parts)


def _filled(columns: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The columns without those that are neither understood nor filled, where they are many, and how many these are."""
    if "filled" not in columns:
        return columns, 0
    idle = columns["filled"].eq(0) & columns["read_as"].eq("")
    return (columns[~idle], int(idle.sum())) if idle.sum() > 5 else (columns, 0)


def _heading(found: Look) -> str:
    words = f"{found.path.resolve().name}: {found.kind}"
    if found.grain:
        words += f"; {_grain(found)}"
    return words + (f" (looked at {found.sampled})" if found.sampled else "")


def _grain(found: Look) -> str:
    return found.grain if found.grain[:1].isdigit() else f"a row is {found.grain}"


def _reason(found: Look) -> str:
    return found.reason.removeprefix(f"{found.path}: ").removeprefix(f"{found.path.name}: ")


def _table(frame: pd.DataFrame) -> str:
    """A frame as text, every column as wide as what it holds."""
    shown = _shown(frame, _WIDEST)
    cells = [[str(name) for name in shown.columns], *shown.to_numpy(dtype=object).tolist()]
    widths = [max(len(row[place]) for row in cells) for place in range(len(frame.columns))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _shown(frame: pd.DataFrame, widest: int) -> pd.DataFrame:
    """The cells of a frame as text, shares in percent and dollars with their cents."""
    return pd.DataFrame(
        {
            name.replace("read_as", "read as"): [_cell(name, value, widest) for value in frame[name]]
            for name in frame.columns
        },
        dtype=object,
    )


def _cell(name: str, value: Any, widest: int) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if name == "filled":
        return f"{value:.0%}"
    if name.endswith("_amount") and not isinstance(value, str):
        return f"{value:,.2f}"
    shown = str(value).removesuffix(" 00:00:00").removesuffix(".0" if isinstance(value, float) else "\0")
    return shown if len(shown) <= widest else shown[: widest - 1] + "…"


def html(found: Look) -> str:
    """The look as tables, for a notebook."""
    parts = [f"<b>{escape(_heading(found))}</b>"]
    if found.reason:
        parts.append(f"<p>{escape(_reason(found))}</p>")
    if found.call:
        parts.append(f"<h4>To read it</h4><pre>{escape(found.call)}</pre>")
    for title, frame in (
        ("Columns", _filled(found.columns)[0]),
        ("Lines as they would load", found.sample),
        ("Missing", found.missing),
    ):
        if len(frame):
            shown = _shown(frame, 2 * _WIDEST)
            parts.append(f"<h4>{title}</h4>{shown.to_html(index=False, border=0, escape=True)}")
    if found.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
        parts.append(f"<h4>To know</h4><ul>{items}</ul>")
    return f"{_STYLE}<div class='cpticd-look'>{''.join(parts)}</div>"
